/** Colours and shapes. Every pair of text and ground has at least the 4.5:1 that WCAG 2.2 AA asks for. */
import { Alert, CloseButton, type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const track: MantineColorsTuple = [
  '#eef0ff',
  '#dadefc',
  '#b3b9f5',
  '#8a92ee',
  '#676fe8',
  '#5159e4',
  '#454ee3',
  '#3b3fd8',
  '#2f33b4',
  '#262a92',
];

/** What is dark is as blue as the app's own grounds below. */
const dark: MantineColorsTuple = [
  '#dfe3ea',
  '#b8bec9',
  '#949cab',
  '#6b7382',
  '#414856',
  '#2f343e',
  '#252932',
  '#16181d',
  '#111317',
  '#0b0c0f',
];

export const theme = createTheme({
  primaryColor: 'track',
  primaryShade: { light: 7, dark: 7 },
  colors: { track, dark },
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace',
  headings: { fontWeight: '650' },
  cursorType: 'pointer',
  autoContrast: true,
  luminanceThreshold: 0.35,
  respectReducedMotion: true,
  components: {
    // The cross of dialogs and messages has no words of its own.
    CloseButton: CloseButton.extend({ defaultProps: { ...({ 'aria-label': 'Close' } as object) } }),
    // Its icon and ground say which kind of message it is; in that colour too few of its titles could be read.
    Alert: Alert.extend({ styles: { label: { color: 'var(--mantine-color-text)' } } }),
  },
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5b6270',
    '--mantine-color-placeholder': '#69707d',
    '--mantine-color-error': '#c01f1f',
    '--mantine-color-anchor': '#3b3fd8',
    '--app-ground': '#f6f7f9',
    '--app-card': '#ffffff',
    '--app-line': '#dfe2e8',
    '--app-line-strong': '#b9bfca',
    '--app-sunken': '#eceef2',
    '--app-stripe': '#e0e3e9',
    '--app-chip': '#e9ecf2',
    '--app-chip-text': '#3d4452',
    '--app-critical': '#c01f1f',
    '--app-high': '#b45309',
    '--app-low': '#4b6bb5',
  },
  dark: {
    '--mantine-color-dimmed': '#a3abb8',
    '--mantine-color-placeholder': '#949cab',
    '--mantine-color-error': '#ff9090',
    '--mantine-color-anchor': '#a9b0ff',
    '--mantine-color-yellow-light': '#3a3015',
    '--app-ground': '#111317',
    '--app-card': '#1c1f26',
    '--app-line': '#2e333d',
    '--app-line-strong': '#4a5160',
    '--app-sunken': '#16191f',
    '--app-stripe': '#20242c',
    '--app-chip': '#2b303a',
    '--app-chip-text': '#c5cbd6',
    '--app-critical': '#ff9090',
    '--app-high': '#f5b35c',
    '--app-low': '#93b0ee',
  },
});

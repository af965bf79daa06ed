/**
 * Keys that do something without a modifier: `c`, or one after the other, `g h`. Pages add theirs with
 * {@link useShortcuts} while they are shown. They do nothing while one types or a dialog is open, and can be turned off
 * (WCAG 2.1.4).
 */
import { useEffect, useRef, useSyncExternalStore } from 'react';

export interface Shortcut {
  /** One key (`c`, `?`, `Enter`), or two with a space between that are pressed one after the other (`g h`). */
  keys: string;
  /** What it does, for the list of all. */
  label: string;
  /** Under what it stands there: `Everywhere`, `Lists`, `Board`. */
  group: string;
  run: (event: KeyboardEvent) => void;
}

const OFF = 'trackside.shortcuts';
const FIRST_KEY_LASTS = 1500;

let active: Shortcut[] = [];
const listeners = new Set<() => void>();

const tell = () => {
  for (const listener of listeners) listener();
};

const listen = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

const isOn = () => localStorage.getItem(OFF) !== 'off';

export function turnShortcuts(on: boolean) {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, 'off');
  tell();
}

export const useShortcutsOn = () => useSyncExternalStore(listen, isOn);

/** All that can be pressed now. */
export const useAllShortcuts = () => useSyncExternalStore(listen, () => active);

/** These keys work while the component is shown. What is added later comes first. */
export function useShortcuts(shortcuts: Shortcut[]) {
  const newest = useRef(shortcuts);
  newest.current = shortcuts;
  const names = shortcuts.map(({ keys }) => keys).join('|');
  // biome-ignore lint/correctness/useExhaustiveDependencies: only other keys are other shortcuts; what they do is read when they are pressed.
  useEffect(() => {
    const mine = newest.current.map(
      (one, at): Shortcut => ({ ...one, run: (event) => newest.current[at]?.run(event) }),
    );
    active = [...mine, ...active];
    tell();
    return () => {
      active = active.filter((one) => !mine.includes(one));
      tell();
    };
  }, [names]);
}

const TYPING =
  'input, textarea, select, [contenteditable=""], [contenteditable="true"], [role="dialog"], [role="menu"]';
/** These already mean something on what one can press. */
const PRESSED = 'a, button, [role="button"], [role="option"]';

let first: string | undefined;
let forget: ReturnType<typeof setTimeout> | undefined;

function onKeyDown(event: KeyboardEvent) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest(TYPING) || !isOn()) return;
  if ((event.key === 'Enter' || event.key === ' ') && target.closest(PRESSED)) return;
  const pressed = first ? `${first} ${event.key}` : event.key;
  clearTimeout(forget);
  first = undefined;
  const found = active.find(({ keys }) => keys === pressed);
  if (found) {
    event.preventDefault();
    found.run(event);
  } else if (active.some(({ keys }) => keys.startsWith(`${event.key} `))) {
    first = event.key;
    forget = setTimeout(() => {
      first = undefined;
    }, FIRST_KEY_LASTS);
  }
}

/** Begins to listen; the answer ends it. */
export function beginShortcuts() {
  window.addEventListener('keydown', onKeyDown);
  return () => window.removeEventListener('keydown', onKeyDown);
}

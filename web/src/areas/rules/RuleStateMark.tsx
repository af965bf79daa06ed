import { Badge } from '@mantine/core';
import type { RuleState } from '~/api/schema';
import { STATE_WORDS } from './words';

/** How a rule stands: a colour and a word. */
export function RuleStateMark({ state }: { state: RuleState }) {
  const { label, color } = STATE_WORDS[state];
  return (
    <Badge
      variant="default"
      tt="none"
      fw={500}
      title={STATE_WORDS[state].says}
      leftSection={<Dot color={color} />}
      style={{ flexShrink: 0 }}
    >
      {label}
    </Badge>
  );
}

/** A dot of colour beside the word that says the same. */
export function Dot({ color }: { color: string }) {
  return (
    <span
      aria-hidden
      style={{
        display: 'inline-block',
        inlineSize: 8,
        blockSize: 8,
        borderRadius: 4,
        background: `var(--mantine-color-${color}-6)`,
      }}
    />
  );
}

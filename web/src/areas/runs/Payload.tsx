import { ActionIcon, CopyButton, Group, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import classes from './runs.module.css';

const isSimple = (value: unknown) => value === null || typeof value !== 'object';

/** What a step was given or answered: its fields, as they are read best, and a way to copy all of it. */
export function Payload({ label, value }: { label: string; value: unknown }) {
  if (value === undefined || value === null) return null;
  const text = JSON.stringify(value, null, 2);
  const fields = !isSimple(value) && !Array.isArray(value) ? Object.entries(value as object) : undefined;
  if (fields?.length === 0) return null;
  const plain = fields && fields.length <= 8 && fields.every(([, inner]) => isSimple(inner));
  return (
    <section aria-label={label}>
      <Group justify="space-between" mb={4}>
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy as JSON'}>
              <ActionIcon variant="subtle" color="gray" size={26} onClick={copy} aria-label={`Copy: ${label}`}>
                {copied ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </Group>
      {plain ? (
        <dl className={classes.facts}>
          {fields.map(([name, inner]) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd style={{ whiteSpace: 'pre-wrap' }}>{inner === null ? '—' : String(inner)}</dd>
            </div>
          ))}
        </dl>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
        <pre className={classes.payload} tabIndex={0}>
          {typeof value === 'string' ? value : text}
        </pre>
      )}
    </section>
  );
}

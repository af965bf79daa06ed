import { Button, Group, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import classes from './settings.module.css';

interface Props {
  value: string;
  /** What the name is of, for those who do not see where it stands. */
  label: string;
  maxLength?: number;
  rename: (to: string) => Promise<unknown>;
}

/** A name that can be written over; what is new is kept by Enter or the button that appears. */
export function Renamed({ value, label, maxLength = 100, rename }: Props) {
  const [text, setText] = useState(value);
  const [busy, setBusy] = useState(false);
  useEffect(() => setText(value), [value]);
  const changed = text.trim() !== value && text.trim() !== '';
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!changed) return;
    setBusy(true);
    // Whoever renames shows why it was refused.
    await rename(text.trim()).catch(() => setText(value));
    setBusy(false);
  };
  return (
    <form onSubmit={submit} className={classes.grow}>
      <Group gap="xs" wrap="nowrap">
        <TextInput
          aria-label={label}
          size="xs"
          maxLength={maxLength}
          style={{ flex: 1 }}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Escape' && setText(value)}
        />
        {changed && (
          <Button type="submit" size="xs" loading={busy}>
            Rename
          </Button>
        )}
      </Group>
    </form>
  );
}

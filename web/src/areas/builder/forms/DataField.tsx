/** A value of any shape, written as YAML. What cannot be read is not taken over until it can. */
import { Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { parse, stringify } from 'yaml';
import { type Path, same } from '../model/path';
import { SmartField } from './SmartField';

interface Props {
  label: string;
  description?: string;
  required?: boolean;
  path: Path;
  value: unknown;
  onChange(value: unknown): void;
}

const written = (value: unknown) => (value === undefined ? '' : stringify(value, { lineWidth: 0 }).trimEnd());

function read(text: string): { value?: unknown; wrong?: string } {
  if (text.trim() === '') return { value: undefined };
  // A template alone is a text, though YAML would take its braces for an object.
  if (/^\s*\{\{[\s\S]*\}\}\s*$/.test(text)) return { value: text.trim() };
  try {
    return { value: parse(text) as unknown };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message.split('\n')[0] : String(error) };
  }
}

export function DataField({ value, onChange, ...common }: Props) {
  const [text, setText] = useState(() => written(value));
  const last = useRef(value);
  useEffect(() => {
    if (same(last.current, value)) return;
    last.current = value;
    setText(written(value));
  }, [value]);
  const { wrong } = read(text);
  return (
    <div>
      <SmartField
        {...common}
        mode="template"
        multiline
        value={text}
        placeholder="name: value"
        quiet
        onChange={(next) => {
          setText(next);
          const { value: typed, wrong: unread } = read(next);
          if (unread) return;
          last.current = typed;
          onChange(typed);
        }}
      />
      {wrong && (
        <Text size="sm" c="var(--mantine-color-error)" role="status">
          {wrong}
        </Text>
      )}
    </div>
  );
}

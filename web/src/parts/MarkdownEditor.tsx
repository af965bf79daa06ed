/** Markdown to be written: as text, with a look at the result, completion of people and dictation. */
import { Button, Combobox, Group, Kbd, SegmentedControl, Stack, Text, Textarea, useCombobox } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useActivePeople } from '~/areas/people/queries';
import { Dictate } from './Dictate';
import { Face } from './Face';
import { Markdown } from './Markdown';

interface Props {
  label: string;
  value: string;
  onChange: (text: string) => void;
  onSave: () => void;
  onCancel?: () => void;
  saveLabel?: string;
  saving?: boolean;
  placeholder?: string;
  minRows?: number;
  autoFocus?: boolean;
  /** Files that are pasted into the text. */
  onFiles?: (files: File[]) => void;
  children?: ReactNode;
}

const MENTION = /(?:^|[\s(])@([\p{L}\p{N}._-]*)$/u;

export function MarkdownEditor({ label, value, onChange, onSave, onCancel, saveLabel = 'Save', ...rest }: Props) {
  const [mode, setMode] = useState('write');
  const area = useRef<HTMLTextAreaElement>(null);
  const { matches, box, look, pick } = useMentions(area, value, onChange);
  const open = matches.length > 0;
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSave();
    }
    if (event.key === 'Escape' && !open) onCancel?.();
  };
  const onPaste = (event: React.ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    if (!rest.onFiles || files.length === 0) return;
    event.preventDefault();
    rest.onFiles(files);
  };
  return (
    <Stack gap="xs">
      {mode === 'write' ? (
        <Combobox store={box} onOptionSubmit={pick} withinPortal>
          <Combobox.EventsTarget withKeyboardNavigation={open} withAriaAttributes={open}>
            <Textarea
              ref={area}
              aria-label={label}
              value={value}
              placeholder={rest.placeholder}
              autosize
              minRows={rest.minRows ?? 3}
              maxRows={24}
              dir="auto"
              data-autofocus={rest.autoFocus || undefined}
              autoFocus={rest.autoFocus}
              data-mantine-stop-propagation="true"
              onChange={(event) => {
                onChange(event.currentTarget.value);
                look();
              }}
              onKeyDown={onKeyDown}
              onPaste={onPaste}
              onBlur={() => box.closeDropdown()}
            />
          </Combobox.EventsTarget>
          <Combobox.Dropdown hidden={!open}>
            <Combobox.Options aria-label="People">
              {matches.map((person) => (
                <Combobox.Option key={person.id} value={person.id}>
                  <Group gap="xs" wrap="nowrap">
                    <Face name={person.name} size={22} />
                    <Text size="sm" truncate>
                      {person.name}
                    </Text>
                    <Text size="xs" c="dimmed" truncate>
                      {person.email}
                    </Text>
                  </Group>
                </Combobox.Option>
              ))}
            </Combobox.Options>
          </Combobox.Dropdown>
        </Combobox>
      ) : (
        <div style={{ minHeight: 76, padding: '8px 12px', border: '1px solid var(--app-line)', borderRadius: 8 }}>
          {value.trim() ? <Markdown>{value}</Markdown> : <Text c="dimmed">Nothing to show yet.</Text>}
        </div>
      )}
      <Group gap="xs" justify="space-between">
        <Group gap={4}>
          <SegmentedControl
            size="xs"
            value={mode}
            onChange={setMode}
            aria-label={`${label}: text or preview`}
            data={[
              { value: 'write', label: 'Text' },
              { value: 'preview', label: 'Preview' },
            ]}
          />
          <Dictate onText={(text) => onChange(value ? `${value.trimEnd()} ${text}` : text)} />
          {rest.children}
        </Group>
        <Group gap="xs">
          <Text size="xs" c="dimmed" visibleFrom="sm">
            <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">Enter</Kbd>
          </Text>
          {onCancel && (
            <Button size="xs" variant="default" onClick={onCancel}>
              Cancel
            </Button>
          )}
          <Button size="xs" onClick={onSave} loading={rest.saving} disabled={!value.trim() && !onCancel}>
            {saveLabel}
          </Button>
        </Group>
      </Group>
    </Stack>
  );
}

/** The people whose name goes on what stands behind the `@` before the caret. */
function useMentions(
  area: React.RefObject<HTMLTextAreaElement | null>,
  value: string,
  onChange: (text: string) => void,
) {
  const people = useActivePeople();
  const [word, setWord] = useState<string>();
  const box = useCombobox({ onDropdownClose: () => setWord(undefined) });
  const wanted = word?.toLocaleLowerCase();
  const matches =
    wanted === undefined
      ? []
      : people
          .filter(({ name, email }) => [name, email ?? ''].some((text) => text.toLocaleLowerCase().includes(wanted)))
          .slice(0, 6);
  const before = () => value.slice(0, area.current?.selectionStart ?? value.length);
  const look = () => {
    const { value: text = '', selectionStart = 0 } = area.current ?? {};
    const found = MENTION.exec(text.slice(0, selectionStart));
    setWord(found?.[1]);
    if (!found) return box.closeDropdown();
    box.openDropdown();
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first is chosen anew with every letter.
  useEffect(() => {
    if (matches.length > 0) box.selectFirstOption();
  }, [word, matches.length]);
  const pick = (id: string) => {
    const person = people.find((one) => one.id === id);
    const head = before().replace(/@[\p{L}\p{N}._-]*$/u, `@${person?.email ?? id} `);
    onChange(head + value.slice(before().length));
    setWord(undefined);
    box.closeDropdown();
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(head.length, head.length);
    });
  };
  return { matches, box, look, pick };
}

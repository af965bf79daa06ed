/** What an event must say besides its kind: fields and values, from one to another. */
import { ActionIcon, Button, Group, Input, Select, Stack, Text } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useBuilder, useProblemsAt } from '../model/builder';
import { type Path, pointerOf } from '../model/path';
import { type Catalogue, fieldPaths, lookUp, matching, type Variable, variablesAt } from '../model/scope';
import { useActions, useEventKinds } from '../queries';
import { sentenceCase, spaced } from '../words/kinds';
import { pathWords } from '../words/values';
import { FieldProblems } from './FieldProblems';
import { SmartField } from './SmartField';
import { ValueField } from './ValueField';

interface Props {
  path: Path;
  match?: Record<string, unknown> | null;
  /** The kind of the event, or a pattern. */
  on: string;
  /** Whether values may be templates. */
  templates?: boolean;
}

const CHANGES = [
  'status',
  'priority',
  'title',
  'type',
  'due_at',
  'start_at',
  'milestone',
  'sprint',
  'parent',
  'estimate',
  'points',
];

/** The paths that make sense for these kinds, with what they mean. */
function pathsOf(on: string, catalogue: Catalogue): Map<string, { label: string; variable?: Variable }> {
  const variables = variablesAt({ name: '', trigger: { on }, steps: [] }, ['trigger'], catalogue);
  for (const name of ['now', 'actor', 'event', 'run', 'vars']) variables.delete(name);
  const found = new Map<string, { label: string; variable?: Variable }>();
  const change = variables.get('change');
  const turns = change?.schema.properties ?? {};
  for (const turn of ['from', 'to']) {
    if (turns[turn]) found.set(turn, { label: `Changes ${turn}`, variable: lookUp(variables, `change.${turn}`) });
  }
  if (change && !turns.from && on.startsWith('task.')) {
    for (const field of CHANGES)
      for (const turn of ['from', 'to'])
        found.set(`${field}.${turn}`, {
          label: `${sentenceCase(spaced(field))} changes ${turn}`,
          variable: lookUp(variables, `task.${field}`),
        });
  }
  for (const key of ['task', 'project', 'milestone', 'sprint', 'hook'])
    if (variables.has(key)) found.set(key, { label: sentenceCase(key) });
  for (const { path, variable } of fieldPaths(variables))
    if (!path.startsWith('change'))
      found.set(path, { label: sentenceCase((pathWords(path) ?? path).replace(/^the /, '')), variable });
  return found;
}

export function MatchForm({ path, match, on, templates }: Props) {
  const { set, readOnly } = useBuilder();
  const actions = useActions();
  const kinds = useEventKinds();
  const special: Record<string, string> = {
    hook: 'hook.received',
    date: 'task.date_reached',
    manual: 'task.button_pressed',
  };
  const event = special[on] ?? on;
  const paths = pathsOf(event, { actions, kinds });
  const entries = Object.entries(match ?? {});
  if (matching(event, kinds).length === 0 && entries.length === 0) return null;
  const say = (next: [string, unknown][]) => set(path, next.length > 0 ? Object.fromEntries(next) : undefined);
  const free = [...paths.keys()].find((key) => !entries.some(([one]) => one === key)) ?? 'task';
  return (
    <Input.Wrapper label="Only those where" labelElement="div">
      <Stack gap={8} mt={4}>
        {entries.map(([key, value], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the key is what is chosen here.
          <div key={index}>
            <Group gap={4} wrap="nowrap" align="flex-start">
              <Stack gap={4} style={{ flex: 1, minWidth: 0 }}>
                <Select
                  aria-label="Field of the event"
                  size="xs"
                  searchable
                  readOnly={readOnly}
                  allowDeselect={false}
                  data={[...paths]
                    .map(([one, { label }]) => ({ value: one, label }))
                    .concat(paths.has(key) ? [] : [{ value: key, label: key }])}
                  value={key}
                  onChange={(next) =>
                    next && !entries.some(([one]) => one === next) && say(entries.with(index, [next, '']))
                  }
                />
                <MatchValue
                  path={[...path, key]}
                  field={key}
                  variable={paths.get(key)?.variable}
                  value={value}
                  templates={templates}
                  onChange={(next) => say(entries.with(index, [key, next]))}
                />
              </Stack>
              {!readOnly && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  mt={2}
                  aria-label="Remove the line"
                  onClick={() => say(entries.toSpliced(index, 1))}
                >
                  <IconX size={15} aria-hidden />
                </ActionIcon>
              )}
            </Group>
            <Problems pointer={pointerOf([...path, key])} />
          </div>
        ))}
        {entries.length === 0 && (
          <Text size="xs" c="dimmed">
            Nothing more: every such event counts.
          </Text>
        )}
        {!readOnly && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconPlus size={13} aria-hidden />}
            style={{ alignSelf: 'flex-start' }}
            onClick={() => say([...entries, [free, '']])}
          >
            Narrow it down
          </Button>
        )}
      </Stack>
    </Input.Wrapper>
  );
}

function Problems({ pointer }: { pointer: string }) {
  return <FieldProblems problems={useProblemsAt(pointer, true)} />;
}

interface ValueProps {
  path: Path;
  field: string;
  variable?: Variable;
  value: unknown;
  templates?: boolean;
  onChange(value: unknown): void;
}

/** One value, one of several, or anything at all. */
function MatchValue({ path, field, variable, value, templates, onChange }: ValueProps) {
  const { readOnly } = useBuilder();
  const how = value === '*' ? 'anything' : value === null ? 'nothing' : Array.isArray(value) ? 'several' : 'is';
  const turn = (next: string | null) => {
    if (next === 'anything') onChange('*');
    else if (next === 'nothing') onChange(null);
    else if (next === 'several') onChange(value === '*' || value === null || value === '' ? [] : [value]);
    else onChange(Array.isArray(value) ? (value[0] ?? '') : '');
  };
  const text = templates && (!variable || (typeof value === 'string' && value.includes('{{')) || field === 'task');
  return (
    <Group gap={4} wrap="nowrap" align="flex-start">
      <Select
        aria-label="How it must be"
        size="xs"
        w={112}
        style={{ flex: 'none' }}
        readOnly={readOnly}
        allowDeselect={false}
        value={how}
        onChange={turn}
        data={[
          { value: 'is', label: 'is' },
          { value: 'several', label: 'is one of' },
          { value: 'anything', label: 'is anything' },
          { value: 'nothing', label: 'is nothing' },
        ]}
      />
      {(how === 'is' || how === 'several') && (
        <div style={{ flex: 1, minWidth: 0 }}>
          {text && how === 'is' ? (
            <SmartField
              label="Value"
              hideLabel
              mode="template"
              path={path}
              value={String(value ?? '')}
              onChange={onChange}
              quiet
            />
          ) : (
            <ValueField
              label="Value"
              field={field}
              variable={variable}
              many={how === 'several'}
              value={value}
              onChange={onChange}
            />
          )}
        </div>
      )}
    </Group>
  );
}

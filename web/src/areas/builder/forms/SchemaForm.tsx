/** The inputs of an action, by its schema: what is needed, what is given, and the rest to add. */
import { Button, Menu, Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import type { ActionInfo } from '~/api/schema';
import { useBuilder } from '../model/builder';
import type { Path } from '../model/path';
import { resolved, type Schema } from '../model/schema';
import { sentenceCase, spaced } from '../words/kinds';
import { SchemaField } from './SchemaField';

/** Inputs that are no must, and without which an action makes little sense. */
const SHOWN: Record<string, string[]> = {
  'slack.post_message': ['channel', 'text'],
  'task.assign': ['to'],
  'task.create': ['description', 'priority', 'assignees', 'due_at'],
  'task.list': ['filter', 'limit'],
  'time.log': ['minutes'],
  'absence.create': ['user', 'to'],
  'access.assign': ['user', 'role'],
};

export function SchemaForm({
  action,
  path,
  given,
}: {
  action: ActionInfo;
  path: Path;
  given: Record<string, unknown>;
}) {
  const { set, readOnly } = useBuilder();
  const schema = action.input as Schema;
  const defs = schema.$defs ?? {};
  const required = schema.required ?? [];
  const [opened, setOpened] = useState<string[]>([]);
  const all = Object.keys(schema.properties ?? {});
  const usual = SHOWN[action.name] ?? [];
  // What the schema does not know stays, and says that it is wrong.
  const unknown = Object.keys(given).filter((key) => !all.includes(key));
  const shown = [
    ...all.filter((key) => required.includes(key) || usual.includes(key) || key in given || opened.includes(key)),
    ...unknown,
  ];
  const rest = all.filter((key) => !shown.includes(key));
  return (
    <Stack gap="sm">
      {shown.map((key) => (
        <SchemaField
          key={key}
          name={key}
          schema={schema.properties?.[key] ?? {}}
          defs={defs}
          path={[...path, key]}
          value={given[key]}
          required={required.includes(key)}
          onChange={(value) => set([...path, key], value)}
          onRemove={
            required.includes(key)
              ? undefined
              : () => {
                  set([...path, key], undefined);
                  setOpened((old) => old.filter((one) => one !== key));
                }
          }
          action={action.name}
        />
      ))}
      {shown.length === 0 && (
        <Text size="sm" c="dimmed">
          It needs nothing more.
        </Text>
      )}
      {!readOnly && rest.length > 0 && (
        <Menu position="bottom-start" width={300}>
          <Menu.Target>
            <Button
              variant="default"
              size="xs"
              leftSection={<IconPlus size={14} aria-hidden />}
              style={{ alignSelf: 'flex-start' }}
            >
              Add a field
            </Button>
          </Menu.Target>
          <Menu.Dropdown mah={320} style={{ overflow: 'auto' }}>
            {rest.map((key) => (
              <Menu.Item key={key} onClick={() => setOpened((old) => [...old, key])}>
                {sentenceCase(spaced(key))}
                <Text size="xs" c="dimmed" lineClamp={2}>
                  {resolved(schema.properties?.[key], defs).description?.replaceAll('`', '')}
                </Text>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </Stack>
  );
}

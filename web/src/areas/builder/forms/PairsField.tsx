/** Names with values: headers, the query of an address. */
import { ActionIcon, Button, Group, Input, Stack, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { Path } from '../model/path';
import { SmartField } from './SmartField';

interface Props {
  label: string;
  description?: string;
  required?: boolean;
  readOnly: boolean;
  path: Path;
  value: unknown;
  onChange(value: unknown): void;
}

export function PairsField({ label, description, required, readOnly, path, value, onChange }: Props) {
  const pairs = Object.entries((value as Record<string, unknown> | null) ?? {});
  const say = (next: [string, unknown][]) => onChange(Object.fromEntries(next));
  return (
    <Input.Wrapper label={label} description={description} withAsterisk={required} labelElement="div">
      <Stack gap={6} mt={4}>
        {pairs.map(([name, one], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a name changes as it is typed.
          <Group key={index} gap={4} wrap="nowrap" align="flex-start">
            <TextInput
              aria-label={`${label}: name ${index + 1}`}
              value={name}
              readOnly={readOnly}
              w={120}
              onChange={(event) => say(pairs.with(index, [event.currentTarget.value, one]))}
            />
            <div style={{ flex: 1, minWidth: 0 }}>
              <SmartField
                label={`${label}: ${name || 'value'}`}
                hideLabel
                mode="template"
                path={[...path, name]}
                value={String(one ?? '')}
                onChange={(text) => say(pairs.with(index, [name, text]))}
              />
            </div>
            {!readOnly && (
              <ActionIcon
                variant="subtle"
                color="gray"
                mt={4}
                aria-label={`Remove ${name || 'the pair'}`}
                onClick={() => say(pairs.toSpliced(index, 1))}
              >
                <IconX size={15} aria-hidden />
              </ActionIcon>
            )}
          </Group>
        ))}
        {!readOnly && (
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => say([...pairs, [pairs.some(([name]) => name === '') ? `name${pairs.length}` : '', '']])}
            style={{ alignSelf: 'flex-start' }}
          >
            Add
          </Button>
        )}
      </Stack>
    </Input.Wrapper>
  );
}

/** A rule that people start: as a button on tasks or by itself, and what it asks them. */
import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  Select,
  Stack,
  Switch,
  TagsInput,
  TextInput,
  Input as Wrapper,
} from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { Input, Trigger } from '~/api/schema';
import { useBuilder } from '../model/builder';
import classes from './forms.module.css';

const TYPES: { value: Input['type']; label: string }[] = [
  { value: 'string', label: 'Text' },
  { value: 'integer', label: 'Whole number' },
  { value: 'number', label: 'Number' },
  { value: 'boolean', label: 'Yes or no' },
  { value: 'date', label: 'Date' },
  { value: 'datetime', label: 'Date and time' },
  { value: 'choice', label: 'Choice' },
  { value: 'user', label: 'Person' },
  { value: 'task', label: 'Task' },
  { value: 'project', label: 'Project' },
];

export function ManualForm({ trigger }: { trigger: Trigger }) {
  const { set, change, readOnly } = useBuilder();
  const form = Object.entries(trigger.form ?? {});
  const say = (next: [string, Input][]) =>
    set(['trigger', 'form'], next.length > 0 ? Object.fromEntries(next) : undefined);
  return (
    <>
      <Switch
        label="It is a button on tasks"
        disabled={readOnly}
        checked={trigger.subject === 'task'}
        onChange={(event) => {
          const { checked } = event.currentTarget;
          change((old) => {
            const { subject, label, match, ...rest } = old.trigger;
            return { ...old, trigger: checked ? { ...rest, subject: 'task' } : rest };
          });
        }}
      />
      {trigger.subject === 'task' && (
        <TextInput
          label="What the button says"
          description="The rule’s name when left out."
          readOnly={readOnly}
          value={trigger.label ?? ''}
          onChange={(event) => set(['trigger', 'label'], event.currentTarget.value || undefined)}
        />
      )}
      <Wrapper.Wrapper label="What it asks" description="Steps see the answers as inputs.name." labelElement="div">
        <Stack gap="xs" mt={6}>
          {form.map(([key, input], index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a name changes as it is typed.
            <div key={index} className={classes.group}>
              <Question
                name={key}
                input={input}
                onName={(name) => say(form.with(index, [name, input]))}
                onInput={(next) => say(form.with(index, [key, next]))}
                onRemove={() => say(form.toSpliced(index, 1))}
              />
            </div>
          ))}
          {!readOnly && (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconPlus size={13} aria-hidden />}
              style={{ alignSelf: 'flex-start' }}
              onClick={() => say([...form, [fresh(form.map(([key]) => key)), { type: 'string' }]])}
            >
              Ask something
            </Button>
          )}
        </Stack>
      </Wrapper.Wrapper>
    </>
  );
}

function fresh(taken: string[]): string {
  for (let turn = 1; ; turn++) if (!taken.includes(`answer${turn}`)) return `answer${turn}`;
}

interface QuestionProps {
  name: string;
  input: Input;
  onName(name: string): void;
  onInput(input: Input): void;
  onRemove(): void;
}

function Question({ name, input, onName, onInput, onRemove }: QuestionProps) {
  const { readOnly } = useBuilder();
  return (
    <Stack gap={6}>
      <Group gap={4} wrap="nowrap" align="flex-end">
        <TextInput
          label="Name"
          size="xs"
          style={{ flex: 1 }}
          readOnly={readOnly}
          value={name}
          onChange={(event) => onName(event.currentTarget.value.replace(/\W/g, '_'))}
        />
        <Select
          label="Answer"
          size="xs"
          w={130}
          readOnly={readOnly}
          allowDeselect={false}
          data={TYPES}
          value={input.type}
          onChange={(next) => next && onInput({ ...input, type: next as Input['type'] })}
        />
        {!readOnly && (
          <ActionIcon variant="subtle" color="gray" aria-label={`Do not ask ${name}`} onClick={onRemove}>
            <IconX size={15} aria-hidden />
          </ActionIcon>
        )}
      </Group>
      <TextInput
        label="What people read"
        size="xs"
        readOnly={readOnly}
        value={input.label ?? ''}
        onChange={(event) => {
          const { label: _label, ...rest } = input;
          onInput(event.currentTarget.value ? { ...input, label: event.currentTarget.value } : rest);
        }}
      />
      {input.type === 'choice' && (
        <TagsInput
          label="Answers to choose from"
          size="xs"
          readOnly={readOnly}
          value={input.options ?? []}
          onChange={(options) => onInput({ ...input, options })}
        />
      )}
      <Checkbox
        label="Must be answered"
        size="xs"
        disabled={readOnly}
        checked={input.required ?? false}
        onChange={(event) => {
          const { required: _required, ...rest } = input;
          onInput(event.currentTarget.checked ? { ...input, required: true } : rest);
        }}
      />
    </Stack>
  );
}

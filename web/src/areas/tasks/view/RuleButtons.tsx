/** Rules that are started on a task by hand: a button each, with what the rule asks for first. */
import { Button, Group, Modal, NumberInput, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { DatePickerInput } from '@mantine/dates';
import { IconBolt } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, ask } from '~/api/client';
import type { Input, Button as RuleButton, Task } from '~/api/schema';
import { useActivePeople } from '~/areas/people/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { buttonsQuery } from '../details';
import { TaskPicker } from '../fields/TaskPicker';
import { MomentPicker } from '../fields/When';

export function RuleButtons({ task }: { task: Task }) {
  const { data: buttons = [] } = useQuery(buttonsQuery(task.id));
  const [asked, setAsked] = useState<RuleButton>();
  const { run } = useRun(task);
  if (buttons.length === 0) return null;
  return (
    <Group gap="xs" role="group" aria-label="Rules to run">
      {buttons.map((button) => (
        <Button
          key={button.rule}
          size="xs"
          variant="light"
          leftSection={<IconBolt size={14} />}
          loading={run.isPending && run.variables?.button.rule === button.rule}
          onClick={() =>
            Object.keys(button.form ?? {}).length > 0 ? setAsked(button) : run.mutate({ button, inputs: {} })
          }
        >
          {button.label}
          {button.shadow && ' (trial)'}
        </Button>
      ))}
      {asked && <Form key={asked.rule} task={task} button={asked} close={() => setAsked(undefined)} />}
    </Group>
  );
}

function useRun(task: Task, quiet = false) {
  const run = useMutation({
    meta: { quiet },
    mutationFn: ({ button, inputs }: { button: RuleButton; inputs: Record<string, unknown> }) =>
      ask(
        api.POST('/api/v1/rules/{id}/run', { params: { path: { id: button.rule } }, body: { inputs, task: task.id } }),
      ),
    onSuccess: (_run, { button }) =>
      say(button.shadow ? 'It only notes what it would do.' : 'It is running.', button.label),
  });
  return { run };
}

function Form({ task, button, close }: { task: Task; button: RuleButton; close: () => void }) {
  const { run } = useRun(task, true);
  const entries = Object.entries(button.form ?? {});
  const [inputs, setInputs] = useState<Record<string, unknown>>(() =>
    Object.fromEntries(entries.flatMap(([name, { default: value }]) => (value == null ? [] : [[name, value]]))),
  );
  const errors =
    run.error && 'byField' in run.error ? (run.error as { byField(): Record<string, string> }).byField() : {};
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run.mutate({ button, inputs }, { onSuccess: close });
  };
  return (
    <Modal opened onClose={close} title={button.label} centered closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit}>
        <Stack>
          {entries.map(([name, input]) => (
            <Question
              key={name}
              name={name}
              input={input}
              value={inputs[name]}
              error={errors[`inputs.${name}`]}
              project={task.project}
              onChange={(value) => setInputs((all) => ({ ...all, [name]: value === null ? undefined : value }))}
            />
          ))}
          <ProblemAlert error={run.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={run.isPending}>
              Run
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Question({
  name,
  input,
  value,
  error,
  onChange,
}: {
  name: string;
  input: Input;
  value: unknown;
  error?: string;
  project: string;
  onChange: (value: unknown) => void;
}) {
  const people = useActivePeople();
  const { data: projects = [] } = useQuery({ ...projectsQuery, enabled: input.type === 'project' });
  const common = {
    label: input.label ?? name,
    description: input.description,
    required: input.required,
    error,
  };
  const text = value == null ? '' : String(value);
  switch (input.type) {
    case 'integer':
    case 'number':
      return (
        <NumberInput
          {...common}
          allowDecimal={input.type === 'number'}
          value={text}
          onChange={(next) => onChange(next === '' ? null : Number(next))}
        />
      );
    case 'boolean':
      return (
        <Switch {...common} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
      );
    case 'date':
      return <DatePickerInput {...common} clearable value={text || null} onChange={onChange} />;
    case 'datetime':
      return <MomentPicker {...common} value={text || null} onChange={onChange} />;
    case 'choice':
      return <Select {...common} data={input.options ?? []} value={text || null} onChange={onChange} />;
    case 'user':
      return (
        <Select
          {...common}
          searchable
          data={people.map((one) => ({ value: one.id, label: one.name }))}
          value={text || null}
          onChange={onChange}
        />
      );
    case 'project':
      return (
        <Select
          {...common}
          searchable
          data={projects.map((one) => ({ value: one.id, label: one.name }))}
          value={text || null}
          onChange={onChange}
        />
      );
    case 'task':
      return (
        <Stack gap={2}>
          <TaskPicker {...common} onPick={(task) => onChange(task?.id ?? null)} />
          {text && <Text size="xs">Chosen</Text>}
        </Stack>
      );
    default:
      return <TextInput {...common} value={text} onChange={(event) => onChange(event.currentTarget.value || null)} />;
  }
}

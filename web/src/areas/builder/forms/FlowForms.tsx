/** The editors of steps that decide which way a run goes. */
import {
  ActionIcon,
  Button,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { Step } from '~/api/schema';
import { useBuilder } from '../model/builder';
import { type Path, put } from '../model/path';
import classes from './forms.module.css';
import { PairsField } from './PairsField';
import { SmartField } from './SmartField';

interface Props {
  step: Step;
  path: Path;
}

type Editor = ComponentType<{ label: string; path: Path; value: string }>;

export function BranchForm({ step, path, Editor }: Props & { Editor: Editor }) {
  const { set, change, readOnly } = useBuilder();
  const more = step.else_if ?? [];
  return (
    <Stack gap="md">
      <div>
        <Text size="sm" fw={600} mb={4}>
          If this holds, go the way “Yes”
        </Text>
        <Editor label="Condition" path={[...path, 'if']} value={step.if ?? ''} />
      </div>
      {more.map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a further condition has no name of its own.
        <div key={index}>
          <Group justify="space-between" mb={4}>
            <Text size="sm" fw={600}>
              Or if
            </Text>
            {!readOnly && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove way ${index + 2}`}
                onClick={() => set([...path, 'else_if'], more.length === 1 ? undefined : more.toSpliced(index, 1))}
              >
                <IconTrash size={15} aria-hidden />
              </ActionIcon>
            )}
          </Group>
          <Editor label={`Condition ${index + 2}`} path={[...path, 'else_if', index, 'if']} value={one.if ?? ''} />
        </div>
      ))}
      {!readOnly && (
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} aria-hidden />}
          style={{ alignSelf: 'flex-start' }}
          onClick={() => change((old) => put(old, [...path, 'else_if'], [...more, { if: '', then: [] }]))}
        >
          Add another way
        </Button>
      )}
    </Stack>
  );
}

const SOURCES = /^\s*(subtasks|tasks)\b(?:\s+where\s+([\s\S]*))?$/;

export function LoopForm({ step, path }: Props) {
  const { set, readOnly } = useBuilder();
  const source = step.for_each ?? '';
  const [, what, where] = SOURCES.exec(source) ?? [];
  const say = (next: string) => set([...path, 'for_each'], next);
  return (
    <Stack gap="sm">
      <Select
        label="Go over"
        readOnly={readOnly}
        allowDeselect={false}
        value={what ?? 'list'}
        data={[
          { value: 'subtasks', label: 'The task’s subtasks' },
          { value: 'tasks', label: 'The project’s tasks' },
          { value: 'list', label: 'A list of the event, or of a step before' },
        ]}
        onChange={(next) => say(next === 'list' ? '' : where ? `${next} where ${where}` : (next ?? ''))}
      />
      {what ? (
        <SmartField
          label="Only those where"
          description="An expression about each task: status != 'completed'."
          mode="expression"
          path={[...path, 'for_each']}
          value={where ?? ''}
          onChange={(next) => say(next.trim() ? `${what} where ${next}` : what)}
        />
      ) : (
        <SmartField
          label="The list"
          description="An expression that gives a list: body.items."
          mode="expression"
          path={[...path, 'for_each']}
          value={source}
          onChange={say}
        />
      )}
      <TextInput
        label="What one of them is called"
        value={step.as ?? ''}
        placeholder="item"
        readOnly={readOnly}
        onChange={(event) => set([...path, 'as'], event.currentTarget.value.replace(/\W/g, '') || undefined)}
      />
      <NumberInput
        label="At most how many"
        description="More fail the step; 500 when left out."
        readOnly={readOnly}
        min={1}
        max={500}
        value={step.max ?? ''}
        onChange={(next) => set([...path, 'max'], next === '' ? undefined : Number(next))}
      />
    </Stack>
  );
}

export function ParallelForm({ step, path }: Props) {
  const { set, readOnly } = useBuilder();
  const branches = step.parallel ?? [];
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        While one branch waits, the others go on. What stands behind waits for all of them.
      </Text>
      {branches.map((branch, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a branch may have no name.
        <div key={index} className={classes.wrap}>
          <TextInput
            label={`Branch ${index + 1}`}
            placeholder="Its name"
            readOnly={readOnly}
            value={branch.name ?? ''}
            onChange={(event) => set([...path, 'parallel', index, 'name'], event.currentTarget.value || undefined)}
          />
          {!readOnly && branches.length > 1 && (
            <ActionIcon
              variant="subtle"
              color="gray"
              mt={28}
              aria-label={`Remove branch ${index + 1}`}
              onClick={() => set([...path, 'parallel'], branches.toSpliced(index, 1))}
            >
              <IconTrash size={15} aria-hidden />
            </ActionIcon>
          )}
        </div>
      ))}
      {!readOnly && branches.length < 20 && (
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} aria-hidden />}
          style={{ alignSelf: 'flex-start' }}
          onClick={() => set([...path, 'parallel'], [...branches, { steps: [] }])}
        >
          Add a branch
        </Button>
      )}
    </Stack>
  );
}

export function ScriptForm({ step, path }: Props) {
  const { set, readOnly } = useBuilder();
  return (
    <Stack gap="sm">
      <SmartField
        label="Script"
        description="Rhai, several lines; its last value is the result. It sees what expressions see here."
        mode="expression"
        multiline
        path={[...path, 'script']}
        value={step.script ?? ''}
        onChange={(next) => set([...path, 'script'], next)}
        placeholder={'let open = task.labels.len();\nopen * 2'}
      />
      <PairsField
        label="Variables for it"
        readOnly={readOnly}
        path={[...path, 'with']}
        value={step.with}
        onChange={(next) => set([...path, 'with'], Object.keys(next as object).length > 0 ? next : undefined)}
      />
    </Stack>
  );
}

export function StopForm({ step, path }: Props) {
  const { set, readOnly } = useBuilder();
  const stop = step.stop as string | { reason?: string; outcome?: string };
  const plain = typeof stop === 'string';
  const outcome = plain ? 'succeeded' : (stop.outcome ?? 'succeeded');
  const reason = plain ? stop : (stop.reason ?? '');
  // A reason alone stays one, as it was written.
  const say = (next: { reason?: string; outcome?: string }) => {
    const whole = { outcome, reason, ...next };
    set(
      [...path, 'stop'],
      plain && whole.outcome === 'succeeded' ? whole.reason : { ...(plain ? {} : stop), ...whole },
    );
  };
  return (
    <Stack gap="sm">
      <div>
        <Text size="sm" fw={500} mb={4} id="stop-outcome">
          The run counts as
        </Text>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-labelledby="stop-outcome"
          readOnly={readOnly}
          value={outcome}
          onChange={(next) => say({ outcome: next })}
          data={[
            { value: 'succeeded', label: 'Succeeded' },
            { value: 'skipped', label: 'Skipped' },
            { value: 'failed', label: 'Failed' },
          ]}
        />
      </div>
      <SmartField
        label="Why"
        mode="template"
        path={plain ? [...path, 'stop'] : [...path, 'stop', 'reason']}
        value={reason}
        onChange={(next) => say({ reason: next })}
        placeholder="Nothing to do"
      />
    </Stack>
  );
}

/** The editor of what starts the rule, and where it listens. */
import { MultiSelect, Select, Stack } from '@mantine/core';
import type { Trigger } from '~/api/schema';
import { useBuilder, useProblemsAt } from '../model/builder';
import { type TriggerKind, triggerKind } from '../words/trigger';
import { DateForm } from './DateForm';
import { EventPick } from './EventPick';
import { FieldProblems } from './FieldProblems';
import { ManualForm } from './ManualForm';
import { MatchForm } from './MatchForm';
import { PanelHead } from './PanelHead';
import { useHookOptions, useProjectOptions } from './pickers';
import { ScheduleForm } from './ScheduleForm';
import { Pick } from './SchemaField';
import { ThresholdForm } from './ThresholdForm';

const KINDS: { value: TriggerKind; label: string }[] = [
  { value: 'event', label: 'Something happens' },
  { value: 'schedule', label: 'A schedule' },
  { value: 'date', label: 'A date of a task' },
  { value: 'manual', label: 'Somebody starts it' },
  { value: 'hook', label: 'A webhook comes in' },
  { value: 'threshold', label: 'A figure crosses a limit' },
];

const BLANKS: Record<TriggerKind, Trigger> = {
  event: { on: '' },
  schedule: { on: 'schedule', cron: '0 9 * * MON-FRI' },
  date: { on: 'date', field: 'due_at', before: '1d' },
  manual: { on: 'manual' },
  hook: { on: 'hook' },
  threshold: { on: 'threshold', metric: 'tasks.overdue', above: 5 },
};

export function TriggerForm() {
  const { rule, set, change, readOnly } = useBuilder();
  const { trigger } = rule;
  const kind = triggerKind(trigger);
  const own = useProblemsAt('/trigger');
  const on = useProblemsAt('/trigger/on');
  return (
    <>
      <PanelHead title="What starts it" about="And in which projects." />
      <Stack p="md" gap="md">
        <Select
          label="It starts when"
          readOnly={readOnly}
          allowDeselect={false}
          data={KINDS}
          value={kind}
          onChange={(next) =>
            next && next !== kind && change((old) => ({ ...old, trigger: BLANKS[next as TriggerKind] }))
          }
        />
        <FieldProblems problems={kind === 'event' ? own : [...own, ...on]} />
        {kind === 'event' && (
          <EventPick
            label="What happens"
            path={['trigger', 'on']}
            value={trigger.on}
            onChange={(next) =>
              change((old) => {
                // What an event must say belongs to its kind; it goes with it, where the new one is about something else.
                const keeps = old.trigger.on.split('.')[0] === next.split('.')[0] || !old.trigger.on;
                const { match, ...rest } = old.trigger;
                return { ...old, trigger: { ...rest, on: next, ...(keeps && match ? { match } : {}) } };
              })
            }
          />
        )}
        {kind === 'hook' && <HookPick trigger={trigger} />}
        {kind === 'schedule' && <ScheduleForm trigger={trigger} />}
        {kind === 'date' && <DateForm trigger={trigger} />}
        {kind === 'manual' && <ManualForm trigger={trigger} />}
        {kind === 'threshold' && <ThresholdForm trigger={trigger} />}
        {(kind === 'event' || kind === 'hook' || trigger.subject === 'task') && trigger.on && (
          <MatchForm path={['trigger', 'match']} match={trigger.match} on={trigger.on} />
        )}
        <ScopePick
          value={rule.scope?.projects ?? []}
          onChange={(next) => set(['scope', 'projects'], next.length > 0 ? next : undefined)}
        />
      </Stack>
    </>
  );
}

function HookPick({ trigger }: { trigger: Trigger }) {
  const { set, readOnly } = useBuilder();
  return (
    <Pick
      label="Which webhook"
      description="Where it posts to is set up under Administration, Webhooks."
      required={false}
      readOnly={readOnly}
      free
      options={useHookOptions()}
      value={trigger.match?.hook}
      onChange={(next) => set(['trigger', 'match', 'hook'], next)}
    />
  );
}

function ScopePick({ value, onChange }: { value: string[]; onChange(value: string[]): void }) {
  const { readOnly } = useBuilder();
  const options = useProjectOptions();
  const problems = useProblemsAt('/scope', true);
  const data = [
    ...options,
    ...value.filter((one) => !options.some((o) => o.value === one)).map((one) => ({ value: one, label: one })),
  ];
  return (
    <div>
      <MultiSelect
        label="In these projects"
        description="In all projects when none is chosen."
        placeholder={value.length === 0 ? 'All projects' : undefined}
        readOnly={readOnly}
        searchable
        data={data}
        value={value}
        onChange={onChange}
      />
      <FieldProblems problems={problems} />
    </div>
  );
}

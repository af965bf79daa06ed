/** A rule that is started by dates of tasks. */
import { Select, TextInput } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import type { Trigger } from '~/api/schema';
import { fieldsQuery, projectsQuery } from '~/areas/projects/queries';
import { useBuilder, useProblemsAt } from '../model/builder';
import { FieldProblems } from './FieldProblems';
import { PeriodField } from './PeriodField';
import { zones } from './ScheduleForm';

export function DateForm({ trigger }: { trigger: Trigger }) {
  const { rule, set, change, readOnly } = useBuilder();
  const { data: projects = [] } = useQuery(projectsQuery);
  const named = new Set(rule.scope?.projects ?? []);
  const within = projects.filter(({ id, key }) => named.size === 0 || named.has(id) || named.has(key)).slice(0, 12);
  const fields = useQueries({ queries: within.map(({ id }) => fieldsQuery(id)) });
  const custom = fields.flatMap(({ data }) => data ?? []).filter(({ type }) => type === 'date');
  const data = [
    { value: 'due_at', label: 'Due date' },
    { value: 'start_at', label: 'Start date' },
    ...[...new Map(custom.map((one) => [one.key, one.name]))].map(([key, name]) => ({
      value: `custom.${key}`,
      label: name,
    })),
  ];
  const field = trigger.field ?? '';
  const side = trigger.before ? 'before' : trigger.after ? 'after' : 'on';
  const problems = [
    ...useProblemsAt('/trigger/field'),
    ...useProblemsAt('/trigger/at'),
    ...useProblemsAt('/trigger/tz'),
  ];
  const turn = (next: string | null) =>
    change((old) => {
      const { before, after, ...rest } = old.trigger;
      const length = before ?? after ?? '1d';
      return { ...old, trigger: { ...rest, ...(next === 'on' ? {} : { [next ?? 'before']: length }) } };
    });
  return (
    <>
      <Select
        label="Which date"
        readOnly={readOnly}
        allowDeselect={false}
        data={data.some((one) => one.value === field) || !field ? data : [...data, { value: field, label: field }]}
        value={field || null}
        onChange={(next) => set(['trigger', 'field'], next)}
      />
      <Select
        label="When"
        readOnly={readOnly}
        allowDeselect={false}
        data={[
          { value: 'before', label: 'Some time before it' },
          { value: 'on', label: 'When it comes' },
          { value: 'after', label: 'Some time after it' },
        ]}
        value={side}
        onChange={turn}
      />
      {side !== 'on' && (
        <PeriodField
          label={side === 'before' ? 'How long before' : 'How long after'}
          working
          value={trigger.before ?? trigger.after}
          onChange={(next) => set(['trigger', side], next ?? '1d')}
        />
      )}
      <TextInput
        type="time"
        label="At what time of that day"
        description="The date’s own when left out."
        readOnly={readOnly}
        value={trigger.at ?? ''}
        onChange={(event) => set(['trigger', 'at'], event.currentTarget.value || undefined)}
      />
      <Select
        label="On the clock of"
        description="UTC when left out."
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'Clear the zone' }}
        limit={80}
        readOnly={readOnly}
        data={zones()}
        value={trigger.tz ?? null}
        onChange={(next) => set(['trigger', 'tz'], next ?? undefined)}
      />
      <FieldProblems problems={problems} />
    </>
  );
}

/** A rule that is started by a figure. */
import { NumberInput, Select, TextInput } from '@mantine/core';
import type { Trigger } from '~/api/schema';
import { useBuilder, useProblemsAt } from '../model/builder';
import { sentenceCase } from '../words/kinds';
import { METRICS } from '../words/trigger';
import { FieldProblems } from './FieldProblems';
import { PeriodField } from './PeriodField';

export function ThresholdForm({ trigger }: { trigger: Trigger }) {
  const { set, change, readOnly } = useBuilder();
  const side = trigger.below !== undefined && trigger.below !== null ? 'below' : 'above';
  const metric = trigger.metric ?? '';
  const problems = [
    ...useProblemsAt('/trigger/metric'),
    ...useProblemsAt('/trigger/filter'),
    ...useProblemsAt('/trigger/until'),
  ];
  const number = (key: 'above' | 'below' | 'until') => ({
    readOnly,
    value: trigger[key] ?? '',
    onChange: (next: number | string) => set(['trigger', key], next === '' ? undefined : Number(next)),
  });
  return (
    <>
      <Select
        label="Which figure"
        readOnly={readOnly}
        allowDeselect={false}
        data={Object.entries(METRICS).map(([value, label]) => ({
          value,
          label: sentenceCase(label.replace(/^the /, '')),
        }))}
        value={metric || null}
        onChange={(next) => set(['trigger', 'metric'], next)}
      />
      <Select
        label="It starts when the figure"
        readOnly={readOnly}
        allowDeselect={false}
        data={[
          { value: 'above', label: 'rises above' },
          { value: 'below', label: 'falls below' },
        ]}
        value={side}
        onChange={(next) =>
          change((old) => {
            const { above, below, ...rest } = old.trigger;
            return { ...old, trigger: { ...rest, [next ?? 'above']: above ?? below ?? 5 } };
          })
        }
      />
      <NumberInput label="The limit" {...number(side)} />
      <NumberInput
        label="It can start again when it is back at"
        description="The limit itself when left out."
        {...number('until')}
      />
      <PeriodField
        label="How long it must stay beyond"
        value={trigger.for}
        onChange={(next) => set(['trigger', 'for'], next)}
      />
      {metric.startsWith('tasks.') && (
        <TextInput
          label="Only tasks that fit"
          description="As a list of tasks is filtered: priority=high&label=billing"
          readOnly={readOnly}
          value={trigger.filter ?? ''}
          onChange={(event) => set(['trigger', 'filter'], event.currentTarget.value || undefined)}
        />
      )}
      <FieldProblems problems={problems} />
    </>
  );
}

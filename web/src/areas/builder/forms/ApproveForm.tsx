/** The editor of an approval: who is asked, what they read, how many must agree. */
import { NumberInput, Select, Stack, Switch } from '@mantine/core';
import type { Step } from '~/api/schema';
import { useBuilder, useProblemsAt } from '../model/builder';
import { type Path, pointerOf } from '../model/path';
import { FieldProblems } from './FieldProblems';
import { PeriodField } from './PeriodField';
import { RecipientsPick } from './SchemaField';
import { SmartField } from './SmartField';

export function ApproveForm({ step, path }: { step: Step; path: Path }) {
  const { set, readOnly } = useBuilder();
  const approve = step.approve!;
  const need = approve.need as string | number | undefined;
  const at = (key: string): Path => [...path, 'approve', key];
  const problems = useProblemsAt(pointerOf(at('by')), true);
  return (
    <Stack gap="sm">
      <div>
        <RecipientsPick
          label="Who is asked"
          required
          readOnly={readOnly}
          words={['owner']}
          person={(id) => `user:${id}`}
          value={approve.by}
          onChange={(next) => set(at('by'), next)}
        />
        <FieldProblems problems={problems} />
      </div>
      <Select
        label="How many must agree"
        readOnly={readOnly}
        allowDeselect={false}
        value={typeof need === 'number' ? 'number' : (need ?? 'any')}
        data={[
          { value: 'any', label: 'One of them' },
          { value: 'all', label: 'All of them' },
          { value: 'number', label: 'So many of them' },
        ]}
        onChange={(next) => set(at('need'), next === 'any' ? undefined : next === 'number' ? 2 : next)}
      />
      {typeof need === 'number' && (
        <NumberInput
          label="How many"
          readOnly={readOnly}
          min={1}
          value={need}
          onChange={(next) => set(at('need'), Number(next) || 1)}
        />
      )}
      <SmartField
        label="What they read"
        mode="template"
        multiline
        path={at('message')}
        value={approve.message ?? ''}
        onChange={(next) => set(at('message'), next || undefined)}
        placeholder="May {{ task.key }} go out?"
      />
      <PeriodField
        label="How long they have"
        description="For ever when left out."
        value={approve.timeout}
        onChange={(next) => set(at('timeout'), next)}
      />
      <Switch
        label="Who caused the run may agree as well"
        checked={approve.allow_self ?? false}
        disabled={readOnly}
        onChange={(event) => set(at('allow_self'), event.currentTarget.checked || undefined)}
      />
    </Stack>
  );
}

/** The editor of a step that runs another rule: which one, and what its form is filled in with. */
import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Step } from '~/api/schema';
import { rulesQuery } from '~/areas/rules/queries';
import { useBuilder, useProblemsAt } from '../model/builder';
import { type Path, pointerOf } from '../model/path';
import { FieldProblems } from './FieldProblems';
import { PeriodField } from './PeriodField';
import { Pick } from './SchemaField';
import { SmartField } from './SmartField';

export function CallForm({ step, path }: { step: Step; path: Path }) {
  const { set, readOnly, id } = useBuilder();
  const { data: rules = [] } = useQuery(rulesQuery);
  const problems = useProblemsAt(pointerOf([...path, 'call']));
  const callable = rules.filter((one) => one.rule.trigger.on === 'manual' && one.id !== id);
  const called = callable.find((one) => one.id === step.call || one.name === step.call);
  return (
    <Stack gap="sm">
      <div>
        <Pick
          label="Which rule"
          description="Rules that are started by hand."
          required
          readOnly={readOnly}
          free
          value={step.call}
          options={callable.map((one) => ({ value: one.name, label: one.name }))}
          onChange={(next) => set([...path, 'call'], next ?? '')}
        />
        <FieldProblems problems={problems} />
      </div>
      {callable.length === 0 && (
        <Text size="sm" c="dimmed">
          No rule is started by hand yet.
        </Text>
      )}
      {Object.entries(called?.rule.trigger.form ?? {}).map(([key, input]) => (
        <SmartField
          key={key}
          label={input.label || key}
          description={input.description ?? undefined}
          required={input.required}
          mode="template"
          path={[...path, 'with', key]}
          value={String(step.with?.[key] ?? '')}
          onChange={(next) => set([...path, 'with', key], next || undefined)}
        />
      ))}
      <PeriodField
        label="Wait for its end at most"
        value={step.timeout}
        onChange={(next) => set([...path, 'timeout'], next)}
      />
    </Stack>
  );
}

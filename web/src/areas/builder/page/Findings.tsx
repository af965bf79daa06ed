/** What the server finds: problems, each leading to its place, whether the rule can loop, and what it clashes with. */
import { Anchor, Button, Group, Popover, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { IconAlertCircle, IconAlertTriangle, IconCircleCheck, IconLoader2, IconRepeat } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { RuleAnalysis, RuleProblem, Verdict } from '~/api/schema';
import { valueText } from '../code/text';
import { useBuilder } from '../model/builder';
import { at, pathOf } from '../model/path';
import { fixed, nodeOf } from '../model/problems';
import { stepAround } from '../model/steps';
import { spaced } from '../words/kinds';
import { stepTitle } from '../words/steps';

export function Findings({ verdict, checking }: { verdict?: Verdict; checking: boolean }) {
  const [open, setOpen] = useState(false);
  const problems = verdict?.problems ?? [];
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const loops = verdict?.analysis?.loops.can_loop;
  const clashes = verdict?.analysis?.conflicts.length ?? 0;
  const label = !verdict
    ? 'Checking…'
    : errors
      ? `${errors} ${errors === 1 ? 'problem' : 'problems'}`
      : loops
        ? 'Can loop'
        : warnings + clashes
          ? `${warnings + clashes} ${warnings + clashes === 1 ? 'warning' : 'warnings'}`
          : 'No problems';
  const Icon = !verdict
    ? IconLoader2
    : errors
      ? IconAlertCircle
      : loops
        ? IconRepeat
        : warnings + clashes
          ? IconAlertTriangle
          : IconCircleCheck;
  const colour = !verdict
    ? 'dimmed'
    : errors
      ? 'var(--mantine-color-error)'
      : loops || warnings + clashes
        ? 'light-dark(#8a5200, #ffb84d)'
        : 'light-dark(#05664f, #6fe0bd)';
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={400} shadow="md" trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          c={colour}
          px="xs"
          leftSection={<Icon size={17} aria-hidden />}
          onClick={() => setOpen((was) => !was)}
          aria-expanded={open}
          style={{ opacity: checking && verdict ? 0.7 : 1 }}
        >
          <span aria-live="polite">{label}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown mah="70dvh" style={{ overflow: 'auto' }}>
        <Stack gap="md">
          {problems.length > 0 ? (
            <Stack gap="sm">
              {problems.map((problem) => (
                <Finding
                  key={problem.pointer + problem.message + problem.column}
                  problem={problem}
                  onShow={() => setOpen(false)}
                />
              ))}
            </Stack>
          ) : (
            <Text size="sm">{verdict ? 'The rule can be switched on as it is.' : 'The rule is being checked.'}</Text>
          )}
          {verdict?.analysis && <Analysis analysis={verdict.analysis} />}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Finding({ problem, onShow }: { problem: RuleProblem; onShow(): void }) {
  const { rule, select } = useBuilder();
  const node = nodeOf(rule, problem.pointer);
  return (
    <div>
      <UnstyledButton
        onClick={() => {
          select(node || undefined);
          onShow();
        }}
      >
        <Text size="xs" c="dimmed" td="underline">
          {whereWords(rule, problem)}
        </Text>
      </UnstyledButton>
      <ProblemLine problem={problem} />
    </div>
  );
}

/** "Step “tell” › text, line 1, column 15". */
export function whereWords(
  rule: ReturnType<typeof useBuilder>['rule'],
  { pointer, line, column }: RuleProblem,
): string {
  const path = pathOf(pointer);
  const step = stepAround(rule, path);
  const rest = path
    .slice(step?.length ?? 1)
    .filter((part) => part !== 'with')
    .map((part) => spaced(String(part)));
  const about = step ? (at(rule, step) as Parameters<typeof stepTitle>[0]) : undefined;
  const start = about
    ? `${stepTitle(about)}${about.id ? ` (${about.id})` : ''}`
    : spaced(String(path[0] ?? 'The rule'));
  const place = line && column ? `, line ${line}, column ${column}` : '';
  return [start, ...rest].join(' › ') + place;
}

/** What is wrong, with the nearest name to put in its place. */
export function ProblemLine({ problem }: { problem: RuleProblem }) {
  const { rule, change, readOnly } = useBuilder();
  const repaired = readOnly ? undefined : fixed(rule, problem);
  const error = problem.severity === 'error';
  return (
    <Group gap={6} align="baseline">
      <Text size="sm" c={error ? 'var(--mantine-color-error)' : undefined}>
        <Message text={problem.message} />
      </Text>
      {repaired && (
        <Button size="compact-xs" variant="light" c="var(--mantine-color-text)" onClick={() => change(() => repaired)}>
          Use “{problem.suggestion}”
        </Button>
      )}
    </Group>
  );
}

/** A sentence in which names of the rule stand between backticks. */
function Message({ text }: { text: string }) {
  return text.split('`').map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence stay where they are.
    index % 2 ? <code key={index}>{part}</code> : part,
  );
}

function Analysis({ analysis }: { analysis: RuleAnalysis }) {
  const { loops, conflicts } = analysis;
  return (
    <>
      <section>
        <Title order={3} size="h6">
          {loops.can_loop ? 'It can start itself again' : 'It cannot loop'}
        </Title>
        <Text size="sm" c="dimmed">
          {loops.detail}
        </Text>
        {loops.path.length > 0 && (
          <ol style={{ margin: '4px 0 0', paddingInlineStart: 20 }}>
            {loops.path.map((one, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a rule may be on the way twice.
              <li key={index}>
                <Text size="sm">
                  {one.name}
                  {one.step ? `, step “${one.step}”` : ''}
                  {one.event ? ` → ${one.event}` : ''}
                </Text>
              </li>
            ))}
          </ol>
        )}
      </section>
      {conflicts.map((clash) => (
        <section key={`${clash.rule}${clash.field}${clash.name}`}>
          <Title order={3} size="h6">
            Clashes over {spaced(clash.field)}
          </Title>
          <Text size="sm" c="dimmed">
            On the same event, this rule sets it to {valueText(clash.ours.value)} (step “{clash.ours.step}”), and{' '}
            {clash.rule ? (
              <Anchor component={Link} to={`/rules/${clash.rule}` as '/'} size="sm">
                {clash.name}
              </Anchor>
            ) : (
              clash.name
            )}{' '}
            to {valueText(clash.theirs.value)}.
          </Text>
        </section>
      ))}
    </>
  );
}

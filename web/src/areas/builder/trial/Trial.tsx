/** Trying the rule on one event: what would happen, step by step. Nothing happens. */
import { Alert, Badge, Button, Code, Group, Select, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconCircleCheck, IconCircleX, IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { api, ask } from '~/api/client';
import type { DryRun, Event, RehearsedStep, RunState, Step } from '~/api/schema';
import { ConditionParts } from '~/areas/rules/asking/ConditionParts';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { type Marks, STATE_NAMES, STATE_TONES } from '../canvas/marks';
import { valueText } from '../code/text';
import { DataField } from '../forms/DataField';
import { PanelHead } from '../forms/PanelHead';
import { useBuilder } from '../model/builder';
import { at, pointerOf } from '../model/path';
import { kindsOf } from '../model/scope';
import { findStep, stepIdOf, walk } from '../model/steps';
import { useEventKinds } from '../queries';
import { sentenceCase, spaced, whenWords } from '../words/kinds';
import { KIND_ABOUT, stepTitle } from '../words/steps';
import { eventLabel, recentEventsQuery } from './events';

interface Props {
  onClose(): void;
  /** Draws what came of it on the canvas. */
  onMarks(marks: Marks | undefined): void;
  /** The event that was chosen is what values are shown with elsewhere. */
  onSample(event: Event | undefined): void;
}

const ago = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' });

export function Trial({ onClose, onMarks, onSample }: Props) {
  const { rule } = useBuilder();
  const kinds = kindsOf(rule, useEventKinds());
  const byHand = rule.trigger.on === 'manual' && rule.trigger.subject !== 'task';
  const {
    data: events,
    isPending,
    error,
    refetch,
  } = useQuery({ ...recentEventsQuery(kinds), enabled: kinds.length > 0 });
  const [chosen, setChosen] = useState<string>();
  const [inputs, setInputs] = useState<unknown>(() => answers(rule.trigger.form));
  const event = events?.find(({ id }) => id === chosen) ?? events?.[0];
  const run = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      ask(
        api.POST('/api/v1/rules/dry-run', {
          body: byHand
            ? { rule, event: { kind: 'manual', data: { inputs } as Record<string, unknown> } }
            : { rule, event_id: event!.id },
        }),
      ),
    onSuccess: (answer) => onMarks(marksOf(answer, rule)),
  });
  // What was found belongs to the rule as it was; another one is to be tried again.
  const { reset } = run;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another rule or event makes it old.
  useEffect(() => {
    reset();
    onMarks(undefined);
  }, [rule, event?.id]);

  return (
    <>
      <PanelHead title="Try it" about="Shows what would happen. Nothing happens." onClose={onClose} />
      <Stack p="md" gap="md">
        {byHand ? (
          <DataField label="Answers to its form" path={['trigger', 'form']} value={inputs} onChange={setInputs} />
        ) : kinds.length === 0 ? (
          <Text size="sm">Say first what starts the rule.</Text>
        ) : isPending ? (
          <Skeleton h={56} />
        ) : error ? (
          <ProblemAlert error={error} retry={() => void refetch()} />
        ) : event ? (
          <Select
            label="On which past event"
            description="The newest that the rule listens to."
            searchable
            allowDeselect={false}
            data={(events ?? []).map((one) => ({
              value: one.id,
              label: `${eventLabel(one) || sentenceCase(whenWords(one.kind))} · ${ago.format(new Date(one.occurred_at))}`,
            }))}
            value={event.id}
            onChange={(next) => {
              setChosen(next ?? undefined);
              onSample(events?.find(({ id }) => id === next));
            }}
          />
        ) : (
          <Alert color="blue" title="Nothing like that has happened yet">
            <Text size="sm">Do it once, such as changing a task, and try again.</Text>
            <Button size="xs" mt="xs" variant="default" onClick={() => void refetch()}>
              Look again
            </Button>
          </Alert>
        )}
        <Button
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          disabled={!byHand && !event}
          loading={run.isPending}
          onClick={() => run.mutate()}
        >
          Try it on this event
        </Button>
        <div aria-live="polite">
          {run.error && <ProblemAlert error={run.error} />}
          {run.data && <Outcome outcome={run.data} />}
        </div>
      </Stack>
    </>
  );
}

type Form = NonNullable<ReturnType<typeof useBuilder>['rule']['trigger']['form']>;

/** Something of the right type for each question. */
function answers(form: Form | undefined): Record<string, unknown> {
  const now = new Date().toISOString();
  const blank: Record<string, unknown> = {
    integer: 1,
    number: 1,
    boolean: false,
    date: now.slice(0, 10),
    datetime: now,
  };
  return Object.fromEntries(
    Object.entries(form ?? {}).map(([key, { type, default: usual, options }]) => [
      key,
      usual ?? options?.[0] ?? blank[type] ?? 'text',
    ]),
  );
}

function marksOf({ fires, run }: DryRun, rule: ReturnType<typeof useBuilder>['rule']): Marks {
  const marks: Marks = Object.fromEntries(
    (run?.steps ?? []).map((step) => [step.path, { state: step.state, error: step.error }]),
  );
  const reached = new Set(Object.keys(marks).map(stepIdOf));
  walk(rule, ({ id }) => {
    if (id && !reached.has(id)) marks[id] = { state: 'skipped', note: fires ? undefined : 'the rule would not start' };
  });
  return marks;
}

const ENDS: Partial<Record<RunState, string>> = {
  succeeded: 'It would run and succeed',
  failed: 'It would run and fail',
  skipped: 'It would run and find nothing to do',
  waiting: 'It would run and wait',
  timed_out: 'It would run out of time',
};

function Outcome({ outcome }: { outcome: DryRun }) {
  const { fires, because, condition, run } = outcome;
  return (
    <Stack gap="md">
      <Alert
        color={fires ? 'teal' : 'gray'}
        icon={fires ? <IconCircleCheck aria-hidden /> : <IconCircleX aria-hidden />}
        title={fires ? (ENDS[run?.state ?? 'succeeded'] ?? 'It would run') : 'It would not start'}
      >
        {because && <Text size="sm">{because.detail}</Text>}
        {run?.error && <Text size="sm">{run.error.message}</Text>}
        {fires && !run?.error && <Text size="sm">Limits such as “only once” are not weighed here.</Text>}
      </Alert>
      {condition.length > 0 && (
        <section>
          <Title order={3} size="h6" mb={0}>
            The condition
          </Title>
          <ConditionParts parts={condition} />
        </section>
      )}
      {run && (
        <section>
          <Title order={3} size="h6" mb={4}>
            Step by step
          </Title>
          <Stack gap="sm" component="ol" style={{ listStyle: 'none', margin: 0, padding: 0 }}>
            {run.steps.map((step, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a step may come several times.
              <li key={index}>
                <StepLine step={step} />
              </li>
            ))}
          </Stack>
          {run.steps.length === 0 && <Text size="sm">It has no steps.</Text>}
        </section>
      )}
    </Stack>
  );
}

/** One step of a trial: what it would be given, and what it would change. */
export function StepLine({ step }: { step: RehearsedStep }) {
  const { rule, select } = useBuilder();
  const place = findStep(rule, stepIdOf(step.path));
  const shown = useMemo(
    () => (step.input === undefined || step.input === null ? '' : valueText(step.input)),
    [step.input],
  );
  return (
    <div>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Button
          variant="transparent"
          size="compact-sm"
          px={0}
          c="var(--mantine-color-text)"
          disabled={!place}
          onClick={() => place && select(pointerOf(place))}
          styles={{ inner: { justifyContent: 'flex-start' } }}
        >
          {place ? stepTitle(at(rule, place) as Step) : step.path}
        </Button>
        <Badge
          variant="light"
          color={STATE_TONES[step.state]}
          c="var(--mantine-color-text)"
          tt="none"
          style={{ flex: 'none' }}
        >
          {STATE_NAMES[step.state]}
        </Badge>
      </Group>
      <Text size="xs" c="dimmed">
        {step.path} · {step.does ?? KIND_ABOUT[step.kind as keyof typeof KIND_ABOUT] ?? spaced(step.kind)}
      </Text>
      {step.changes?.map((change) => (
        <Text size="sm" key={`${change.task}${change.field}`}>
          {sentenceCase(spaced(change.field))}: {valueText(change.from ?? 'nothing')} →{' '}
          <b>{valueText(change.to ?? 'nothing')}</b>
        </Text>
      ))}
      {step.error && (
        <Text size="sm" c="var(--mantine-color-error)">
          {step.error}
        </Text>
      )}
      {shown && shown !== '{}' && (
        <Code
          block
          mt={4}
          style={{ maxHeight: 160, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
          tabIndex={0}
          aria-label={`What ${step.path} is given`}
        >
          {shown}
        </Code>
      )}
    </div>
  );
}

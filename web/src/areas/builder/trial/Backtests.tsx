/** Holding the saved rule against what has happened: how often it would have fired, on what, and what it would have done. */
import {
  Accordion,
  Alert,
  Button,
  Group,
  Progress,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import type { Backtest, RuleInfo } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { PanelHead } from '../forms/PanelHead';
import { actionName } from '../words/actions';
import { sentenceCase, spaced } from '../words/kinds';
import { StepLine } from './Trial';

const DAYS = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '0', label: 'All' },
];

const over = (state: Backtest['state']) => state !== 'queued' && state !== 'running';

interface Props {
  saved?: RuleInfo;
  dirty: boolean;
  onClose(): void;
}

export function Backtests({ saved, dirty, onClose }: Props) {
  return (
    <>
      <PanelHead
        title="Test against the past"
        about="When it would have fired, and what it would have done."
        onClose={onClose}
      />
      <Stack p="md" gap="md">
        {saved ? (
          <Tests rule={saved} dirty={dirty} />
        ) : (
          <Text size="sm">Save the rule first. It stays a draft, and does nothing, until it is switched on.</Text>
        )}
      </Stack>
    </>
  );
}

function Tests({ rule, dirty }: { rule: RuleInfo; dirty: boolean }) {
  const client = useQueryClient();
  const [days, setDays] = useState('30');
  const key = ['backtests', rule.id];
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: async () => {
      const path = { id: rule.id };
      return (
        (await ask(api.GET('/api/v1/rules/{id}/backtests', { params: { path, query: { limit: 1 } } }))).items[0] ?? null
      );
    },
    refetchInterval: ({ state }) => (state.data && !over(state.data.state) ? 700 : false),
  });
  const begin = useMutation({
    mutationFn: () => {
      const from = days === '0' ? undefined : new Date(Date.now() - Number(days) * 86_400_000).toISOString();
      return ask(api.POST('/api/v1/rules/{id}/backtest', { params: { path: { id: rule.id } }, body: { from } }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: key }),
  });
  const cancel = useMutation({
    mutationFn: (backtest: string) =>
      ask(api.POST('/api/v1/rules/{id}/backtests/{backtest}/cancel', { params: { path: { id: rule.id, backtest } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: key }),
  });
  const running = data && !over(data.state);
  return (
    <>
      <SegmentedControl fullWidth size="xs" aria-label="How far back" value={days} onChange={setDays} data={DAYS} />
      {dirty && (
        <Text size="sm" c="dimmed">
          Version {rule.version}, as it is saved, is tested. Your changes since are not in it.
        </Text>
      )}
      <Button onClick={() => begin.mutate()} loading={begin.isPending} disabled={Boolean(running)}>
        Test it
      </Button>
      {error && <ProblemAlert error={error} retry={() => void refetch()} />}
      {running && (
        <div>
          <Group justify="space-between" mb={4}>
            <Text size="sm" role="status">
              {Math.round(data.progress * 100)} % looked at, fired {data.fired === 1 ? 'once' : `${data.fired} times`}{' '}
              so far
            </Text>
            <Button
              size="compact-xs"
              variant="default"
              loading={cancel.isPending}
              onClick={() => cancel.mutate(data.id)}
            >
              Stop
            </Button>
          </Group>
          <Progress value={data.progress * 100} aria-label="How far the test is" animated />
        </div>
      )}
      {data && !running && <Findings test={data} />}
    </>
  );
}

const NOT_FIRED: Record<string, string> = {
  kind: 'another kind of event',
  cause: 'caused by a rule',
  rule: 'made for another rule',
  sight: 'not visible to the rule’s owner',
  scope: 'outside its projects',
  match: 'did not match',
  condition: 'the condition did not hold',
};

function Findings({ test }: { test: Backtest }) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <Stack gap="md" aria-live="polite">
      {test.state === 'failed' && <Alert color="red">{test.error}</Alert>}
      {test.state === 'cancelled' && <Text size="sm">It was stopped. This is what it had found.</Text>}
      <SimpleGrid cols={2} spacing="xs">
        <Figure
          label={test.fired === 1 ? 'time it would have fired' : 'times it would have fired'}
          value={test.fired ?? 0}
        />
        <Figure label={test.events === 1 ? 'event looked at' : 'events looked at'} value={test.events ?? 0} />
      </SimpleGrid>
      <Counts title="What it would have done" counts={test.actions} words={actionName} />
      <Counts title="What it would have changed" counts={test.changed} words={(field) => sentenceCase(spaced(field))} />
      {(test.not_fired ?? []).length > 0 && (
        <section>
          <Title order={3} size="h6">
            Why it would not have started otherwise
          </Title>
          {test.not_fired?.map((reason) => (
            <Text size="sm" key={JSON.stringify(reason)}>
              {reason.events} × {NOT_FIRED[reason.what] ?? spaced(reason.what)}
              {reason.at ? ` (${reason.at})` : ''}
            </Text>
          ))}
        </section>
      )}
      {(test.firings ?? []).length > 0 && (
        <section>
          <Title order={3} size="h6" mb={4}>
            On what it would have fired
          </Title>
          <Accordion variant="contained" chevronPosition="left">
            {test.firings?.map((firing, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: an event of the log may have no id of its own.
              <Accordion.Item key={index} value={String(index)}>
                <Accordion.Control>
                  <Text size="sm">
                    {firing.task ?? sentenceCase(spaced(firing.event.kind))} ·{' '}
                    {format.format(new Date(firing.event.occurred_at))}
                  </Text>
                </Accordion.Control>
                <Accordion.Panel>
                  <Stack gap="sm">
                    {firing.error && (
                      <Text size="sm" c="var(--mantine-color-error)">
                        {firing.error.message}
                      </Text>
                    )}
                    {firing.steps.map((step, place) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: a step may come several times.
                      <StepLine key={place} step={step} />
                    ))}
                  </Stack>
                </Accordion.Panel>
              </Accordion.Item>
            ))}
          </Accordion>
        </section>
      )}
    </Stack>
  );
}

function Figure({ label, value }: { label: string; value: number }) {
  return (
    <div>
      <Text size="xl" fw={700} lh={1.1}>
        {value.toLocaleString()}
      </Text>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
    </div>
  );
}

function Counts({
  title,
  counts,
  words,
}: {
  title: string;
  counts?: Record<string, number>;
  words(name: string): string;
}) {
  const entries = Object.entries(counts ?? {});
  if (entries.length === 0) return null;
  return (
    <section>
      <Title order={3} size="h6">
        {title}
      </Title>
      {entries.map(([name, count]) => (
        <Text size="sm" key={name}>
          {count} × {words(name)}
        </Text>
      ))}
    </section>
  );
}

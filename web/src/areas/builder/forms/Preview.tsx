/** What a template or an expression gives with a past event, as one writes it. */
import { Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import type { Rule } from '~/api/schema';
import type { Mode } from '../code/rhai';
import { valueText } from '../code/text';
import { useBuilder } from '../model/builder';
import type { Path } from '../model/path';
import { kindsOf } from '../model/scope';
import { useEventKinds } from '../queries';
import { eventLabel, recentEventsQuery } from '../trial/events';

/** The value as an input of a step that is only tried: a dry run says what it would be given. */
const probe = (rule: Rule, value: string): Rule => ({
  name: 'Preview',
  trigger: rule.trigger,
  steps: [
    { id: 'preview', action: 'http.request', with: { method: 'POST', url: 'https://example.com/', body: { value } } },
  ],
});

export function Preview({ mode, value, path }: { mode: Mode; value: string; path: Path }) {
  const { rule, sample } = useBuilder();
  const kinds = kindsOf(rule, useEventKinds());
  const { data: events } = useQuery({ ...recentEventsQuery(kinds), enabled: kinds.length > 0 && sample === undefined });
  const event = sample ?? events?.[0];
  const [written] = useDebouncedValue(mode === 'expression' ? `{{ ${value} }}` : value, 400);
  // What loops and earlier steps give is only there when the rule runs.
  const known = path[0] !== 'steps' || !/\bsteps\./.test(written);
  const { data } = useQuery({
    queryKey: ['rule-preview', event?.id, rule.trigger, written],
    queryFn: ({ signal }) =>
      ask(
        api.POST('/api/v1/rules/dry-run', {
          body: { rule: { ...probe(rule, written), trigger: { on: event!.kind } }, event_id: event!.id },
          signal,
        }),
      ),
    enabled: event !== undefined && known,
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (!event || !data) return null;
  const step = data.run?.steps[0];
  if (!step || step.error) return null;
  const result = (step.input as { body?: { value?: unknown } } | undefined)?.body?.value;
  return (
    <Text size="xs" c="dimmed" mt={4} aria-live="polite" style={{ overflowWrap: 'anywhere' }}>
      With {eventLabel(event).trim() || 'the last event'}:{' '}
      <b>{result === null ? 'nothing' : valueText(result).slice(0, 300)}</b>
    </Text>
  );
}

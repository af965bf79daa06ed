/** The editor of a wait: a while, until a moment, or for an event. */
import { SegmentedControl, Stack } from '@mantine/core';
import type { Step } from '~/api/schema';
import { useBuilder } from '../model/builder';
import type { Path } from '../model/path';
import { EventPick } from './EventPick';
import { MatchForm } from './MatchForm';
import { PeriodField } from './PeriodField';
import { SmartField } from './SmartField';

export function WaitForm({ step, path }: { step: Step; path: Path }) {
  const { set, readOnly } = useBuilder();
  const wait = step.wait ?? {};
  const kind = wait.event ? 'event' : wait.until !== undefined && wait.until !== null ? 'until' : 'for';
  const at = (...rest: Path): Path => [...path, 'wait', ...rest];
  const turn = (to: string) => {
    if (to === kind) return;
    set(
      at(),
      to === 'for'
        ? { for: '1h' }
        : to === 'until'
          ? { until: 'now + days(1)' }
          : { event: { on: 'task.commented', match: { task: '{{ task.id }}' }, timeout: '2d' } },
    );
  };
  return (
    <Stack gap="sm">
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label="What is waited for"
        readOnly={readOnly}
        value={kind}
        onChange={turn}
        data={[
          { value: 'for', label: 'A while' },
          { value: 'until', label: 'A moment' },
          { value: 'event', label: 'An event' },
        ]}
      />
      {kind === 'for' && (
        <PeriodField label="How long" required value={wait.for} onChange={(next) => set(at('for'), next ?? '')} />
      )}
      {kind === 'until' && (
        <SmartField
          label="Until"
          description="An expression that gives a moment: date(task.due_at) - days(1). What has passed is not waited for."
          mode="expression"
          path={at('until')}
          value={wait.until ?? ''}
          onChange={(next) => set(at('until'), next)}
        />
      )}
      {kind === 'event' && wait.event && (
        <>
          <EventPick
            label="Until"
            path={at('event', 'on')}
            value={wait.event.on}
            onChange={(next) => set(at('event', 'on'), next)}
          />
          <MatchForm path={at('event', 'match')} match={wait.event.match} on={wait.event.on} templates />
          <SmartField
            label="And only if"
            description="An expression about that event."
            mode="expression"
            path={at('event', 'if')}
            value={wait.event.if ?? ''}
            onChange={(next) => set(at('event', 'if'), next || undefined)}
          />
          <PeriodField
            label="At most"
            description="What happens then is the way “Not in time”."
            value={wait.event.timeout}
            onChange={(next) => set(at('event', 'timeout'), next)}
          />
        </>
      )}
    </Stack>
  );
}

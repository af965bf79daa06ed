import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { RunWaiting } from '~/api/schema';
import { moment, useManner } from '~/parts/time';
import { When } from '~/parts/When';
import { waitingFor } from './words';

/** What a run waits for, till when, and the way to it. */
export function WaitsFor({ waiting }: { waiting: RunWaiting }) {
  const manner = useManner();
  if (waiting.for === 'branches') {
    return waiting.waits.map((one) => <WaitsFor key={JSON.stringify(one)} waiting={one} />);
  }
  const { words, until } = waitingFor(waiting);
  return (
    <Text size="sm" component="div">
      Waits for {words}
      {until && (
        <>
          , {waiting.for === 'timer' || waiting.for === 'retry' ? 'at' : 'until'} {moment(until, manner)} (
          <When at={until} />)
        </>
      )}
      .{' '}
      {waiting.for === 'approval' && (
        <Anchor component={Link} to={`/approvals/${waiting.approval}` as '/'} size="sm" underline="always">
          See who is asked
        </Anchor>
      )}
      {waiting.for === 'run' && (
        <Anchor component={Link} to={`/runs/${waiting.run}` as '/'} size="sm" underline="always">
          See that run
        </Anchor>
      )}
    </Text>
  );
}

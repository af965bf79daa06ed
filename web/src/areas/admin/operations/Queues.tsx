import { Badge } from '@mantine/core';
import { IconAdjustments, IconPlayerPause, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import type { QueueInfo } from '~/api/schema';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { say } from '~/parts/toast';
import { Limits } from './Limits';
import { useSeeAgain } from './queries';

/** The queues of the installation: what waits in each, and switches for when something is wrong. */
export function Queues({ queues }: { queues: QueueInfo[] }) {
  const [limited, setLimited] = useState<QueueInfo>();
  return (
    <>
      <Rows label="Queues">
        {queues.map((queue) => (
          <Line key={queue.queue} queue={queue} limit={() => setLimited(queue)} />
        ))}
      </Rows>
      {limited && <Limits queue={limited} close={() => setLimited(undefined)} />}
    </>
  );
}

function Line({ queue, limit }: { queue: QueueInfo; limit: () => void }) {
  const again = useSeeAgain();
  const { queue: id, paused, drained, ready, delayed, running, dead, per_minute, limits } = queue;
  const params = { path: { id } };
  const state = paused ? (drained ? 'Paused, nothing runs' : 'Paused') : 'At work';
  const act = (call: () => Promise<unknown>) => async () => {
    await call();
    await again();
  };
  return (
    <Row
      title={id}
      about={[
        `${ready} waiting`,
        `${running} running`,
        delayed > 0 && `${delayed} later`,
        dead > 0 && `${dead} dead`,
        `${Math.round(per_minute)} a minute`,
        `${limits.concurrency} at once`,
        limits.rate && `${limits.rate.jobs} per ${limits.rate.per}`,
      ]
        .filter(Boolean)
        .join(' · ')}
      beside={
        <Badge variant="default" tt="none" fw={500} role="status" aria-label={`${id}: ${state}`}>
          {state}
        </Badge>
      }
      actions={
        <RowMenu
          label={`More for ${id}`}
          acts={[
            paused
              ? {
                  label: 'Resume',
                  icon: IconPlayerPlay,
                  run: act(() => ask(api.POST('/api/v1/queues/{id}/resume', { params }))),
                }
              : {
                  label: 'Pause',
                  icon: IconPlayerPause,
                  run: act(() => ask(api.POST('/api/v1/queues/{id}/pause', { params }))),
                  ask: {
                    title: `Pause ${id}?`,
                    text: 'Nothing new of it begins until you resume it. What runs goes on, and what comes is kept.',
                    action: 'Pause the queue',
                  },
                },
            !drained && {
              label: 'Pause and wait',
              icon: IconPlayerStop,
              run: act(async () => {
                const { drained: done } = await ask(
                  api.POST('/api/v1/queues/{id}/drain', { params: { ...params, query: { wait: 10 } } }),
                );
                say(done ? `Nothing of ${id} runs any more.` : `${id} is paused; some of it still runs.`);
              }),
              ask: {
                title: `Pause ${id} and wait?`,
                text: 'Nothing new of it begins, and it is waited until nothing of it runs any more.',
                action: 'Pause and wait',
              },
            },
            { label: 'Limits', icon: IconAdjustments, run: limit },
          ]}
        />
      }
    />
  );
}

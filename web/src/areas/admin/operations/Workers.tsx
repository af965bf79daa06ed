import { Badge } from '@mantine/core';
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { api, ask } from '~/api/client';
import type { WorkerInfo, WorkerState } from '~/api/schema';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { When } from '~/parts/When';
import { useSeeAgain } from './queries';

const STATES: Record<WorkerState, string> = {
  working: 'At work',
  draining: 'Finishing',
  drained: 'Idle, takes nothing new',
  lost: 'Lost',
};

/** The processes that do the work. One is emptied before it is stopped. */
export function Workers({ workers }: { workers: WorkerInfo[] }) {
  return (
    <Rows label="Nodes">
      {workers.map((worker) => (
        <Line key={worker.name} worker={worker} />
      ))}
    </Rows>
  );
}

function Line({ worker: { name, host, version, running, seen_at, started_at, state } }: { worker: WorkerInfo }) {
  const again = useSeeAgain();
  const params = { path: { id: name } };
  return (
    <Row
      title={host ?? name}
      about={
        <>
          {running} running · version {version} · started <When at={started_at} /> · seen <When at={seen_at} />
        </>
      }
      beside={
        <Badge variant="default" tt="none" fw={500}>
          {STATES[state]}
        </Badge>
      }
      actions={
        <RowMenu
          label={`More for ${host ?? name}`}
          acts={[
            state === 'working' && {
              label: 'Take nothing new',
              icon: IconPlayerStop,
              run: async () => {
                await ask(api.POST('/api/v1/workers/{id}/drain', { params }));
                await again();
              },
              ask: {
                title: `Let ${host ?? name} take nothing new?`,
                text: 'It finishes what it runs. Other nodes go on; with none, work waits.',
                action: 'Take nothing new',
              },
            },
            (state === 'draining' || state === 'drained') && {
              label: 'Let it work again',
              icon: IconPlayerPlay,
              run: async () => {
                await ask(api.POST('/api/v1/workers/{id}/resume', { params }));
                await again();
              },
            },
          ]}
        />
      }
    />
  );
}

import { LineChart } from '@mantine/charts';
import { Box } from '@mantine/core';
import dayjs from 'dayjs';
import type { Sprint, Task } from '~/api/schema';
import { useManner } from '~/parts/time';
import { ChartCard } from '../figures/ChartCard';
import { burn } from './burn';
import '@mantine/charts/styles.css';

/** How the tasks of a sprint become fewer, and how they would if as many were done each day. */
export function SprintBurn({ sprint, tasks }: { sprint: Sprint; tasks: Task[] }) {
  const { locale } = useManner();
  const name = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  const points = burn(sprint, tasks).map((point) => ({ ...point, day: name.format(dayjs(point.day).toDate()) }));
  const left = points.findLast((point) => point.left !== undefined)?.left ?? 0;
  return (
    <Box mt="sm">
      <ChartCard
        title="Burn-down"
        lead={left === 1 ? '1 task is left' : `${left} tasks are left`}
        columns={[
          { label: 'Day', values: points.map(({ day }) => day) },
          { label: 'Left', values: points.map((point) => point.left ?? '—') },
          { label: 'Even pace', values: points.map(({ ideal }) => ideal) },
        ]}
      >
        <LineChart
          h={180}
          data={points.map((point) => ({ day: point.day, Left: point.left ?? null, 'Even pace': point.ideal }))}
          dataKey="day"
          series={[
            { name: 'Left', color: 'track.6' },
            { name: 'Even pace', color: 'gray.6', strokeDasharray: '5 4' },
          ]}
          curveType="linear"
          withDots={false}
          withLegend
          legendProps={{ verticalAlign: 'bottom', height: 30 }}
          yAxisProps={{ allowDecimals: false, width: 36 }}
          xAxisProps={{ minTickGap: 24 }}
        />
      </ChartCard>
    </Box>
  );
}

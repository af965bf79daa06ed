/** The charts of a project: what was done, what is left, and where work lies. */
import { AreaChart, BarChart, LineChart } from '@mantine/charts';
import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { Metrics, Status } from '~/api/schema';
import { useManner } from '~/parts/time';
import { ChartCard } from './ChartCard';
import '@mantine/charts/styles.css';

const HEIGHT = 220;
const CATEGORY: Record<Status['category'], string[]> = {
  todo: ['gray.5', 'gray.6'],
  in_progress: ['track.5', 'cyan.6', 'orange.6', 'grape.6', 'blue.6'],
  done: ['teal.6', 'green.8'],
  cancelled: ['gray.4'],
};

/** A colour for each status, by what it means. */
export function colours(statuses: Status[]): Map<string, string> {
  const used = new Map<string, number>();
  return new Map(
    statuses.map(({ key, category }) => {
      const count = used.get(category) ?? 0;
      used.set(category, count + 1);
      const some = CATEGORY[category];
      return [key, some[count % some.length] as string];
    }),
  );
}

const shared = {
  h: HEIGHT,
  dataKey: 'day',
  withLegend: true,
  curveType: 'linear',
  legendProps: { verticalAlign: 'bottom', height: 30 },
  xAxisProps: { minTickGap: 24 },
  yAxisProps: { allowDecimals: false, width: 36 },
} as const;

export function useDays(metrics: Metrics): string[] {
  const { locale } = useManner();
  const name = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: metrics.tz });
  return metrics.points.map(({ start }) => name.format(new Date(start)));
}

export function Throughput({ metrics }: { metrics: Metrics }) {
  const days = useDays(metrics);
  const { points, throughput } = metrics;
  const each = metrics.interval === 'day' ? 'a day' : 'a week';
  return (
    <ChartCard
      title="Throughput"
      lead={`${throughput} completed, ${points.reduce((sum, { created }) => sum + created, 0)} made, by ${each.slice(2)}`}
      columns={[
        { label: metrics.interval === 'day' ? 'Day' : 'Week of', values: days },
        { label: 'Completed', values: points.map(({ completed }) => completed) },
        { label: 'Made', values: points.map(({ created }) => created) },
      ]}
    >
      <BarChart
        {...shared}
        data={points.map(({ completed, created }, index) => ({
          day: days[index],
          Completed: completed,
          Made: created,
        }))}
        series={[
          { name: 'Completed', color: 'teal.6' },
          { name: 'Made', color: 'gray.5' },
        ]}
      />
    </ChartCard>
  );
}

export function Burn({ metrics }: { metrics: Metrics }) {
  const [up, setUp] = useState('down');
  const days = useDays(metrics);
  const { points } = metrics;
  const last = points.at(-1);
  const isUp = up === 'up';
  return (
    <ChartCard
      title={isUp ? 'Burn-up' : 'Burn-down'}
      lead={
        isUp
          ? `${last?.done ?? 0} of ${last?.scope ?? 0} tasks are completed`
          : `${last?.remaining ?? 0} tasks are left`
      }
      aside={
        <SegmentedControl
          size="xs"
          value={up}
          onChange={setUp}
          data={[
            { value: 'down', label: 'Down' },
            { value: 'up', label: 'Up' },
          ]}
          aria-label="Burn-down or burn-up"
        />
      }
      columns={[
        { label: metrics.interval === 'day' ? 'Day' : 'Week of', values: days },
        { label: 'Left', values: points.map(({ remaining }) => remaining) },
        { label: 'Completed', values: points.map(({ done }) => done) },
        { label: 'All', values: points.map(({ scope }) => scope) },
      ]}
    >
      <LineChart
        {...shared}
        withDots={false}
        data={points.map(({ remaining, done, scope }, index) => ({
          day: days[index],
          Left: remaining,
          Completed: done,
          All: scope,
        }))}
        series={
          isUp
            ? [
                { name: 'All', color: 'gray.6' },
                { name: 'Completed', color: 'teal.6' },
              ]
            : [{ name: 'Left', color: 'track.6' }]
        }
      />
    </ChartCard>
  );
}

export function Flow({ metrics, statuses }: { metrics: Metrics; statuses: Status[] }) {
  const days = useDays(metrics);
  const { points } = metrics;
  const count = (point: Metrics['points'][number], key: string) =>
    Number((point.by_status as Record<string, number>)[key] ?? 0);
  const colour = colours(statuses);
  const used = statuses.filter(({ key }) => points.some((point) => count(point, key) > 0));
  const last = points.at(-1);
  const now = used.map(({ key, name }) => `${last ? count(last, key) : 0} ${name.toLowerCase()}`);
  return (
    <ChartCard
      title="By status"
      lead={now.join(', ') || 'No tasks yet'}
      columns={[
        { label: metrics.interval === 'day' ? 'Day' : 'Week of', values: days },
        ...used.map(({ key, name }) => ({ label: name, values: points.map((point) => count(point, key)) })),
      ]}
    >
      <AreaChart
        {...shared}
        type="stacked"
        withDots={false}
        withGradient={false}
        fillOpacity={0.55}
        data={points.map((point, index) => ({
          day: days[index],
          ...Object.fromEntries(used.map(({ key, name }) => [name, count(point, key)])),
        }))}
        series={[...used].reverse().map(({ key, name }) => ({ name, color: colour.get(key) ?? 'gray.5' }))}
      />
    </ChartCard>
  );
}

export function LoadChart({ metrics, nameOf }: { metrics: Metrics; nameOf(id: string): string }) {
  const busiest = metrics.workload.slice(0, 12);
  return (
    <ChartCard
      title="Load"
      lead={`Open tasks of each person; ${metrics.unassigned} without one`}
      columns={[
        { label: 'Person', values: busiest.map(({ user }) => nameOf(user)) },
        { label: 'Open', values: busiest.map(({ open }) => open) },
        { label: 'Late', values: busiest.map(({ overdue }) => overdue) },
        { label: 'Hours estimated', values: busiest.map(({ minutes }) => Math.round(minutes / 6) / 10) },
      ]}
    >
      <BarChart
        {...shared}
        type="stacked"
        orientation="vertical"
        h={Math.max(120, busiest.length * 34 + 60)}
        data={busiest.map(({ user, open, overdue }) => ({
          day: nameOf(user),
          Late: overdue,
          'In time': open - overdue,
        }))}
        series={[
          { name: 'Late', color: 'red.7' },
          { name: 'In time', color: 'track.5' },
        ]}
        xAxisProps={{ allowDecimals: false }}
        yAxisProps={{ width: 92, tickFormatter: (name: string) => (name.length > 13 ? `${name.slice(0, 12)}…` : name) }}
        barProps={{ barSize: 16 }}
      />
    </ChartCard>
  );
}

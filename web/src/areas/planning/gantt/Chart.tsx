/** The chart with what belongs to it: its tools, its forms, and on a phone a list instead. */
import { Box, SegmentedControl, Stack } from '@mantine/core';
import { useHotkeys, useLocalStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useRef, useState } from 'react';
import type { Dependency, Timeline, TimelineItem } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { complain } from '~/parts/toast';
import { usePhone } from '~/parts/usePhone';
import { workTimeQuery } from '../queries';
import { DependencyForm } from './DependencyForm';
import { Gantt, type GanttHandle } from './Gantt';
import type { Placed } from './Links';
import { datesOf, rowsOf } from './model';
import { PhoneList } from './PhoneList';
import { type Picture, printPicture, savePicture } from './paint';
import { Refusal } from './Refusal';
import { scaleOf, type Zoom } from './scale';
import { TaskDates } from './TaskDates';
import { Tools } from './Tools';
import { type NewLink, useDependencies } from './useDependencies';
import { usePlan } from './usePlan';
import { workTime } from './worktime';
import '../colours.css';

interface Props {
  project: string;
  timeline: Timeline;
  baseline?: string;
  setBaseline(id?: string): void;
}

export function Chart({ project, timeline, baseline, setBaseline }: Props) {
  const phone = usePhone();
  const mayEdit = useMay('task.edit', project);
  const { data: calendar } = useQuery(workTimeQuery(project));
  const work = useMemo(() => calendar && workTime(calendar), [calendar]);
  const plan = usePlan(project, work);
  const dependencies = useDependencies(plan.refresh);
  const [zoom, setZoom] = useLocalStorage<Zoom>({ key: 'trackside.timeline.zoom', defaultValue: 'week' });
  const [critical, setCritical] = useLocalStorage({ key: 'trackside.timeline.critical', defaultValue: true });
  const [columns, setColumns] = useLocalStorage({ key: 'trackside.timeline.columns', defaultValue: true });
  const [view, setView] = useState<'list' | 'chart'>('list');
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [opened, setOpened] = useState<string>();
  const [picked, setPicked] = useState<Dependency>();
  const [refused, setRefused] = useState<unknown>();
  const gantt = useRef<GanttHandle>(null);
  useHotkeys([['mod+Z', plan.undo]]);

  const { items, dependencies: links } = timeline;
  const rows = useMemo(() => rowsOf(items, closed), [items, closed]);
  const [start, finish] = useMemo(() => reach(items), [items]);
  const scale = useMemo(() => scaleOf(zoom, start, finish, work?.hours), [zoom, start, finish, work]);
  const toggle = useCallback(
    (id: string) =>
      setClosed((before) => {
        const after = new Set(before);
        if (!after.delete(id)) after.add(id);
        return after;
      }),
    [],
  );
  const open = useCallback((item: TimelineItem) => setOpened(item.id), []);
  const connect = (link: NewLink) => dependencies.add.mutate(link, { onError: setRefused });
  const picture = (): Picture => {
    const placed = new Map<string, Placed>(
      rows.map(({ item }, index) => [item.id, { index, item, dates: datesOf(item) }]),
    );
    return { title: project, rows, links, placed, zoom, work, critical };
  };
  const item = items.find(({ id }) => id === opened);
  const [from, to] = [picked?.predecessor, picked?.task].map((id) => items.find((one) => one.id === id));
  const asList = phone && view === 'list';
  const whole = items.filter(({ summary }) => summary).map(({ id }) => id);

  return (
    <Stack gap="xs">
      {phone && (
        <SegmentedControl
          fullWidth
          value={view}
          onChange={(value) => setView(value as typeof view)}
          data={[
            { value: 'list', label: 'List' },
            { value: 'chart', label: 'Chart' },
          ]}
          aria-label="How the timeline is shown"
        />
      )}
      {!asList && (
        <Tools
          project={project}
          timeline={timeline}
          zoom={zoom}
          setZoom={setZoom}
          critical={critical}
          setCritical={setCritical}
          columns={columns}
          setColumns={setColumns}
          baseline={baseline}
          setBaseline={setBaseline}
          folded={closed.size > 0}
          fold={whole.length ? (fold) => setClosed(new Set(fold ? whole : [])) : undefined}
          toToday={() => gantt.current?.toToday()}
          undo={mayEdit && plan.last ? plan.undo : undefined}
          savePicture={() => void savePicture(picture(), `${project} timeline`).catch((error) => complain(error))}
          print={() => printPicture(picture())}
        />
      )}
      {asList ? (
        <PhoneList rows={rows} start={start} finish={finish} work={work} toggle={toggle} open={open} />
      ) : (
        <Box h={phone ? 'calc(100dvh - 360px)' : 'calc(100dvh - 236px)'} mih={280}>
          <Gantt
            ref={gantt}
            rows={rows}
            links={links}
            scale={scale}
            work={work}
            shown={plan.shown}
            mayEdit={mayEdit}
            critical={critical}
            columns={columns && !phone}
            tableWidth={phone ? 150 : columns ? 500 : 250}
            move={plan.move}
            toggle={toggle}
            open={open}
            pick={setPicked}
            connect={connect}
          />
        </Box>
      )}
      {item && work && (
        <TaskDates
          item={item}
          items={items}
          links={links}
          work={work}
          plan={plan}
          dependencies={dependencies}
          mayEdit={mayEdit}
          close={() => setOpened(undefined)}
        />
      )}
      {picked && from && to && work && (
        <DependencyForm
          link={picked}
          from={from}
          to={to}
          perDay={work.perDay}
          dependencies={dependencies}
          close={() => setPicked(undefined)}
        />
      )}
      <Refusal error={refused} items={items} close={() => setRefused(undefined)} />
    </Stack>
  );
}

/** From the earliest to the latest that is drawn. */
function reach(items: TimelineItem[]): [number, number] {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const item of items) {
    const { start, finish } = datesOf(item);
    first = Math.min(first, start, item.variance ? Date.parse(item.variance.baseline_start) : start);
    last = Math.max(last, finish, item.variance ? Date.parse(item.variance.baseline_finish) : finish);
  }
  return [first, last];
}

/** Changes of the plan: what they write, how they are shown before the server has answered, and how the last is undone. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { api, ask, ifMatch } from '~/api/client';
import { Problem } from '~/api/problem';
import type { NewSchedule, Task, TaskPatch, TaskSchedule, TimelineItem } from '~/api/schema';
import { taskQuery } from '~/areas/tasks/queries';
import { outbox } from '~/offline/outbox';
import { complain, say } from '~/parts/toast';
import { scheduleQuery } from '../queries';
import { type Dates, datesOf } from './model';
import type { WorkTime } from './worktime';

interface Write {
  task: Task;
  patch?: TaskPatch;
  schedule?: NewSchedule;
  scheduleVersion: number;
}
interface Done {
  title: string;
  taskId: string;
  task: Pick<Task, 'start_at' | 'due_at'>;
  taskVersion?: number;
  schedule?: NewSchedule;
  scheduleVersion?: number;
}

export const asSaid = ({
  constraint,
  constraint_at,
  duration,
  progress,
  actual_start,
  actual_finish,
  calendar,
}: TaskSchedule) => ({
  constraint,
  constraint_at,
  duration,
  progress,
  actual_start,
  actual_finish,
  calendar,
});

const iso = (instant: number) => new Date(instant).toISOString();

/** What has to be written so that the task has these dates: its own, its duration, or the date of its constraint. */
export function writeFor(item: TimelineItem, task: Task, schedule: TaskSchedule, want: Dates, work: WorkTime): Write {
  const now = datesOf(item);
  const moved = want.start !== now.start;
  const write: Write = { task, scheduleVersion: schedule.version };
  const said = asSaid(schedule);
  const fixed = schedule.duration !== null && schedule.duration !== undefined;
  const patch: TaskPatch = {};
  if (moved) patch.start_at = iso(want.start);
  else if (!fixed && !item.actual_start) patch.start_at = item.start;
  if (task.due_at || !fixed) patch.due_at = iso(want.finish);
  if (Object.keys(patch).length) write.patch = patch;
  const minutes = work.between(want.start, want.finish);
  if (fixed && minutes !== item.duration && minutes > 0) write.schedule = { ...said, duration: minutes };
  if (moved && said.constraint_at) {
    const at =
      schedule.constraint.startsWith('start') || schedule.constraint === 'must_start_on' ? want.start : want.finish;
    write.schedule = { ...said, ...write.schedule, constraint_at: iso(at) };
  }
  return write;
}

const putSchedule = (id: string, version: number, body: NewSchedule) =>
  ask(api.PUT('/api/v1/tasks/{id}/schedule', { params: { path: { id }, header: ifMatch(version) }, body }));

async function carryOut({ task, patch, schedule, scheduleVersion }: Write) {
  const newTask = patch ? await outbox.changeTask(task, patch) : undefined;
  const newSchedule = schedule ? await putSchedule(task.id, scheduleVersion, schedule) : undefined;
  return { taskVersion: newTask?.version, scheduleVersion: newSchedule?.version };
}

export function usePlan(project: string, work: WorkTime | undefined) {
  const client = useQueryClient();
  const [shown, setShown] = useState<ReadonlyMap<string, Dates>>(new Map());
  const [last, setLast] = useState<Done>();
  const count = useRef(0);

  const refresh = useCallback(async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: ['timeline'] }),
      client.invalidateQueries({ queryKey: ['tasks'], refetchType: 'none' }),
    ]);
  }, [client]);

  const move = useMutation({
    scope: { id: `plan ${project}` },
    meta: { quiet: true },
    mutationFn: async ({ item, want }: { item: TimelineItem; want: Dates }) => {
      if (!work) throw new Error('The working time of the project is not known yet. Try again in a moment.');
      const [task, schedule] = await Promise.all([
        client.fetchQuery({ ...taskQuery(item.id), staleTime: 0 }),
        client.fetchQuery({ ...scheduleQuery(item.id), staleTime: 0 }),
      ]);
      const write = writeFor(item, task, schedule, want, work);
      const versions = await carryOut(write);
      return {
        title: item.title,
        taskId: task.id,
        task: { start_at: task.start_at ?? null, due_at: task.due_at ?? null },
        schedule: write.schedule ? asSaid(schedule) : undefined,
        ...versions,
      } satisfies Done;
    },
    onMutate: ({ item, want }) => {
      count.current += 1;
      setShown((before) => new Map(before).set(item.id, want));
    },
    onSuccess: setLast,
    onError: (error) => complain(error, 'The task was not moved'),
    onSettled: async () => {
      await refresh();
      count.current -= 1;
      if (!count.current) setShown(new Map());
    },
  });

  const undo = useMutation({
    scope: { id: `plan ${project}` },
    meta: { quiet: true },
    mutationFn: async (done: Done) => {
      if (done.taskVersion) {
        const params = { path: { id: done.taskId }, header: ifMatch(done.taskVersion) };
        await ask(api.PATCH('/api/v1/tasks/{id}', { params, body: done.task }));
      }
      if (done.schedule) await putSchedule(done.taskId, done.scheduleVersion ?? 0, done.schedule);
    },
    onSuccess: (_, { title }) => say(`“${title}” is back where it was.`),
    onError: (error) => {
      const changed = error instanceof Problem && error.status === 412;
      complain(changed ? new Error('Somebody changed the task since, so it stays as it is.') : error, 'Not undone');
    },
    onSettled: refresh,
  });

  return {
    move: (item: TimelineItem, want: Dates) => move.mutate({ item, want }),
    /** Where bars are shown until the server has answered. */
    shown,
    last,
    undo: () => {
      if (!last) return;
      setLast(undefined);
      undo.mutate(last);
    },
    refresh,
  };
}
export type Plan = ReturnType<typeof usePlan>;

/** What a person changed and the server has not taken yet. */
import type { NewTask, Task, TaskPatch } from '~/api/schema';

export type Change =
  | {
      kind: 'patch';
      task: Task;
      patch: TaskPatch;
    }
  | { kind: 'create'; project: string; task: NewTask; shown: Task }
  | { kind: 'comment'; task: { id: string; key: string }; body: string };

export interface Entry {
  /** Also the idempotency key, so that a change whose answer was lost is not made twice. */
  id: string;
  /** When it was made, in milliseconds since 1970. */
  at: number;
  /** Whose it is: what somebody left behind on this device is not sent by the next person. */
  user: string;
  change: Change;
  /**
   * `queued` waits for the network; `conflict` for the person, since somebody else changed the same; `refused` too, since
   * the server does not take it.
   */
  state: 'queued' | 'conflict' | 'refused';
  /** What the task is for everybody else, in a conflict. */
  theirs?: Task;
  /** Why it was refused. */
  reason?: string;
}

const same = (one: unknown, other: unknown) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

const keysOf = (patch: TaskPatch) => Object.keys(patch) as (keyof TaskPatch & keyof Task)[];

/** Which fields of a patch somebody else has meanwhile changed to something else than it does. */
export function contested(base: Task, theirs: Task, patch: TaskPatch): (keyof TaskPatch & keyof Task)[] {
  return keysOf(patch).filter((key) => !same(base[key], theirs[key]) && !same(theirs[key], patch[key]));
}

/** Whether the task is already as the patch would make it: then it was taken, and only the answer was lost. */
export function isDone(theirs: Task, patch: TaskPatch): boolean {
  return keysOf(patch).every((key) => same(theirs[key], patch[key]));
}

/** What is read from the server, with what waits on this device on top of it. */
export function overlay(tasks: Task[], entries: Entry[], project?: string): Task[] {
  if (entries.length === 0) return tasks;
  let shown = tasks;
  for (const { change, state } of entries) {
    if (state === 'refused') continue;
    if (change.kind === 'patch' && state === 'queued') {
      shown = shown.map((task) => (task.id === change.task.id ? ({ ...task, ...change.patch } as Task) : task));
    }
    if (change.kind === 'create' && project !== undefined && change.project === project)
      shown = [...shown, change.shown];
  }
  return shown;
}

/** What a person changed and the server has not taken yet. */
import { Problem } from '~/api/problem';
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

const NAMES: Record<string, string> = {
  due_at: 'due date',
  start_at: 'start date',
  custom: 'custom fields',
  parent: 'parent task',
};

/** What people call a field of a task. */
export const fieldName = (field: string) => NAMES[field] ?? field.replace(/^custom\./, '').replaceAll('_', ' ');

/** Somebody else changed the same field meanwhile. Neither version is lost. */
export class Clash extends Problem {
  constructor(
    /** The task as it is now. */
    readonly theirs: Task,
    /** What was to be changed. */
    readonly mine: TaskPatch,
    /** The fields that both changed. */
    readonly fields: string[],
  ) {
    const what = fields.map(fieldName).join(', ');
    super({ type: 'clash', status: 412, detail: `Somebody else changed the ${what} of ${theirs.key} meanwhile.` });
  }
}

const same = (one: unknown, other: unknown) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** What a task or a patch says of a field, which may be a custom one: `custom.size`. */
export function fieldOf(thing: Task | TaskPatch, field: string): unknown {
  const [, key] = field.match(/^custom\.(.*)$/) ?? [];
  return key === undefined ? thing[field as keyof typeof thing] : thing.custom?.[key];
}

/** The fields that a patch is about; of the custom ones each by itself. */
const fieldsOf = (patch: TaskPatch) =>
  Object.keys(patch).flatMap((field) =>
    field === 'custom' ? Object.keys(patch.custom ?? {}).map((key) => `custom.${key}`) : [field],
  );

/** Which fields of a patch somebody else has meanwhile changed to something else than it does. */
export function contested(base: Task, theirs: Task, patch: TaskPatch): string[] {
  const taken = (field: string) => same(fieldOf(theirs, field), fieldOf(patch, field));
  return fieldsOf(patch).filter((field) => !same(fieldOf(base, field), fieldOf(theirs, field)) && !taken(field));
}

/** Whether the task is already as the patch would make it: then it was taken, and only the answer was lost. */
export const isDone = (theirs: Task, patch: TaskPatch) =>
  fieldsOf(patch).every((field) => same(fieldOf(theirs, field), fieldOf(patch, field)));

/** `task` with what `patch` makes of it. */
export const patched = (task: Task, patch: TaskPatch): Task =>
  ({ ...task, ...patch, ...(patch.custom ? { custom: { ...task.custom, ...patch.custom } } : {}) }) as Task;

/** What is read from the server, with what waits on this device on top of it. */
export function overlay(tasks: Task[], entries: Entry[], project?: string): Task[] {
  if (entries.length === 0) return tasks;
  let shown = tasks;
  for (const { change, state } of entries) {
    if (state === 'refused') continue;
    if (change.kind === 'patch' && state === 'queued') {
      shown = shown.map((task) => (task.id === change.task.id ? patched(task, change.patch) : task));
    }
    if (change.kind === 'create' && project !== undefined && change.project === project)
      shown = [...shown, change.shown];
  }
  return shown;
}

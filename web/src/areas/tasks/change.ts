/** Changes that meet somebody else's: joined where they are about different things, put to the person where they are not. */
import { api, ask } from '~/api/client';
import { Problem } from '~/api/problem';
import type { Task, TaskPatch } from '~/api/schema';
import { outbox } from '~/offline/outbox';

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

/** The fields of `patch` that are no longer what they were when it was written. */
function clashing(seen: Task, now: Task, patch: TaskPatch): string[] {
  const fields: string[] = [];
  for (const [field, value] of Object.entries(patch)) {
    if (field === 'custom') {
      for (const key of Object.keys(patch.custom ?? {}))
        if (!same(seen.custom[key], now.custom[key]) && !same(now.custom[key], patch.custom?.[key]))
          fields.push(`custom.${key}`);
      continue;
    }
    const [was, is] = [seen[field as keyof Task], now[field as keyof Task]];
    if (!same(was, is) && !same(is, value)) fields.push(field);
  }
  return fields;
}

/** `task` with what `patch` makes of it. */
export const patched = (task: Task, patch: TaskPatch): Task =>
  ({ ...task, ...patch, custom: patch.custom ? { ...task.custom, ...patch.custom } : task.custom }) as Task;

/**
 * Changes a task that was `seen` as it is given. What others changed besides is left alone; throws a {@link Clash} when
 * they changed the same.
 */
export async function changeTask(seen: Task, patch: TaskPatch): Promise<Task> {
  let base = seen;
  for (let tries = 0; ; tries++) {
    try {
      return await outbox.changeTask(base, patch);
    } catch (error) {
      if (!(error instanceof Problem && error.status === 412) || tries === 5) throw error;
      const now = await ask(api.GET('/api/v1/tasks/{id}', { params: { path: { id: seen.id } } }));
      const fields = clashing(seen, now, patch);
      if (fields.length > 0) throw new Clash(now, patch, fields);
      base = now;
    }
  }
}

/**
 * Changes on their way to the server. With a network they go at once; without one they wait on this device and are sent
 * in their order when it is back, each once. When somebody else changed the same meanwhile, the person is asked.
 */
import { api, ask, ifMatch } from '~/api/client';
import { Problem } from '~/api/problem';
import type { Comment, NewTask, Task, TaskPatch } from '~/api/schema';
import { type Change, Clash, contested, type Entry, isDone, patched } from './change';
import { store } from './store';

/** Nobody else may send while one tab does. */
const LOCK = 'trackside.outbox';

type Sent = { task?: Task; conflict?: Task };

async function patch(task: Task, change: TaskPatch, version = task.version): Promise<Sent> {
  try {
    const params = { path: { id: task.id }, header: ifMatch(version) };
    return { task: await ask(api.PATCH('/api/v1/tasks/{id}', { params, body: change })) };
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 412) throw error;
    const theirs = await ask(api.GET('/api/v1/tasks/{id}', { params: { path: { id: task.id } } }));
    if (isDone(theirs, change)) return { task: theirs };
    // What they changed is something else, so both stand.
    if (contested(task, theirs, change).length === 0) return patch(task, change, theirs.version);
    return { conflict: theirs };
  }
}

function create(project: string, task: NewTask, key: string): Promise<Task> {
  const params = { path: { id: project }, header: { 'Idempotency-Key': key } };
  return ask(api.POST('/api/v1/projects/{id}/tasks', { params, body: task }));
}

function comment(task: string, body: string, key: string): Promise<Comment> {
  const params = { path: { id: task }, header: { 'Idempotency-Key': key } };
  return ask(api.POST('/api/v1/tasks/{id}/comments', { params, body: { body } }));
}

async function send(change: Change, key: string): Promise<Sent> {
  switch (change.kind) {
    case 'patch':
      return patch(change.task, change.patch);
    case 'create':
      return { task: await create(change.project, change.task, key) };
    case 'comment':
      await comment(change.task.id, change.body, key);
      return {};
  }
}

/** Whether it is worth trying now. A browser that says it is online may be wrong; one that says it is not, is right. */
const cut = () => !navigator.onLine;

const isAway = (error: unknown) => error instanceof Problem && (error.unreachable || error.status >= 502);

let user = '';
let onSent: (change: Change, sent: Sent) => void = () => {};

const mine = () => store.entries.filter((entry) => entry.user === user);

/**
 * Sends now, or keeps the change and answers with what is shown until it is sent. It is kept under the key that it was
 * sent with, since the server may have taken it and only the answer was lost.
 */
async function sendOrKeep<T>(
  key: string,
  change: Change,
  now: () => Promise<T>,
  meanwhile: T,
  behind = false,
): Promise<T> {
  if (!behind && !cut()) {
    try {
      return await now();
    } catch (error) {
      if (!isAway(error)) throw error;
    }
  }
  await store.put({ id: key, at: Date.now(), user, change, state: 'queued' });
  return meanwhile;
}

export const outbox = {
  /** Begins for whoever has signed in; `sent` is told of each change that was taken, or stands in a conflict. */
  begin(who: string, sent: typeof onSent) {
    user = who;
    onSent = sent;
    void store.ready.then(() => outbox.flush());
  },

  /** What waits on this device, of whoever is signed in. */
  get entries() {
    return mine();
  },

  /**
   * Changes a task that was seen as it is given. What others changed besides is left alone; throws a {@link Clash} when
   * they changed the same.
   */
  async changeTask(task: Task, change: TaskPatch): Promise<Task> {
    const key = crypto.randomUUID();
    const meanwhile = patched(task, change);
    const entry: Change = { kind: 'patch', task, patch: change };
    // Behind what already waits for the same task, or it would be overtaken.
    const behind = mine().some(
      ({ change, state }) => state === 'queued' && change.kind === 'patch' && change.task.id === task.id,
    );
    const now = async () => {
      const { task: taken, conflict } = await patch(task, change);
      if (conflict) throw new Clash(conflict, change, contested(task, conflict, change));
      return taken ?? meanwhile;
    };
    return sendOrKeep(key, entry, now, meanwhile, behind);
  },

  createTask(project: string, task: NewTask): Promise<Task> {
    const key = crypto.randomUUID();
    const shown = draft(project, task, key);
    return sendOrKeep(key, { kind: 'create', project, task, shown }, () => create(project, task, key), shown);
  },

  /** Undefined when it waits. */
  addComment(task: { id: string; key: string }, body: string): Promise<Comment | undefined> {
    const key = crypto.randomUUID();
    return sendOrKeep<Comment | undefined>(
      key,
      { kind: 'comment', task, body },
      () => comment(task.id, body, key),
      undefined,
    );
  },

  /** Sends what waits, in order. Stops where the network does. */
  async flush(): Promise<void> {
    if (cut()) return;
    await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      for (let entry = next(); entry; entry = next()) {
        if (!(await deliver(entry))) return;
      }
    });
  },

  /** Makes the person's own change on top of what somebody else made of the task. */
  async keepMine(entry: Entry): Promise<void> {
    const { change, theirs } = entry;
    if (change.kind !== 'patch' || !theirs) return;
    await store.put({ ...entry, state: 'queued', theirs: undefined, change: { ...change, task: theirs } });
    await outbox.flush();
  },

  /** Gives a change up. */
  discard: (entry: Entry) => store.remove(entry.id),
};

const next = () => mine().find(({ state }) => state === 'queued');

/** Sends one; false when it makes no sense to go on now. */
async function deliver(entry: Entry): Promise<boolean> {
  const { change } = entry;
  try {
    const sent = await send(change, entry.id);
    if (sent.conflict) {
      await store.put({ ...entry, state: 'conflict', theirs: sent.conflict });
    } else {
      await store.remove(entry.id);
      if (sent.task) await follow(sent.task);
    }
    onSent(change, sent);
    return true;
  } catch (error) {
    if (!(error instanceof Problem) || error.passing || error.status === 401) return false;
    await store.put({ ...entry, state: 'refused', reason: error.message });
    return true;
  }
}

/** Later changes to the same task stand on the version that the earlier one made. */
async function follow(task: Task) {
  for (const entry of mine()) {
    if (entry.state !== 'queued' || entry.change.kind !== 'patch' || entry.change.task.id !== task.id) continue;
    await store.put({ ...entry, change: { ...entry.change, task } });
  }
}

/** What a task looks like that the server has not seen. */
function draft(project: string, task: NewTask, id: string): Task {
  const now = new Date().toISOString();
  return {
    status: 'todo',
    category: 'todo',
    priority: 'medium',
    type: 'task',
    description: '',
    labels: [],
    assignees: [],
    watchers: [],
    custom: {},
    ...task,
    id: `new_${id}`,
    key: 'New',
    version: 0,
    project,
    created_at: now,
    updated_at: now,
  } as Task;
}

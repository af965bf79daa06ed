import { describe, expect, it } from 'vitest';
import type { Task } from '~/api/schema';
import { contested, type Entry, isDone, overlay } from './change';

const base = { id: 'task_1', key: 'WEB-1', title: 'Write', status: 'todo', labels: ['a'], version: 1 } as Task;

describe('two people change one task', () => {
  it('is no conflict when they change different things', () => {
    expect(contested(base, { ...base, title: 'Write it', version: 2 }, { status: 'in_progress' })).toEqual([]);
  });

  it('is no conflict when they change the same thing in the same way', () => {
    expect(contested(base, { ...base, status: 'in_progress' }, { status: 'in_progress' })).toEqual([]);
  });

  it('is one where both changed the same thing to something else, also in lists', () => {
    const theirs = { ...base, labels: ['b'], title: 'Read' };
    expect(contested(base, theirs, { labels: ['c'], title: 'Sing', priority: 'high' })).toEqual(['labels', 'title']);
  });

  it('knows a change that was taken though its answer was lost', () => {
    expect(isDone({ ...base, labels: ['c'], version: 2 }, { labels: ['c'] })).toBe(true);
    expect(isDone(base, { labels: ['c'] })).toBe(false);
  });
});

describe('what waits on the device', () => {
  const entry = (change: Entry['change'], state: Entry['state'] = 'queued') =>
    ({ id: '1', at: 0, user: 'user_1', change, state }) as Entry;

  it('is shown on top of what the server says', () => {
    const queued = entry({ kind: 'patch', task: base, patch: { title: 'Mine' } });
    expect(overlay([base], [queued])[0]?.title).toBe('Mine');
  });

  it('is not shown when it was refused, or while the person has to choose', () => {
    const change = { kind: 'patch', task: base, patch: { title: 'Mine' } } as const;
    expect(overlay([base], [entry(change, 'refused'), entry(change, 'conflict')])[0]?.title).toBe('Write');
  });

  it('has new tasks in the project that they were made in, and in no other', () => {
    const made = entry({ kind: 'create', project: 'WEB', task: { title: 'New' }, shown: { ...base, id: 'new_1' } });
    expect(overlay([base], [made], 'WEB')).toHaveLength(2);
    expect(overlay([base], [made], 'OPS')).toHaveLength(1);
  });
});

/**
 * Which of what was read is out of date after an event. Keys begin with the area (`['tasks', …]`), and areas are called
 * as kinds of events are, so a new kind needs a line here only when it concerns another area than its own.
 */
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import type { Event } from '~/api/schema';
import { hearOnBoards } from '~/areas/board/cache';

const ALSO: Record<string, string[]> = {
  task: ['tasks', 'activity', 'timeline', 'metrics', 'portfolio'],
  run: ['runs', 'rules'],
  rule: ['rules'],
  approval: ['approvals', 'runs'],
  project: ['projects', 'workflow', 'labels', 'portfolio'],
  member: ['members', 'me'],
  access: ['members', 'me', 'roles', 'groups'],
  plan: ['timeline', 'projects'],
  calendar: ['timeline', 'calendars'],
  sla: ['slas', 'tasks'],
  field: ['fields'],
  milestone: ['milestones', 'timeline', 'portfolio'],
  sprint: ['sprints'],
  schedule: ['runs'],
  timesheet: ['times'],
  hook: ['runs', 'hooks'],
};

/** What changes tasks without an event for each of them. */
const CHANGES_MANY = new Set(['project.workflow_changed', 'project.label_renamed', 'project.types_changed']);

const waiting = new Set<string>();
let due: ReturnType<typeof setTimeout> | undefined;

/** Marks what the event concerns as old. Events come in bursts, so they are gathered for a moment. */
export function freshen(client: QueryClient, event: Event) {
  const area = event.kind.split('.')[0] ?? '';
  // A board has thousands of tasks, so it is told of the one, and read anew only where an event names none.
  if (area === 'task') hearOnBoards(client, event);
  if (CHANGES_MANY.has(event.kind)) waiting.add('board');
  for (const key of ALSO[area] ?? [`${area}s`]) waiting.add(key);
  if (due) return;
  due = setTimeout(() => {
    due = undefined;
    const keys = [...waiting];
    waiting.clear();
    for (const key of keys) renew(client, [key]);
  }, 60);
}

/** Reads anew whatever begins with the key. What is being read for the first time may be from before, so it is read once more. */
export function renew(client: QueryClient, queryKey: QueryKey = []) {
  for (const query of client.getQueryCache().findAll({ queryKey, fetchStatus: 'fetching' })) {
    if (query.state.data !== undefined) continue;
    const again = () => client.invalidateQueries({ queryKey: query.queryKey, exact: true });
    query.promise?.then(again, () => undefined);
  }
  void client.invalidateQueries({ queryKey });
}

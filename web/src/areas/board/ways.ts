import type { Transitions, Workflow } from '~/api/schema';

/** Whether the workflow lets a task go from one status to another. */
export function mayGo(transitions: Transitions | undefined, from: string, to: string): boolean {
  if (!transitions || from === to) return false;
  return transitions === 'any' || transitions.some((way) => way.from === from && way.to === to);
}

/** The first status of work that is done which a task may go to from where it stands. */
export function wayToDone(workflow: Workflow, from: string) {
  return workflow.statuses.find(({ key, category }) => category === 'done' && mayGo(workflow.transitions, from, key));
}

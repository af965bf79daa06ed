/** Kinds of events as one says them after "when": "a task is created". */

const NOUNS: Record<string, string> = {
  access: 'access',
  approval: 'an approval',
  baseline: 'a baseline',
  budget: 'a budget',
  calendar: 'a working calendar',
  field: 'a custom field',
  hook: 'a webhook',
  member: 'a member',
  milestone: 'a milestone',
  plan: 'a project’s plan',
  project: 'a project',
  recurrence: 'a recurring task',
  resource: 'planning',
  rule: 'a rule',
  run: 'a run',
  schedule: 'a schedule',
  sla: 'an SLA',
  sprint: 'a sprint',
  task: 'a task',
  task_template: 'a task template',
  time: 'time',
  timesheet: 'a timesheet',
  view: 'a view',
};

const SAID: Record<string, string> = {
  'access.assigned': 'somebody is given a role or permission',
  'access.ended': 'somebody’s role or permission ends',
  'access.group_changed': 'a group changes',
  'access.role_changed': 'a role changes',
  'approval.requested': 'an approval is asked for',
  'approval.timed_out': 'an approval is not answered in time',
  'approval.voted': 'somebody votes on an approval',
  'approval.withdrawn': 'an approval is no longer needed',
  'budget.cost_added': 'a cost is added to a budget',
  'budget.cost_deleted': 'a cost is deleted from a budget',
  'budget.cost_updated': 'a cost of a budget changes',
  'budget.rate_added': 'an hourly rate is added',
  'budget.rate_deleted': 'an hourly rate is deleted',
  'budget.rate_updated': 'an hourly rate changes',
  'budget.threshold_reached': 'a budget’s use reaches a threshold',
  'calendar.updated': 'working times change',
  'hook.received': 'a webhook comes in',
  'member.departed': 'a member leaves',
  'member.invitation_revoked': 'an invitation is taken back',
  'member.invited': 'somebody is invited',
  'member.joined': 'a member joins',
  'member.profile_changed': 'a member’s profile changes',
  'member.role_changed': 'a member’s role changes',
  'milestone.tasks_completed': 'the last task of a milestone is completed',
  'project.health_changed': 'a project’s health changes',
  'project.label_renamed': 'a label is renamed or removed',
  'project.types_changed': 'a project’s task types change',
  'project.workflow_changed': 'a project’s workflow changes',
  'recurrence.occurred': 'a recurring task is due',
  'resource.absence_added': 'an absence is entered',
  'resource.absence_deleted': 'an absence is deleted',
  'resource.absence_updated': 'an absence changes',
  'resource.allocation_added': 'somebody is planned for a project',
  'resource.allocation_deleted': 'somebody is no longer planned for a project',
  'resource.allocation_updated': 'somebody’s planning changes',
  'resource.over_allocated': 'somebody is planned beyond their time',
  'resource.over_allocation_resolved': 'somebody is no longer overbooked',
  'rule.changed': 'a rule changes',
  'run.failed': 'a run fails',
  'sla.breached': 'an SLA is breached',
  'sla.met': 'an SLA is met',
  'sla.warned': 'an SLA is about to be breached',
  'task.assigned': 'a task’s assignees change',
  'task.attachment_added': 'a file is attached to a task',
  'task.attachment_removed': 'a file is removed from a task',
  'task.button_pressed': 'a rule’s button is pressed on a task',
  'task.comment_deleted': 'a comment is deleted',
  'task.comment_edited': 'a comment is edited',
  'task.commented': 'somebody comments on a task',
  'task.date_reached': 'a task’s date is reached',
  'task.dependency_added': 'a task gets a dependency',
  'task.dependency_removed': 'a task loses a dependency',
  'task.linked': 'a task is linked with another',
  'task.mentioned': 'somebody is mentioned in a comment',
  'task.rescheduled': 'a task’s planned dates move',
  'task.schedule_changed': 'a task’s scheduling changes',
  'task.sensitive_changed': 'a task’s sensitive fields change',
  'task.status_changed': 'a task’s status changes',
  'task.unlinked': 'a task’s link is removed',
  'task.unwatched': 'somebody stops watching a task',
  'task.watched': 'somebody watches a task',
  'threshold.crossed': 'a figure crosses its limit',
  'time.logged': 'time is logged',
  'time.timer_started': 'a timer is started',
  'time.timer_stopped': 'a timer is stopped',
  'time.deleted': 'a time entry is deleted',
  'time.updated': 'a time entry changes',
};

const AREAS: Record<string, string> = {
  task: 'Tasks',
  task_template: 'Task templates',
  project: 'Projects',
  milestone: 'Milestones',
  sprint: 'Sprints',
  approval: 'Approvals',
  sla: 'Service levels',
  time: 'Time',
  timesheet: 'Timesheets',
  budget: 'Budgets',
  resource: 'People’s planning',
  member: 'Members',
  access: 'Access',
  hook: 'Other tools',
  recurrence: 'Recurring tasks',
  run: 'Runs and rules',
  rule: 'Runs and rules',
  plan: 'Planning',
  baseline: 'Planning',
  calendar: 'Planning',
  field: 'Fields and views',
  view: 'Fields and views',
};

/** The heading under which a kind of event is offered. */
export const areaOf = (kind: string) => AREAS[kind.split('.')[0] ?? ''] ?? 'More';
export const AREA_ORDER = [...new Set(Object.values(AREAS)), 'More'];

export const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
export const spaced = (word: string) => word.replaceAll('_', ' ');

/** "a task is created"; of a pattern, "anything happens to a task". */
export function whenWords(kind: string): string {
  const said = SAID[kind];
  if (said) return said;
  if (kind === '*') return 'anything happens';
  const [area = '', verb = ''] = kind.split('.');
  const noun = NOUNS[area] ?? `“${spaced(area)}”`;
  if (verb === '*' || verb === '') return `anything happens to ${noun}`;
  if (verb === 'failed') return `${noun} fails`;
  if (verb === 'updated') return `${noun} changes`;
  if (verb === 'occurred') return `${noun} is due`;
  return `${noun} is ${spaced(verb)}`;
}

/** What starts a rule, in words. */
import type { Rule, RuleState } from '~/api/schema';

export const STATE_WORDS: Record<RuleState, { label: string; says: string; color: string }> = {
  enabled: { label: 'On', says: 'Runs and does what its steps say', color: 'green' },
  shadow: { label: 'Watching', says: 'Runs, but only records what it would do', color: 'violet' },
  paused: { label: 'Paused', says: 'Starts no new runs', color: 'orange' },
  draft: { label: 'Draft', says: 'Was never switched on', color: 'gray' },
};

const FIELDS: Record<string, string> = { due_at: 'due date', start_at: 'start date' };

const METRICS: Record<string, string> = {
  'tasks.open': 'open tasks',
  'tasks.overdue': 'overdue tasks',
  'sprint.remaining': 'open tasks of the sprint',
  'budget.used_percent': 'budget used, in percent',
  'people.over_allocated': 'people with too much planned',
  'runs.failed': 'failed runs of the last hour',
};

const AREAS: Record<string, string> = { sla: 'SLA', hook: 'Webhook', task_template: 'Task template' };

/** “task.status_changed” as people say it: “Task: status changed”. */
export function kindWords(kind: string): string {
  const [area = '', what = ''] = kind.split('.');
  const name = AREAS[area] ?? area.charAt(0).toUpperCase() + area.slice(1).replaceAll('_', ' ');
  if (!what || what === '*') return area === '*' ? 'Anything that happens' : `${name}: anything`;
  return `${name}: ${what.replaceAll('_', ' ')}`;
}

const shown = (value: unknown) => (Array.isArray(value) ? value.join(', ') : String(value)).replaceAll('_', ' ');

/** When a rule runs, in a few words. */
export function triggerWords({ trigger }: Rule): string {
  switch (trigger.on) {
    case 'manual':
      return trigger.subject ? 'By a button on tasks' : 'Started by hand';
    case 'schedule':
      return scheduleWords(trigger);
    case 'date': {
      const field = FIELDS[trigger.field ?? ''] ?? (trigger.field ?? 'a date').replace(/^custom\./, '');
      if (trigger.before) return `${trigger.before} before the ${field}`;
      return trigger.after ? `${trigger.after} after the ${field}` : `On the ${field}`;
    }
    case 'threshold': {
      const beyond = trigger.above == null ? `below ${trigger.below}` : `above ${trigger.above}`;
      return `When ${METRICS[trigger.metric ?? ''] ?? trigger.metric}: ${beyond}`;
    }
    default: {
      const to = trigger.match?.to;
      const hook = trigger.match?.hook;
      const words = kindWords(trigger.on === 'hook' ? 'hook.received' : trigger.on);
      if (to !== undefined && to !== null && to !== '*') return `${words} to ${shown(to)}`;
      return hook ? `${words} (${shown(hook)})` : words;
    }
  }
}

function scheduleWords({ cron, every, once, rrule }: Rule['trigger']): string {
  if (every) return `Every ${every}`;
  if (once) return 'Once, at a set time';
  return cron ? `By the clock: ${cron}` : rrule ? 'By the calendar' : 'By the clock';
}

/** What the server says within a sentence, as a sentence of its own. */
export const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

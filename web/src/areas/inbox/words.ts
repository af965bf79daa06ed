/** What kinds of messages are called. */
import {
  IconAlarm,
  IconArrowUp,
  IconAt,
  IconBolt,
  IconCalendarDue,
  IconCalendarEvent,
  IconExclamationCircle,
  IconInfoCircle,
  IconMessage,
  IconProgress,
  IconThumbUp,
  IconUserCheck,
  type TablerIcon,
} from '@tabler/icons-react';
import type { Channel, Kind, Notification, When } from '~/api/schema';

export const KINDS: Record<Kind, { label: string; about: string; icon: TablerIcon }> = {
  mention: { label: 'Mentions', about: 'Somebody names you in a comment', icon: IconAt },
  assigned: { label: 'Assignments', about: 'A task becomes yours', icon: IconUserCheck },
  comment: { label: 'Comments', about: 'On tasks that you work on or watch', icon: IconMessage },
  status: { label: 'Status changes', about: 'Of tasks that you work on or watch', icon: IconProgress },
  due_changed: { label: 'Changed dates', about: 'Of tasks that you work on or watch', icon: IconCalendarEvent },
  due_soon: { label: 'Due soon', about: 'A task of yours is due within a day', icon: IconCalendarDue },
  overdue: { label: 'Overdue', about: 'A task of yours was due and is not done', icon: IconAlarm },
  approval: { label: 'Approvals', about: 'A rule waits for your answer', icon: IconThumbUp },
  escalation: { label: 'Escalations', about: 'Something was not done in time', icon: IconArrowUp },
  rule: { label: 'From rules', about: 'A rule tells you something', icon: IconBolt },
  system: { label: 'Trouble', about: 'A rule of yours failed, and the like', icon: IconExclamationCircle },
};

/** A kind that is newer than this page has a word, too. */
export const kindOf = (kind: Kind) => KINDS[kind] ?? { label: kind, about: '', icon: IconInfoCircle };

export const KIND_NAMES = Object.keys(KINDS) as Kind[];

export const CHANNELS: Record<Channel, string> = { app: 'In Trackside', email: 'E-mail', push: 'Push' };

export const WHENS: Record<When, string> = {
  at_once: 'At once',
  hourly: 'Hourly',
  daily: 'Daily',
  weekly: 'Weekly',
  off: 'Off',
};

/** Where a message leads: the task in its drawer, or the page of what it is about. */
export function leadsTo({ task, subject, kind }: Notification): { to: string; search?: { task: string } } | undefined {
  if (subject?.startsWith('appr_')) return { to: `/approvals/${subject}` };
  if (kind === 'approval' && subject?.startsWith('run_')) return { to: '/approvals' };
  if (subject?.startsWith('run_')) return { to: `/runs/${subject}` };
  if (subject?.startsWith('rule_')) return { to: `/rules/${subject}/health` };
  if (task) return { to: '/notifications', search: { task } };
  if (subject?.startsWith('task_')) return { to: '/notifications', search: { task: subject } };
  if (subject?.startsWith('proj_')) return { to: `/projects/${subject}` };
  return undefined;
}

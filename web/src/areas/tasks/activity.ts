/** What an event of a task says in a sentence, without who did it. */
import type { Activity } from '~/api/schema';
import { fieldName } from '~/offline/change';

export interface Words {
  person: (id: string) => string;
  status: (key: string) => string;
  moment: (at: string) => string;
}

type Details = Record<string, unknown> & {
  change?: Record<string, { from?: unknown; to?: unknown }> & {
    from?: unknown;
    to?: unknown;
    added?: string[];
    removed?: string[];
  };
  other?: { key?: string; title?: string };
  attachment?: { name?: string };
  predecessor?: { key?: string };
  link?: { type?: string };
  user?: string;
  rule?: { name?: string };
};

const TIMED = /_at$/;

function value(field: string, it: unknown, words: Words): string {
  if (it === null || it === undefined || it === '' || (Array.isArray(it) && it.length === 0)) return 'nothing';
  if (field === 'status') return words.status(String(it));
  if (TIMED.test(field)) return words.moment(String(it));
  if (field === 'estimate') return `${it} min`;
  if (Array.isArray(it)) return it.map((one) => value('', one, words)).join(', ');
  if (typeof it === 'string' && it.startsWith('user_')) return words.person(it);
  return typeof it === 'object' ? JSON.stringify(it) : String(it);
}

/** Texts and ids say too much or too little to be repeated. */
const UNTOLD = new Set(['description', 'parent', 'milestone', 'sprint', 'custom', 'position']);

function updated(change: NonNullable<Details['change']>, words: Words): string {
  const parts = Object.entries(change)
    .filter(([field]) => !['category', 'completed_at'].includes(field))
    .map(([field, step]) => {
      const name = fieldName(field);
      if (UNTOLD.has(field) || !step || typeof step !== 'object') return `changed the ${name}`;
      const { from, to } = step as { from?: unknown; to?: unknown };
      if (to == null) return `took the ${name} off`;
      if (field === 'labels' || from == null) return `set the ${name} to ${value(field, to, words)}`;
      return `changed the ${name} from ${value(field, from, words)} to ${value(field, to, words)}`;
    });
  return parts.join(', ') || 'changed the task';
}

/** Undefined for what another event of the same change already says. */
export function sentence({ kind, details }: Activity, words: Words): string | undefined {
  const it = details as Details;
  const people = (ids: string[] = []) => ids.map(words.person).join(', ');
  switch (kind) {
    case 'task.created':
      return 'made the task';
    case 'task.updated': {
      const { status: _status, assignees: _assignees, ...rest } = it.change ?? {};
      const told = Object.keys(rest).filter((field) => !['category', 'completed_at'].includes(field));
      return told.length > 0 ? updated(rest as NonNullable<Details['change']>, words) : undefined;
    }
    case 'task.status_changed':
      return `moved it from ${value('status', it.change?.from, words)} to ${value('status', it.change?.to, words)}`;
    case 'task.assigned': {
      const { added, removed } = it.change ?? {};
      const parts = [added?.length && `assigned ${people(added)}`, removed?.length && `unassigned ${people(removed)}`];
      return parts.filter(Boolean).join(' and ') || 'changed the assignees';
    }
    case 'task.commented':
      return 'commented';
    case 'task.comment_edited':
      return 'changed a comment';
    case 'task.comment_deleted':
      return 'deleted a comment';
    case 'task.attachment_added':
      return `added the file ${it.attachment?.name ?? ''}`;
    case 'task.attachment_removed':
      return `removed the file ${it.attachment?.name ?? ''}`;
    case 'task.linked':
      return `linked it with ${it.other?.key ?? 'another task'}`;
    case 'task.unlinked':
      return `took the link to ${it.other?.key ?? 'another task'} off`;
    case 'task.dependency_added':
      return `made it wait for ${it.predecessor?.key ?? 'another task'}`;
    case 'task.dependency_removed':
      return `no longer has it wait for ${it.predecessor?.key ?? 'another task'}`;
    case 'task.watched':
      return 'began to watch it';
    case 'task.unwatched':
      return 'no longer watches it';
    case 'task.mentioned':
      return `mentioned ${it.user ? words.person(it.user) : 'somebody'}`;
    case 'task.rescheduled':
    case 'task.schedule_changed':
      return 'changed when it is planned';
    case 'task.date_reached':
      return 'noticed that a date was reached';
    case 'task.button_pressed':
      return `pressed the button of the rule “${it.rule?.name ?? ''}”`;
    case 'task.sensitive_changed':
      return 'changed a confidential field';
    case 'time.logged':
    case 'time.timer_stopped':
      return 'logged time';
    case 'time.timer_started':
      return 'started a timer';
    case 'sla.warned':
      return 'warned that the promised time runs out';
    case 'sla.breached':
      return 'noticed that the promised time was missed';
    case 'sla.met':
      return 'noticed that the promised time was kept';
    default:
      return kind.replace(/^[a-z_]+\./, '').replaceAll('_', ' ');
  }
}

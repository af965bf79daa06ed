/** Everything that can start a rule, in groups, found by words. */
import { useMemo } from 'react';
import { useEventKinds } from '../queries';
import { AREA_ORDER, areaOf, sentenceCase, whenWords } from './kinds';

export interface Start {
  on: string;
  label: string;
  about: string;
}

const SPECIAL: (Start & { words: string })[] = [
  {
    on: 'schedule',
    label: 'On a schedule',
    about: 'Every morning, each Monday, the last Friday of a month …',
    words: 'time clock cron daily weekly every hour',
  },
  {
    on: 'date',
    label: 'A task’s date comes near, or has passed',
    about: 'A day before the due date, an hour after it: due soon and overdue.',
    words: 'overdue due soon late deadline before after',
  },
  {
    on: 'manual',
    label: 'Somebody starts it',
    about: 'With a button on a task, by hand, or through the interface.',
    words: 'button form manual press',
  },
  {
    on: 'hook',
    label: 'A webhook comes in',
    about: 'GitHub, GitLab, Jira, Slack or anything else posts to an address.',
    words: 'github gitlab jira slack http incoming',
  },
  {
    on: 'threshold',
    label: 'A figure crosses a limit',
    about: 'Too many overdue tasks, a budget nearly used up, failing runs.',
    words: 'metric number count budget overdue limit',
  },
];

/** What rules start with most often comes first. */
const USUAL = ['task.created', 'task.status_changed', 'task.updated', 'task.commented', 'task.assigned'];
const place = ({ on }: Start) => (USUAL.includes(on) ? USUAL.indexOf(on) : USUAL.length);

const BY_THE_CLOCK = new Set([
  'schedule.occurred',
  'task.date_reached',
  'threshold.crossed',
  'task.button_pressed',
  'hook.received',
]);

export function useStarts(query: string): { group: string; items: Start[] }[] {
  const kinds = useEventKinds();
  return useMemo(() => {
    const wanted = query.toLowerCase().trim().split(/\s+/);
    const fits = (text: string) => wanted.every((word) => text.toLowerCase().includes(word));
    const special = SPECIAL.filter(({ label, about, words, on }) => fits(`${label} ${about} ${words} ${on}`));
    const groups = new Map<string, Start[]>();
    for (const { kind, summary } of kinds.values()) {
      if (BY_THE_CLOCK.has(kind)) continue;
      const label = sentenceCase(whenWords(kind));
      const group = areaOf(kind);
      if (!fits(`${label} ${summary} ${kind} ${group}`)) continue;
      groups.set(group, [...(groups.get(group) ?? []), { on: kind, label, about: summary.replaceAll('`', '') }]);
    }
    const found = AREA_ORDER.filter((group) => groups.has(group)).map((group) => ({
      group,
      items: groups.get(group)!.sort((a, b) => place(a) - place(b)),
    }));
    const [tasks, ...rest] = found;
    const first = { group: 'Time, people and other tools', items: special };
    const all = tasks?.group === 'Tasks' ? [tasks, first, ...rest] : [first, ...found];
    return all.filter(({ items }) => items.length > 0);
  }, [kinds, query]);
}

/** Which cards a board shows, and in which order: all of it stands in the address, so that it can be sent to others. */
import type { Priority, Status } from '~/api/schema';
import type { Card } from './cache';

export interface BoardSearch {
  q?: string;
  /** Ids of people, `none` for nobody; parted by commas, as all the others. */
  assignee?: string;
  label?: string;
  priority?: string;
  type?: string;
  sort?: BoardSort;
  /** Whether the guide through the demo is shown. */
  guide?: boolean;
}

export type BoardSort = 'priority' | 'due' | 'newest' | 'updated' | 'title';

/** What people read for each order. */
export const SORTS: Record<BoardSort, string> = {
  priority: 'Most urgent first',
  due: 'Due first',
  newest: 'Newest first',
  updated: 'Changed last',
  title: 'By title',
};

export const PRIORITIES: Record<Priority, { label: string; rank: number }> = {
  critical: { label: 'Critical', rank: 0 },
  high: { label: 'High', rank: 1 },
  medium: { label: 'Medium', rank: 2 },
  low: { label: 'Low', rank: 3 },
};

export const listed = (text?: string) => (text ? text.split(',') : []);

/** Whether anything narrows the board. */
export const isNarrowed = ({ q, assignee, label, priority, type }: BoardSearch) =>
  [q, assignee, label, priority, type].some(Boolean);

/** Says of a card whether it is looked for. */
export function matcher(search: BoardSearch): (card: Card) => boolean {
  const words = (search.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const [people, labels, priorities, types] = [search.assignee, search.label, search.priority, search.type].map(listed);
  return (card) =>
    words.every((word) => card.title.toLowerCase().includes(word) || card.key.toLowerCase().includes(word)) &&
    (people!.length === 0 ||
      card.assignees.some((id) => people!.includes(id)) ||
      (card.assignees.length === 0 && people!.includes('none'))) &&
    (labels!.length === 0 || card.labels.some((label) => labels!.includes(label))) &&
    (priorities!.length === 0 || priorities!.includes(card.priority)) &&
    (types!.length === 0 || types!.includes(card.type));
}

const collator = new Intl.Collator(undefined, { numeric: true });
const newest = (one: Card, other: Card) => (one.created_at < other.created_at ? 1 : -1);
const byDue = (one: Card, other: Card) => {
  // Moments as the server writes them compare as texts, which is many times faster than by the rules of a language.
  const [a, b] = [one.due_at ?? '9999', other.due_at ?? '9999'];
  return a < b ? -1 : a > b ? 1 : 0;
};

const ORDERS: Record<BoardSort, (one: Card, other: Card) => number> = {
  priority: (one, other) =>
    PRIORITIES[one.priority].rank - PRIORITIES[other.priority].rank || byDue(one, other) || newest(one, other),
  due: (one, other) => byDue(one, other) || newest(one, other),
  newest,
  updated: (one, other) => (one.updated_at < other.updated_at ? 1 : -1),
  title: (one, other) => collator.compare(one.title, other.title),
};

/** The cards of each column, in order. Cards in a status that is no longer there stand in the first one. */
export function columns(cards: Card[], statuses: Status[], search: BoardSearch): Map<string, Card[]> {
  const found = new Map<string, Card[]>(statuses.map(({ key }) => [key, []]));
  const first = statuses[0]?.key ?? '';
  const fits = matcher(search);
  for (const card of cards) if (fits(card)) (found.get(card.status) ?? found.get(first))?.push(card);
  for (const column of found.values()) column.sort(ORDERS[search.sort ?? 'priority']);
  return found;
}

/**
 * The tasks of a board: all of a project's, with what a card shows of them. They are read once and from then on kept by
 * what events say, since reading thousands anew for each change would take longer than people wait.
 */
import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import type { Event, Task } from '~/api/schema';
import { overlay } from '~/offline/change';
import { outbox } from '~/offline/outbox';

const FIELDS = [
  'id',
  'key',
  'version',
  'project',
  'title',
  'type',
  'status',
  'category',
  'priority',
  'labels',
  'assignees',
  'parent',
  'due_at',
  'points',
  'created_at',
  'updated_at',
] as const satisfies (keyof Task)[];

/** What a card knows of its task. */
export type Card = Pick<Task, (typeof FIELDS)[number]>;

export interface BoardTasks {
  cards: Card[];
  /** How many there are on the server. */
  total: number;
  /** False while more are on their way. */
  complete: boolean;
}

const PAGE = 200;
/** As far as the server passes over rows. */
const FARTHEST = 10_000;
const AT_ONCE = 6;

const pageBegan = Date.now();

/** `project` is its key, as it stands in the address. */
export const boardQuery = (project: string) =>
  queryOptions({
    queryKey: ['board', project],
    queryFn: ({ client, signal }) => load(client, project, signal),
    structuralSharing: false,
    // What lay on the device from an earlier visit has missed events.
    staleTime: ({ state }) => (state.dataUpdatedAt < pageBegan ? 0 : 10 * 60_000),
    refetchOnWindowFocus: false,
  });

/** The newest come first, so that what is made meanwhile moves nothing out of the pages that are still to come. */
async function load(client: QueryClient, project: string, signal: AbortSignal): Promise<BoardTasks> {
  const page = (offset: number) => {
    const query = { project, sort: '-created_at', limit: PAGE, offset, total: offset === 0, fields: FIELDS.join() };
    return ask(api.GET('/api/v1/tasks', { params: { query: query as never }, signal }));
  };
  const begun = new Date().toISOString();
  const first = await page(0);
  const total = first.total ?? first.items.length;
  const pages: Card[][] = [first.items];
  const offsets: number[] = [];
  for (let offset = PAGE; offset < total && offset <= FARTHEST; offset += PAGE) offsets.push(offset);
  const show = (complete: boolean) => {
    const shown = client.getQueryData<BoardTasks>(['board', project]);
    const cards = merge(pages.flat(), shown?.cards ?? [], begun);
    return { cards: overlay(cards as Task[], outbox.entries, project), total, complete };
  };
  if (offsets.length > 0 && !client.getQueryData(['board', project])) {
    client.setQueryData(['board', project], show(false));
  }
  const worker = async () => {
    for (let offset = offsets.shift(); offset !== undefined; offset = offsets.shift()) {
      pages[offset / PAGE] = (await page(offset)).items;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return show(true);
}

/** Tasks that were deleted while the page is open; an answer that is on its way may still have them. */
const gone = new Set<string>();

/** What was read, but for what events have told since. */
function merge(read: Card[], shown: Card[], begun: string): Card[] {
  const cards = new Map<string, Card>();
  for (const card of read) if (!gone.has(card.id)) cards.set(card.id, card);
  for (const card of shown) {
    const other = cards.get(card.id);
    if (other ? other.version < card.version : card.created_at >= begun) cards.set(card.id, card);
  }
  return [...cards.values()];
}

/** Puts tasks on the boards that are open, or have been, unless something newer is known of them. */
export function showOnBoards(
  client: QueryClient,
  tasks: Card[],
  isNewer = (mine: Card, theirs: Card) => mine.version >= theirs.version,
) {
  for (const [key, board] of client.getQueriesData<BoardTasks>({ queryKey: ['board'] })) {
    if (!board) continue;
    const mine = new Map(tasks.filter((task) => isOn(task, key[1] as string, board)).map((task) => [task.id, task]));
    if (mine.size === 0) continue;
    const cards = board.cards.filter(isStillThere).map((card) => {
      const task = mine.get(card.id);
      if (!task) return card;
      mine.delete(card.id);
      return isNewer(task, card) ? { ...card, ...ofCard(task) } : card;
    });
    cards.push(...[...mine.values()].map(ofCard));
    client.setQueryData<BoardTasks>(key, { ...board, cards, total: board.total + mine.size });
  }
}

/** False for what was made without a network and has meanwhile been sent: then it comes under its own key. */
const isStillThere = ({ id }: Card) =>
  !id.startsWith('new_') || outbox.entries.some((entry) => `new_${entry.id}` === id);

/** What a card knows of a task, of which more may be at hand. */
const ofCard = (task: Card) => Object.fromEntries(FIELDS.map((field) => [field, task[field]])) as Card;

/** Whether a task belongs to the board of this project. Keys of tasks begin with their project's. */
const isOn = (task: Card, project: string, board: BoardTasks) =>
  task.key.startsWith(`${project}-`) || task.project === project || task.project === board.cards[0]?.project;

function takeOffBoards(client: QueryClient, ids: Set<string>) {
  for (const [key, board] of client.getQueriesData<BoardTasks>({ queryKey: ['board'] })) {
    if (!board) continue;
    const cards = board.cards.filter(({ id }) => !ids.has(id));
    const fewer = board.cards.length - cards.length;
    if (fewer > 0) client.setQueryData<BoardTasks>(key, { ...board, cards, total: board.total - fewer });
  }
}

const told = new Map<string, Card>();
const removed = new Set<string>();
let due: ReturnType<typeof setTimeout> | undefined;

/** Keeps the boards by what an event says of its task. A batch of a thousand is shown at once. */
export function hearOnBoards(client: QueryClient, event: Event) {
  const { task } = event.data as { task?: Card };
  if (event.kind === 'task.deleted') {
    gone.add(event.subject);
    removed.add(event.subject);
  } else if (task?.version !== undefined) {
    const before = told.get(task.id);
    if (!before || before.version <= task.version) told.set(task.id, task);
  } else {
    return;
  }
  if (due) return;
  due = setTimeout(() => {
    due = undefined;
    const tasks = [...told.values()].filter(({ id }) => !gone.has(id));
    const ids = new Set(removed);
    told.clear();
    removed.clear();
    if (tasks.length > 0) showOnBoards(client, tasks, (mine, theirs) => mine.version > theirs.version);
    if (ids.size > 0) takeOffBoards(client, ids);
  }, 16);
}

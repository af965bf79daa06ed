/** The rows of the chart, and where each bar stands. */
import type { Dependency, TimelineItem } from '~/api/schema';

export interface Row {
  item: TimelineItem;
  depth: number;
  parts: number;
  open: boolean;
}

/** The tasks with their subtasks below them; those of closed ones are left out. */
export function rowsOf(items: TimelineItem[], closed: ReadonlySet<string>): Row[] {
  const known = new Set(items.map(({ id }) => id));
  const parts = new Map<string, TimelineItem[]>();
  const whole: TimelineItem[] = [];
  for (const item of items) {
    const parent = item.parent;
    if (!parent || !known.has(parent)) whole.push(item);
    else if (parts.has(parent)) parts.get(parent)?.push(item);
    else parts.set(parent, [item]);
  }
  const rows: Row[] = [];
  const add = (item: TimelineItem, depth: number) => {
    const below = parts.get(item.id) ?? [];
    const open = !closed.has(item.id);
    rows.push({ item, depth, parts: below.length, open });
    if (open) for (const part of below) add(part, depth + 1);
  };
  for (const item of whole) add(item, 0);
  return rows;
}

export interface Dates {
  start: number;
  finish: number;
}
export const datesOf = (item: TimelineItem): Dates => ({
  start: Date.parse(item.start),
  finish: Date.parse(item.finish),
});

/** What keeps a bar from being moved, in words; undefined when nothing does. */
export function heldBy(item: TimelineItem): string | undefined {
  if (item.summary) return 'Its dates are those of its subtasks. Move these.';
  if (item.actual_finish) return 'It is done, so its dates stay.';
  if (item.actual_start) return 'It has begun, so its start stays. Change its end.';
}

export type DependencyType = Dependency['type'];
export const TYPES: { value: DependencyType; label: string }[] = [
  { value: 'FS', label: 'Finish to start' },
  { value: 'SS', label: 'Start to start' },
  { value: 'FF', label: 'Finish to finish' },
  { value: 'SF', label: 'Start to finish' },
];
/** From which end of what is waited for to which end of what waits. */
export const typeOf = (from: 'start' | 'finish', to: 'start' | 'finish'): DependencyType =>
  `${from === 'start' ? 'S' : 'F'}${to === 'start' ? 'S' : 'F'}` as DependencyType;

export interface Ends {
  x1: number;
  x2: number;
  y: number;
}

/** The line of a dependency: out of one bar, in rows between, into the other. */
export function linkPath(from: Ends, to: Ends, type: DependencyType, rowHeight: number): string {
  const out = type[0] === 'F' ? 1 : -1;
  const into = type[1] === 'F' ? 1 : -1;
  const x1 = out > 0 ? from.x2 : from.x1;
  const x2 = into > 0 ? to.x2 : to.x1;
  const stub = 9;
  if (out === into) {
    const across = out > 0 ? Math.max(x1, x2) + stub : Math.min(x1, x2) - stub;
    return `M${x1} ${from.y}H${across}V${to.y}H${x2}`;
  }
  const room = (x2 - x1) * out;
  if (room >= stub + 5) return `M${x1} ${from.y}H${x1 + out * Math.min(stub, room / 2)}V${to.y}H${x2}`;
  const between = from.y + ((to.y >= from.y ? 1 : -1) * rowHeight) / 2;
  return `M${x1} ${from.y}H${x1 + out * stub}V${between}H${x2 + into * stub}V${to.y}H${x2}`;
}

/** The little triangle where the line ends. */
export function arrow(x: number, y: number, into: 1 | -1): string {
  return `M${x} ${y}l${into * -6} -4v8z`;
}

/** What is different between two rules, and putting two people's changes together. */
import type { Rule } from '~/api/schema';
import { at, type Path, pointerOf, put, same } from './path';

export interface Difference {
  /** As in {@link Path}, with the id of a step in place of its number in its list. */
  path: Path;
  before: unknown;
  after: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** A list in which everything has a name of its own is compared by the names. */
const named = (value: unknown): value is { id: string }[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((one) => isObject(one) && typeof one.id === 'string' && one.id);

export function differences(before: unknown, after: unknown, path: Path = []): Difference[] {
  if (same(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(before[key], after[key], [...path, key]));
  }
  const lists = [before, after].every((one) => named(one) || (Array.isArray(one) && one.length === 0));
  if (lists && (named(before) || named(after))) {
    const old = before as { id: string }[];
    const fresh = after as { id: string }[];
    const ids = new Set([...old, ...fresh].map(({ id }) => id));
    const inside = [...ids].flatMap((id) =>
      differences(
        old.find((one) => one.id === id),
        fresh.find((one) => one.id === id),
        [...path, id],
      ),
    );
    const order = (list: { id: string }[], other: { id: string }[]) =>
      list.map(({ id }) => id).filter((id) => other.some((one) => one.id === id));
    const moved = !same(order(old, fresh), order(fresh, old));
    if (!moved) return inside;
    return [...inside, { path: [...path, 'order'], before: order(old, fresh), after: order(fresh, old) }];
  }
  return [{ path, before, after }];
}

/**
 * What both made of `base`, put together; undefined where they changed the same place, or where steps were added, taken
 * away or moved in ways that only a person can put together.
 */
export function merged(base: Rule, mine: Rule, theirs: Rule): Rule | undefined {
  const ours = differences(base, mine);
  const others = differences(base, theirs);
  const clash = ours.some((one) =>
    others.some((other) => {
      const [a, b] = [pointerOf(one.path), pointerOf(other.path)];
      return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
    }),
  );
  if (clash) return undefined;
  let rule = theirs;
  for (const { path, after } of ours) {
    if (path.at(-1) === 'order') return undefined;
    const place = placed(rule, path);
    const isStep = isObject(after) && typeof after.id === 'string' && after.id === path.at(-1);
    if (!place && isStep) {
      const list = placed(rule, path.slice(0, -1));
      const steps = list && at(rule, list);
      if (!list || !Array.isArray(steps)) return undefined;
      rule = put(rule, list, [...steps, after]);
    } else if (place) rule = put(rule, place, after);
    else return undefined;
  }
  return rule;
}

/** The place with numbers in it, in that rule. */
function placed(rule: Rule, path: Path): Path | undefined {
  const place: (string | number)[] = [];
  for (const part of path) {
    const here = at(rule, place);
    if (Array.isArray(here) && typeof part === 'string') {
      const index = here.findIndex((one) => isObject(one) && one.id === part);
      if (index < 0) return undefined;
      place.push(index);
    } else place.push(part);
  }
  return place;
}

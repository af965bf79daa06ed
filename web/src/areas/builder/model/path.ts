/** Places in a rule, and changing what stands there without touching anything else. */

/** `['steps', 0, 'with', 'text']`: what the JSON pointer `/steps/0/with/text` says. */
export type Path = readonly (string | number)[];

const escaped = (part: string | number) => String(part).replaceAll('~', '~0').replaceAll('/', '~1');
const plain = (part: string) => part.replaceAll('~1', '/').replaceAll('~0', '~');

export const pointerOf = (path: Path) => path.map((part) => `/${escaped(part)}`).join('');

/** Parts that are numbers become numbers; an object with such a key is read alike. */
export const pathOf = (pointer: string): Path =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => (/^(0|[1-9]\d*)$/.test(part) ? Number(part) : plain(part)));

export const startsWith = (path: Path, start: Path) =>
  path.length >= start.length && start.every((part, index) => String(part) === String(path[index]));

export const samePath = (one: Path, other: Path) => one.length === other.length && startsWith(one, other);

/** What stands there; undefined where nothing does. */
export function at(value: unknown, path: Path): unknown {
  let found = value;
  for (const part of path) {
    if (found === null || typeof found !== 'object') return undefined;
    found = (found as Record<string | number, unknown>)[part];
  }
  return found;
}

/** The same with something else at one place; `undefined` takes away what stands there. Everything else is shared. */
export function put<T>(value: T, path: Path, next: unknown): T {
  const [part, ...rest] = path;
  if (part === undefined) return next as T;
  const old = (value ?? (typeof part === 'number' ? [] : {})) as Record<string | number, unknown>;
  const child = rest.length === 0 ? next : put(old[part], rest, next);
  if (Array.isArray(old)) {
    const copy = [...old];
    if (child === undefined) copy.splice(Number(part), 1);
    else copy[Number(part)] = child;
    return copy as T;
  }
  if (child !== undefined) return { ...old, [part]: child } as T;
  const { [part]: _gone, ...others } = old;
  return others as T;
}

const MAY_GO = new Set(['match', 'policy', 'budget', 'cause', 'form', 'scope', 'with', 'on_failure', 'retry']);

/** As {@link put}; what is left empty by taking something away goes as well, where it says nothing when it is empty. */
export function putTidy<T>(value: T, path: Path, next: unknown): T {
  const changed = put(value, path, next);
  if (next !== undefined || path.length < 2) return changed;
  const parent = path.slice(0, -1);
  const left = at(changed, parent);
  const empty = left !== null && typeof left === 'object' && !Array.isArray(left) && Object.keys(left).length === 0;
  return empty && MAY_GO.has(String(parent.at(-1))) ? putTidy(changed, parent, undefined) : changed;
}

/** Whether two values say the same, whatever the order of their keys. */
export function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(other, key) && same((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
  );
}

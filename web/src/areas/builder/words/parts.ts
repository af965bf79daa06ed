/** Sentences as they are put together: words, and parts that stand for a place in the rule and lead there. */
import type { Path } from '../model/path';

export interface Part {
  text: string;
  /** The place in the rule that it speaks of. */
  at?: Path;
  /** `code` is set in the typeface of code; `value` is what somebody filled in. */
  tone?: 'value' | 'code' | 'missing';
}

export type Words = (string | Part)[];

/** What ids and keys are called, as far as it is known. */
export interface Names {
  project(id: string): string | undefined;
  person(id: string): string | undefined;
  rule(id: string): string | undefined;
  /** What an action does, in a sentence. */
  action(name: string): string | undefined;
}

export const NO_NAMES: Names = {
  project: () => undefined,
  person: () => undefined,
  rule: () => undefined,
  action: () => undefined,
};

export const textOf = (words: Words) =>
  words
    .map((part) => (typeof part === 'string' ? part : part.text))
    .join('')
    .replace(/ {2,}/g, ' ');

/** "a", "a and b", "a, b and c". */
export function joined(items: Words[], last = 'and'): Words {
  return items.flatMap((item, index) => {
    if (index === 0) return item;
    return [index === items.length - 1 ? ` ${last} ` : ', ', ...item];
  });
}

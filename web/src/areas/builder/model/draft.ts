/** What has not been saved, kept on the device: it outlives a reload and the end of a session. */
import type { Rule } from '~/api/schema';
import { isRule } from './shape';

export interface Draft {
  rule: Rule;
  /** The version that was changed; 0 of a new rule. */
  version: number;
  at: number;
}

/** Each person has drafts of their own on a device that several use. `id` is `new` for a rule that was never saved. */
const key = (person: string, id: string) => `trackside.rule-draft.${person}.${id}`;

export function readDraft(person: string, id: string): Draft | undefined {
  try {
    const draft = JSON.parse(localStorage.getItem(key(person, id)) ?? 'null') as Draft | null;
    return draft && isRule(draft.rule) ? draft : undefined;
  } catch {
    return undefined;
  }
}

export function keepDraft(person: string, id: string, rule: Rule, version: number) {
  try {
    localStorage.setItem(key(person, id), JSON.stringify({ rule, version, at: Date.now() } satisfies Draft));
  } catch {
    // A full device keeps no draft; the page itself still has it.
  }
}

export const dropDraft = (person: string, id: string) => localStorage.removeItem(key(person, id));

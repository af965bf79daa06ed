/** How rules stand and what starts them, in words. */
import type { Rule, RuleState } from '~/api/schema';
import { whenWords } from '~/areas/builder/words/kinds';
import { type Names, textOf } from '~/areas/builder/words/parts';
import { triggerWords } from '~/areas/builder/words/trigger';

export const STATE_WORDS: Record<RuleState, { label: string; says: string; color: string }> = {
  enabled: { label: 'On', says: 'Runs and does what its steps say', color: 'green' },
  shadow: { label: 'Watching', says: 'Runs, but only records what it would do', color: 'violet' },
  paused: { label: 'Paused', says: 'Starts no new runs', color: 'orange' },
  draft: { label: 'Draft', says: 'Was never switched on', color: 'gray' },
};

/** “task.status_changed” as people say it: “A task’s status changes”. */
export const kindWords = (kind: string) => sentence(whenWords(kind));

/** When a rule runs: “A task’s status changes to blocked in Website”. */
export const startWords = (rule: Rule, names: Names) => sentence(textOf(triggerWords(rule, names)));

/** What the server says within a sentence, as a sentence of its own. */
export const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

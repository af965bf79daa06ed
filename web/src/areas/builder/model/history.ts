/** The rule that is being worked on, with every state it had: undo and redo. */
import { useCallback, useMemo, useReducer } from 'react';
import type { Rule } from '~/api/schema';
import { same } from './path';

interface History {
  past: Rule[];
  now: Rule;
  future: Rule[];
  /** What the last change was about, and when: typing in one field is one step to undo. */
  about?: string;
  when: number;
}

type Turn =
  | { do: 'change'; to: (rule: Rule) => Rule; about?: string; when: number }
  | { do: 'undo' }
  | { do: 'redo' }
  | { do: 'reset'; to: Rule };

const TOGETHER = 1500;
const MOST = 200;

/** How one state of the history follows on another; pure, so that it can be tested. */
export function turned(history: History, turn: Turn): History {
  const { past, now, future } = history;
  switch (turn.do) {
    case 'change': {
      const next = turn.to(now);
      if (next === now || same(next, now)) return history;
      const goesOn =
        turn.about !== undefined &&
        turn.about === history.about &&
        turn.when - history.when < TOGETHER &&
        past.length > 0;
      return {
        past: goesOn ? past : [...past.slice(1 - MOST), now],
        now: next,
        future: [],
        about: turn.about,
        when: turn.when,
      };
    }
    case 'undo': {
      const before = past.at(-1);
      return before ? { past: past.slice(0, -1), now: before, future: [now, ...future], when: 0 } : history;
    }
    case 'redo': {
      const [after, ...rest] = future;
      return after ? { past: [...past, now], now: after, future: rest, when: 0 } : history;
    }
    case 'reset':
      return { past: [], now: turn.to, future: [], when: 0 };
  }
}

export const begun = (now: Rule): History => ({ past: [], now, future: [], when: 0 });

export interface RuleHistory {
  rule: Rule;
  /** `about` joins changes that follow on each other into one step to undo. */
  change(to: (rule: Rule) => Rule, about?: string): void;
  undo(): void;
  redo(): void;
  /** Begins anew with another rule. */
  reset(to: Rule): void;
  canUndo: boolean;
  canRedo: boolean;
}

export function useRuleHistory(first: Rule): RuleHistory {
  const [history, dispatch] = useReducer(turned, first, begun);
  const change = useCallback(
    (to: (rule: Rule) => Rule, about?: string) => dispatch({ do: 'change', to, about, when: Date.now() }),
    [],
  );
  const undo = useCallback(() => dispatch({ do: 'undo' }), []);
  const redo = useCallback(() => dispatch({ do: 'redo' }), []);
  const reset = useCallback((to: Rule) => dispatch({ do: 'reset', to }), []);
  return useMemo(
    () => ({
      rule: history.now,
      change,
      undo,
      redo,
      reset,
      canUndo: history.past.length > 0,
      canRedo: history.future.length > 0,
    }),
    [history, change, undo, redo, reset],
  );
}

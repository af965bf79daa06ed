/** Saving the rule, switching it on and off, and what happens when somebody else was faster. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, ask, ifMatch } from '~/api/client';
import { Problem } from '~/api/problem';
import type { Rule, RuleInfo, RuleSaved, RuleState } from '~/api/schema';
import { ruleQuery } from '~/areas/rules/queries';
import { say } from '~/parts/toast';
import { dropDraft, keepDraft } from '../model/draft';
import type { RuleHistory } from '../model/history';
import { same } from '../model/path';

/** The rule as the server has it, as far as this page has seen. */
export interface Base {
  rule: Rule;
  version: number;
}

interface Options {
  history: RuleHistory;
  /** The rule as it is on the server now; undefined of a new one. */
  saved?: RuleInfo;
  /** What the changes were made to: the version of the draft, or the one that was opened. */
  first: Base;
  person: string;
  onCreated(id: string): void;
}

export function useSaving({ history, saved, first, person, onCreated }: Options) {
  const { rule, reset } = history;
  const client = useQueryClient();
  const [base, setBase] = useState(first);
  const [conflict, setConflict] = useState<RuleInfo>();
  const dirty = !same(rule, base.rule);
  const draft = saved?.id ?? 'new';

  useEffect(() => {
    if (!dirty) {
      if (saved) dropDraft(person, draft);
      return;
    }
    const later = setTimeout(() => keepDraft(person, draft, rule, base.version), 250);
    return () => clearTimeout(later);
  }, [dirty, rule, base.version, person, draft, saved]);

  // Somebody else's version comes in by itself while there is nothing of one's own to lose.
  useEffect(() => {
    if (!saved || saved.version <= base.version || dirty) return;
    setBase({ rule: saved.rule, version: saved.version });
    if (!same(saved.rule, rule)) {
      reset(saved.rule);
      say(`Version ${saved.version} was saved elsewhere and is shown now.`);
    }
  }, [saved, base.version, dirty, rule, reset]);

  const landed = (answer: RuleSaved, sent: Rule) => {
    client.setQueryData(ruleQuery(answer.id).queryKey, (old) => ({ schedule: undefined, ...old, ...answer }));
    void client.invalidateQueries({ queryKey: ['rules'] });
    dropDraft(person, draft);
    setBase({ rule: sent, version: answer.version });
  };

  const save = useMutation({
    meta: { quiet: true },
    mutationFn: async ({ over }: { over?: number } = {}) => {
      // What is typed while this is under way is not what was sent.
      const sent = rule;
      if (!saved) return { sent, answer: await ask(api.POST('/api/v1/rules', { body: sent })) };
      const header = ifMatch(over ?? base.version);
      const path = { id: saved.id };
      return { sent, answer: await ask(api.PUT('/api/v1/rules/{id}', { params: { path, header }, body: sent })) };
    },
    onSuccess: ({ answer, sent }) => {
      landed(answer, sent);
      setConflict(undefined);
      say(
        saved ? `Saved as version ${answer.version}.` : 'The rule was saved as a draft. Switch it on when it is ready.',
      );
      if (!saved) onCreated(answer.id);
    },
    onError: async (error) => {
      if (!(error instanceof Problem && error.status === 412 && saved)) return;
      setConflict(await client.fetchQuery({ ...ruleQuery(saved.id), staleTime: 0 }));
    },
  });

  const turn = useMutation({
    mutationFn: async (to: Exclude<RuleState, 'draft'>) => {
      const id = saved!.id;
      const how = { enabled: 'enable', paused: 'pause', shadow: 'shadow' } as const;
      return ask(api.POST(`/api/v1/rules/{id}/${how[to]}`, { params: { path: { id } } }));
    },
    onSuccess: (answer, to) => {
      client.setQueryData(ruleQuery(answer.id).queryKey, (old) => ({ schedule: undefined, ...old, ...answer }));
      void client.invalidateQueries({ queryKey: ['rules'] });
      say(
        {
          enabled: 'The rule is on.',
          paused: 'The rule is paused. Runs that had not begun were dropped.',
          shadow: 'The rule only watches: it records what it would do.',
        }[to],
      );
    },
  });

  return {
    base,
    dirty,
    save,
    turn,
    conflict,
    closeConflict: () => setConflict(undefined),
    /** Goes on from what the other saved, with another rule in hand. */
    rebase: (theirs: RuleInfo, next: Rule) => {
      setBase({ rule: theirs.rule, version: theirs.version });
      history.change(() => next);
      setConflict(undefined);
      save.reset();
    },
    /** Goes on from a version that was restored. */
    landed: (answer: RuleSaved) => {
      landed(answer, answer.rule);
      reset(answer.rule);
    },
    discard: () => {
      dropDraft(person, draft);
      reset(base.rule);
    },
  };
}

export type Saving = ReturnType<typeof useSaving>;

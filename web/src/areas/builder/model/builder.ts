/** What every part of the builder shares: the rule, and how to change it. */
import { createContext, useContext } from 'react';
import type { Event, Rule, RuleProblem, Verdict } from '~/api/schema';
import type { Path } from './path';

export interface Builder {
  rule: Rule;
  /** The id of the rule where it is saved. */
  id?: string;
  readOnly: boolean;
  change(to: (rule: Rule) => Rule, about?: string): void;
  /** Says what stands at a place from now on; undefined takes it away. */
  set(path: Path, value: unknown): void;
  selected?: string;
  select(pointer: string | undefined): void;
  /** What the server finds in the rule as it is, or was a moment ago. */
  verdict?: Verdict;
  problems: Map<string, RuleProblem[]>;
  /** A past event against which values are shown and the rule is tried. */
  sample?: Event;
}

export const BuilderContext = createContext<Builder | undefined>(undefined);

export function useBuilder(): Builder {
  const builder = useContext(BuilderContext);
  if (!builder) throw new Error('There is no builder around this component.');
  return builder;
}

/** The problems of one place in the rule, and of what is in it. */
export function useProblemsAt(pointer: string, within = false): RuleProblem[] {
  const { verdict } = useBuilder();
  const all = verdict?.problems ?? [];
  return all.filter((one) => one.pointer === pointer || (within && one.pointer.startsWith(`${pointer}/`)));
}

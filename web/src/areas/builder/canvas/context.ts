/** What the nodes of a canvas know besides what they show. */
import { createContext, useContext } from 'react';
import type { Rule, RuleProblem, Step } from '~/api/schema';
import type { Path } from '../model/path';
import type { Names } from '../words/parts';
import type { NodeMark } from './marks';

/** What was chosen on a canvas. */
export interface Chosen {
  /** The JSON pointer of the node: `/trigger`, `/condition`, `/steps/0/then/1`. */
  pointer: string;
  /** The name of the step, where it is one. */
  step?: string;
  /** The lines of the run's journal that are of this step, in their order. */
  paths: string[];
}

/** What one can do on a canvas that may be changed. */
export interface CanvasEdits {
  add(list: Path, index: number): void;
  addCondition(): void;
  move(from: Path, list: Path, index: number): void;
  nudge(path: Path, by: -1 | 1): void;
  duplicate(path: Path): void;
  copy(path: Path): void;
  cut(path: Path): void;
  /** Puts what was copied behind a step, or at a place. */
  paste(list: Path, index: number): void;
  canPaste: boolean;
  remove(path: Path): void;
}

export interface CanvasState {
  rule: Rule;
  names: Names;
  selected?: string;
  select?: (chosen: Chosen) => void;
  marks: Map<string, NodeMark>;
  /** What is wrong, by the pointer of the node. */
  problems: Map<string, RuleProblem[]>;
  edits?: CanvasEdits;
}

export const CanvasContext = createContext<CanvasState | undefined>(undefined);

export function useCanvas(): CanvasState {
  const state = useContext(CanvasContext);
  if (!state) throw new Error('There is no canvas around this component.');
  return state;
}

/** What is told when a node is chosen. */
export function chosen(pointer: string, marks: Map<string, NodeMark>, step?: Step): Chosen {
  return { pointer, step: step?.id, paths: (step?.id && marks.get(step.id)?.paths) || [] };
}

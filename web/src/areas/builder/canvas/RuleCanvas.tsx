/**
 * A rule, drawn: a tree on a desk, a list on a phone. Other areas draw runs on it with `marks`; the builder itself makes
 * it one that can be changed with `edits`.
 */
import { Skeleton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { lazy, Suspense, useMemo } from 'react';
import type { Rule, RuleProblem } from '~/api/schema';
import { useNames } from '../queries';
import { CanvasContext, type CanvasEdits, type CanvasState, type Chosen } from './context';
import { byStep, type Marks } from './marks';
import { StepList } from './StepList';

const FlowCanvas = lazy(() => import('./FlowCanvas').then(({ FlowCanvas }) => ({ default: FlowCanvas })));

interface Props {
  rule: Rule;
  /** What became of its steps, by the paths of a run's journal: `{ 'subs[3].block': { state: 'failed', note: '1.2 s' } }`. */
  marks?: Marks;
  /** The pointer of the node that is chosen. */
  selected?: string;
  onSelect?: (chosen: Chosen) => void;
  problems?: Map<string, RuleProblem[]>;
  edits?: CanvasEdits;
  /** How high the tree is on a desk; the list on a phone is as long as it is. */
  height?: number | string;
  minimap?: boolean;
}

const NO_MARKS: Marks = {};
const NO_PROBLEMS = new Map<string, RuleProblem[]>();

export function RuleCanvas({
  rule,
  marks = NO_MARKS,
  selected,
  onSelect,
  problems = NO_PROBLEMS,
  edits,
  height = 480,
  minimap,
}: Props) {
  const names = useNames();
  const desk = useMediaQuery('(min-width: 48em)', undefined, { getInitialValueInEffect: false });
  const drawn = useMemo(() => byStep(marks), [marks]);
  const state: CanvasState = { rule, names, selected, select: onSelect, marks: drawn, problems, edits };
  return (
    <CanvasContext.Provider value={state}>
      {desk ? (
        <div style={{ height }}>
          <Suspense fallback={<Skeleton height="100%" />}>
            <FlowCanvas minimap={minimap} />
          </Suspense>
        </div>
      ) : (
        <StepList />
      )}
    </CanvasContext.Provider>
  );
}

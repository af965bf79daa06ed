/** What can be done with the steps on a canvas, each as one change that can be undone. */
import { useMemo, useState } from 'react';
import type { Step } from '~/api/schema';
import { say } from '~/parts/toast';
import type { CanvasEdits } from '../canvas/context';
import type { Builder } from '../model/builder';
import { copied, insertStep, moveStep, nudgeStep, removeStep } from '../model/edit';
import { at, type Path, pointerOf } from '../model/path';
import { kindOf } from '../model/steps';

/** What was copied is kept for every page of this tab, so that a step can go from one rule to another. */
const CLIP = 'trackside.step';

function clipped(): Step | undefined {
  try {
    const step = JSON.parse(sessionStorage.getItem(CLIP) ?? 'null') as Step | null;
    return step && kindOf(step) !== 'unknown' ? step : undefined;
  } catch {
    return undefined;
  }
}

/** Puts the keyboard back on a card, once it is drawn. */
export function focusCard(pointer: string) {
  requestAnimationFrame(() =>
    setTimeout(() => document.querySelector<HTMLElement>(`[data-node="${CSS.escape(pointer)}"]`)?.focus(), 30),
  );
}

export function useEdits(builder: Builder, add: (list: Path, index: number) => void): CanvasEdits | undefined {
  const [canPaste, setCanPaste] = useState(() => clipped() !== undefined);
  const { rule, change, select, readOnly } = builder;
  return useMemo(() => {
    if (readOnly) return undefined;
    const show = (path: Path) => {
      select(pointerOf(path));
      focusCard(pointerOf(path));
    };
    const copy = (path: Path) => {
      sessionStorage.setItem(CLIP, JSON.stringify(at(rule, path)));
      setCanPaste(true);
    };
    const remove = (path: Path) => {
      change((old) => removeStep(old, path));
      select(undefined);
      focusCard(pointerOf(Number(path.at(-1)) > 0 ? [...path.slice(0, -1), Number(path.at(-1)) - 1] : ['trigger']));
      say('The step was deleted. Undo brings it back.');
    };
    return {
      add,
      addCondition: () => {
        change((old) => ({ ...old, condition: { all: [{ field: '', op: 'eq', value: '' }] } }));
        select('/condition');
      },
      move: (from, list, index) => {
        const { path } = moveStep(rule, from, list, index);
        change((old) => moveStep(old, from, list, index).rule);
        select(pointerOf(path));
      },
      nudge: (path, by) => {
        const moved = nudgeStep(rule, path, by);
        if (!moved) return;
        change(() => moved.rule);
        show(moved.path);
      },
      duplicate: (path) => {
        const list = path.slice(0, -1);
        const index = Number(path.at(-1)) + 1;
        change((old) => insertStep(old, list, index, copied(old, at(old, path) as Step)));
        show([...list, index]);
      },
      copy: (path) => {
        copy(path);
        say('The step was copied.');
      },
      cut: (path) => {
        copy(path);
        remove(path);
      },
      paste: (list, index) => {
        const step = clipped();
        if (!step) return;
        change((old) => insertStep(old, list, index, copied(old, step)));
        show([...list, index]);
      },
      canPaste,
      remove,
    };
  }, [rule, change, select, readOnly, add, canPaste]);
}

/** Drawing a dependency: from the dot at one end of a bar to another bar. */
import { type PointerEvent as DragEvent, type RefObject, useCallback, useState } from 'react';
import type { TimelineItem } from '~/api/schema';
import type { Placed } from './Links';

type End = 'start' | 'finish';
type Connect = (from: TimelineItem, end: End, to: TimelineItem, into: End) => void;

/** The bar under the pointer, and which of its ends is nearer. */
function under(x: number, y: number): { id: string; end: End } | undefined {
  const bar = document
    .elementsFromPoint(x, y)
    .find((one) => one.closest('[data-bar]'))
    ?.closest<HTMLElement>('[data-bar]');
  if (!bar?.dataset.bar) return;
  const { left, width } = bar.getBoundingClientRect();
  const rtl = getComputedStyle(bar).direction === 'rtl';
  const early = x < left + width / 2;
  return { id: bar.dataset.bar, end: early === rtl ? 'finish' : 'start' };
}

export function useLinking(
  box: RefObject<HTMLElement | null>,
  placed: RefObject<ReadonlyMap<string, Placed>>,
  connect: Connect,
) {
  const [line, setLine] = useState<string>();
  const begin = useCallback(
    (item: TimelineItem, end: End, event: DragEvent) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      event.preventDefault();
      const dot = event.currentTarget.getBoundingClientRect();
      const svg = box.current?.querySelector('svg');
      const place = (x: number, y: number) => {
        const { left, right, top } = svg?.getBoundingClientRect() ?? { left: 0, right: 0, top: 0 };
        const rtl = box.current && getComputedStyle(box.current).direction === 'rtl';
        return `${rtl ? right - x : x - left} ${y - top}`;
      };
      const from = place(dot.left + dot.width / 2, dot.top + dot.height / 2);
      const pull = (move: PointerEvent) => setLine(`M${from}L${place(move.clientX, move.clientY)}`);
      const stop = new AbortController();
      const leave = () => {
        stop.abort();
        setLine(undefined);
      };
      const drop = (up: PointerEvent) => {
        leave();
        const to = under(up.clientX, up.clientY);
        const target = to && placed.current.get(to.id);
        if (to && target) connect(item, end, target.item, to.end);
      };
      const { signal } = stop;
      window.addEventListener('pointermove', pull, { signal });
      window.addEventListener('pointerup', drop, { signal });
      window.addEventListener('pointercancel', leave, { signal });
      window.addEventListener('keydown', (key) => key.key === 'Escape' && leave(), { signal });
    },
    [box, placed, connect],
  );
  return { line, begin };
}

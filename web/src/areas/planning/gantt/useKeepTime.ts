/** Which time is seen: at first the present or the beginning of the work, and at another zoom the same as before. */
import { type RefObject, useLayoutEffect, useRef } from 'react';
import { datesOf, type Row } from './model';
import type { Scale } from './scale';

/** How far from the edge of the chart what is shown first stands. */
const MARGIN = 60;

export function useKeepTime(box: RefObject<HTMLElement | null>, scale: Scale, rows: Row[]) {
  const before = useRef<Scale>(undefined);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const old = before.current;
    before.current = scale;
    if (old?.zoom === scale.zoom && old.from === scale.from) return;
    const seen = Math.abs(element.scrollLeft);
    const first = rows.reduce((least, { item }) => Math.min(least, datesOf(item).start), Number.POSITIVE_INFINITY);
    const instant = old ? old.at(seen + MARGIN) : first;
    const left = Math.max(0, scale.x(instant) - MARGIN);
    element.scrollLeft = getComputedStyle(element).direction === 'rtl' ? -left : left;
  }, [box, scale, rows]);
}

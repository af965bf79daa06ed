/** One task on the chart: dragged, resized, linked, or moved by the keyboard. */
import clsx from 'clsx';
import { type PointerEvent as DragEvent, type KeyboardEvent, memo, useRef, useState } from 'react';
import type { TimelineItem } from '~/api/schema';
import css from './gantt.module.css';
import { type Dates, heldBy } from './model';
import type { Scale } from './scale';
import { dayRange, draggedTo, type Grip } from './shift';
import type { WorkTime } from './worktime';

export interface BarTools {
  scale: Scale;
  work: WorkTime | undefined;
  mayEdit: boolean;
  move(item: TimelineItem, want: Dates): void;
  nudge(item: TimelineItem, days: number, grip: Grip): void;
  settle(): void;
  open(item: TimelineItem): void;
  step(item: TimelineItem, rows: number): void;
  link(item: TimelineItem, end: 'start' | 'finish', event: DragEvent): void;
}

interface Props {
  item: TimelineItem;
  dates: Dates;
  active: boolean;
  tools: BarTools;
}

/** How far the pointer has to go before a press is a drag. */
const SLACK = 4;

export const Bar = memo(function Bar({ item, dates, active, tools }: Props) {
  const { scale, work, mayEdit } = tools;
  const [drag, setDrag] = useState<{ grip: Grip; want: Dates }>();
  const from = useRef<{ x: number; grip: Grip; rtl: number }>(undefined);
  const why = heldBy(item);
  const shown = drag?.want ?? dates;
  const x = scale.bar(shown.start);
  const width = item.milestone ? 0 : Math.max(5, scale.bar(shown.finish) - x);
  const canMove = mayEdit && !why;
  const canResize = mayEdit && !item.summary && !item.milestone && !item.actual_finish;

  const grab = (grip: Grip) => (event: DragEvent<HTMLElement>) => {
    if (event.button !== 0 || !work || (grip === 'finish' ? !canResize : !canMove)) return;
    // A finger scrolls, until it has chosen the bar.
    if (event.pointerType === 'touch' && document.activeElement !== event.currentTarget.closest('[data-bar]')) return;
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    const rtl = getComputedStyle(event.currentTarget).direction === 'rtl' ? -1 : 1;
    from.current = { x: event.clientX, grip, rtl };
  };
  const pull = (event: DragEvent<HTMLElement>) => {
    const begun = from.current;
    if (!begun || !work) return;
    const distance = (event.clientX - begun.x) * begun.rtl;
    if (!drag && Math.abs(distance) < SLACK) return;
    const days = Math.round(distance / scale.perDay);
    setDrag({ grip: begun.grip, want: draggedTo(item, dates, days, begun.grip, work) });
  };
  const drop = () => {
    from.current = undefined;
    if (drag && (drag.want.start !== dates.start || drag.want.finish !== dates.finish)) tools.move(item, drag.want);
    setDrag(undefined);
  };
  const leave = () => {
    from.current = undefined;
    setDrag(undefined);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const rtl = getComputedStyle(event.currentTarget).direction === 'rtl' ? -1 : 1;
    const along = event.key === 'ArrowRight' ? rtl : event.key === 'ArrowLeft' ? -rtl : 0;
    if (event.key === 'Escape') return leave();
    if (event.key === 'Enter' || event.key === ' ') tools.open(item);
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') tools.step(item, event.key === 'ArrowDown' ? 1 : -1);
    else if (along) tools.nudge(item, along, event.shiftKey ? 'finish' : 'all');
    else return;
    event.preventDefault();
  };
  const on = { onPointerMove: pull, onPointerUp: drop, onPointerCancel: leave };
  const name = `${item.key} ${item.title}, ${dayRange(shown)}`;
  const more = [item.critical && 'on the critical path', item.milestone && 'milestone', `${item.progress} % done`];

  return (
    <>
      <button
        type="button"
        data-bar={item.id}
        className={clsx(
          css.bar,
          item.summary && css.summary,
          item.milestone && css.diamond,
          item.actual_finish ? css.finished : item.critical && css.critical,
          drag && css.dragged,
          !canMove && css.fixed,
        )}
        style={{ insetInlineStart: x, width: item.milestone ? 18 : width }}
        tabIndex={active ? 0 : -1}
        aria-label={[name, ...more].filter(Boolean).join(', ')}
        title={drag ? undefined : [name, ...more.filter(Boolean), why].filter(Boolean).join('\n')}
        onPointerDown={grab('all')}
        {...on}
        onKeyDown={onKeyDown}
        onBlur={tools.settle}
        onDoubleClick={() => tools.open(item)}
      >
        {!item.summary && !item.milestone && item.progress > 0 && (
          <span className={css.progress} style={{ width: `${item.progress}%` }} />
        )}
        {canMove && !item.milestone && (
          <span
            className={css.handle}
            data-grip="start"
            style={{ insetInlineStart: -3 }}
            onPointerDown={grab('start')}
            {...on}
          />
        )}
        {canResize && (
          <span
            className={css.handle}
            data-grip="finish"
            style={{ insetInlineEnd: -3 }}
            onPointerDown={grab('finish')}
            {...on}
          />
        )}
        {mayEdit && (
          <>
            <span
              className={css.dot}
              data-link="start"
              style={{ insetInlineStart: -15 }}
              onPointerDown={(event) => tools.link(item, 'start', event)}
            />
            <span
              className={css.dot}
              data-link="finish"
              style={{ insetInlineEnd: -15 }}
              onPointerDown={(event) => tools.link(item, 'finish', event)}
            />
          </>
        )}
        {drag && <span className={css.tip}>{dayRange(shown)}</span>}
      </button>
      <span className={css.label} style={{ insetInlineStart: x + width, lineHeight: '36px' }} aria-hidden>
        {item.title}
      </span>
    </>
  );
});

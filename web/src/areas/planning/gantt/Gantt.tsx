// biome-ignore-all lint/a11y/useSemanticElements: rows of a table cannot be laid over a line of time and left out while out of sight.
// biome-ignore-all lint/a11y/useFocusableInteractive: what is in the cells takes the focus.
/** The chart: a table of tasks at the start, their bars on a line of time, and the lines between them. */
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import {
  type PointerEvent as DragEvent,
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { Dependency, TimelineItem } from '~/api/schema';
import type { BarTools } from './Bar';
import css from './gantt.module.css';
import { Back, Tiers } from './Head';
import { Links, type Placed, ROW } from './Links';
import { type Dates, datesOf, heldBy, type Row, typeOf } from './model';
import { GanttRow } from './Row';
import type { Scale } from './scale';
import { dayRange, draggedTo, type Grip } from './shift';
import { useKeepTime } from './useKeepTime';
import { useLinking } from './useLinking';
import type { WorkTime } from './worktime';

export interface GanttHandle {
  toToday(): void;
}

interface Props {
  rows: Row[];
  links: Dependency[];
  scale: Scale;
  work: WorkTime | undefined;
  shown: ReadonlyMap<string, Dates>;
  mayEdit: boolean;
  critical: boolean;
  columns: boolean;
  tableWidth: number;
  move(item: TimelineItem, want: Dates): void;
  toggle(id: string): void;
  open(item: TimelineItem): void;
  pick(link: Dependency): void;
  connect(link: { predecessor: string; task: string; type: Dependency['type'] }): void;
  ref?: React.Ref<GanttHandle>;
}

const HEAD = 48;
/** How long the keyboard has to rest before what it moved is saved. */
const PAUSE = 700;

export function Gantt({ rows, links, scale, work, shown, mayEdit, critical, columns, tableWidth, ref, ...on }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const { ref: sized, width, height } = useElementSize();
  const boxRef = useMergedRef(box, sized);
  const [active, setActive] = useState(0);
  const [told, tell] = useState('');
  const here = Math.min(active, rows.length - 1);
  const newest = useRef(on);
  newest.current = on;

  const navigate = useNavigate();
  const show = useCallback(
    (task: string) => void navigate({ to: '.', search: (before: object) => ({ ...before, task }) as never }),
    [navigate],
  );

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    paddingStart: HEAD,
    overscan: 8,
    // The row that has the focus stays, so that the focus does.
    rangeExtractor: (range) => [...new Set([...defaultRangeExtractor(range), here].filter((at) => at >= 0))],
  });
  const seen = virtual.getVirtualItems();
  const [left, setLeft] = useState(0);
  const view = useMemo(() => ({ left: left - 400, right: left + width + 800 }), [left, width]);

  const toToday = useCallback(() => {
    const to = Math.max(0, scale.x(Date.now()) - 120);
    const rtl = box.current && getComputedStyle(box.current).direction === 'rtl';
    box.current?.scrollTo({ left: rtl ? -to : to });
  }, [scale]);
  useImperativeHandle(ref, () => ({ toToday }), [toToday]);
  useKeepTime(box, scale, rows);

  const [nudged, setNudged] = useState<{ item: TimelineItem; want: Dates }>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const pending = useRef(nudged);
  pending.current = nudged;
  const settle = useCallback(() => {
    clearTimeout(timer.current);
    if (pending.current) newest.current.move(pending.current.item, pending.current.want);
    pending.current = undefined;
    setNudged(undefined);
  }, []);
  useEffect(() => settle, [settle]);

  const placed = useMemo(() => {
    const found = new Map<string, Placed>();
    rows.forEach(({ item }, index) => {
      const dates = nudged?.item.id === item.id ? nudged.want : (shown.get(item.id) ?? datesOf(item));
      found.set(item.id, { index, item, dates });
    });
    return found;
  }, [rows, shown, nudged]);
  const places = useRef(placed);
  places.current = placed;

  const connect = useCallback(
    (from: TimelineItem, end: 'start' | 'finish', to: TimelineItem, into: 'start' | 'finish') => {
      if (from.id !== to.id) newest.current.connect({ predecessor: from.id, task: to.id, type: typeOf(end, into) });
    },
    [],
  );
  const { line, begin } = useLinking(box, places, connect);

  const tools: BarTools = useMemo(() => {
    const focusBar = (id: string) => box.current?.querySelector<HTMLElement>(`[data-bar="${id}"]`)?.focus();
    return {
      scale,
      work,
      mayEdit,
      settle,
      link: (item, end, event: DragEvent) => begin(item, end, event),
      move: (item, want) => newest.current.move(item, want),
      open: (item) => newest.current.open(item),
      step: (item, by) => {
        const at = (places.current.get(item.id)?.index ?? 0) + by;
        const next = [...places.current.values()][at];
        if (!next) return;
        settle();
        setActive(at);
        virtual.scrollToIndex(at);
        requestAnimationFrame(() => focusBar(next.item.id));
      },
      nudge: (item, days, grip: Grip) => {
        const why = grip === 'all' ? heldBy(item) : item.summary || item.actual_finish ? heldBy(item) : undefined;
        if (!mayEdit || !work) return;
        if (why) return tell(why);
        const now = places.current.get(item.id)?.dates ?? datesOf(item);
        const want = draggedTo(item, now, days, grip, work);
        setNudged({ item, want });
        tell(`${item.title}: ${dayRange(want)}`);
        clearTimeout(timer.current);
        timer.current = setTimeout(settle, PAUSE);
      },
    };
  }, [scale, work, mayEdit, settle, begin, virtual]);

  const indexes = seen.map(({ index }) => index).filter((index) => index !== here || seen.length < 3);
  return (
    <>
      <div
        ref={boxRef}
        className={css.box}
        style={{ height: '100%', '--table': `${tableWidth}px` } as React.CSSProperties}
        onScroll={(event) => {
          const at = Math.round(Math.abs(event.currentTarget.scrollLeft) / 200) * 200;
          if (at !== left) setLeft(at);
        }}
      >
        <div
          role="treegrid"
          aria-label="Timeline"
          aria-rowcount={rows.length + 1}
          aria-colcount={2}
          className={css.inner}
          style={{ width: tableWidth + scale.width }}
        >
          <div role="row" className={css.head} aria-rowindex={1}>
            <div role="columnheader" className={css.corner} style={{ width: tableWidth }}>
              <span className={css.name} style={{ paddingInlineStart: 34 }}>
                Task
              </span>
              {columns && (
                <>
                  <span className={css.cell} style={{ width: 92 }}>
                    Start
                  </span>
                  <span className={css.cell} style={{ width: 92 }}>
                    Finish
                  </span>
                  <span className={css.cell} style={{ width: 72 }}>
                    Float
                  </span>
                </>
              )}
            </div>
            <div role="columnheader" aria-label="When">
              <Tiers scale={scale} left={view.left} right={view.right} />
            </div>
          </div>
          <div className={css.body} style={{ height: Math.max(rows.length * ROW, height - HEAD - 2) }}>
            <Back scale={scale} left={view.left} right={view.right} work={work} />
            <Links
              links={links}
              placed={placed}
              scale={scale}
              first={Math.min(...indexes)}
              last={Math.max(...indexes)}
              critical={critical}
              pick={mayEdit ? on.pick : undefined}
            />
            <div className={css.under} aria-hidden />
            {line && (
              <svg className={css.links} width={scale.width} height={1} aria-hidden>
                <path className={css.link} strokeDasharray="4 3" d={line} />
              </svg>
            )}
            {seen.map(({ index }) => {
              const row = rows[index];
              if (!row) return null;
              return (
                <GanttRow
                  key={row.item.id}
                  row={row}
                  index={index}
                  dates={placed.get(row.item.id)?.dates ?? datesOf(row.item)}
                  active={index === here}
                  critical={critical}
                  columns={columns}
                  tools={tools}
                  toggle={on.toggle}
                  focus={setActive}
                  show={show}
                />
              );
            })}
          </div>
        </div>
      </div>
      <output className="sr-only" aria-live="polite">
        {told}
      </output>
    </>
  );
}

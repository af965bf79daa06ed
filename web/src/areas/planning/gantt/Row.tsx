// biome-ignore-all lint/a11y/useSemanticElements: rows of a table cannot be laid over a line of time and left out while out of sight.
// biome-ignore-all lint/a11y/useFocusableInteractive: what is in the cells takes the focus.
/** One task: its line of the table, and its bar. */
import { IconAdjustments, IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import clsx from 'clsx';
import { memo } from 'react';
import { Bar, type BarTools } from './Bar';
import css from './gantt.module.css';
import { ROW } from './Links';
import type { Dates, Row } from './model';
import { briefDate } from './shift';
import { span } from './worktime';

interface Props {
  row: Row;
  index: number;
  dates: Dates;
  active: boolean;
  critical: boolean;
  columns: boolean;
  tools: BarTools;
  toggle(id: string): void;
  focus(index: number): void;
  /** Opens the task itself. */
  show(key: string): void;
}

export const GanttRow = memo(function GanttRow({ row, index, dates, active, critical, columns, tools, ...on }: Props) {
  const { item, depth, parts, open } = row;
  const { scale, work } = tools;
  const tab = active ? 0 : -1;
  const shown = critical ? item : { ...item, critical: false };
  return (
    <div
      role="row"
      className={css.row}
      style={{ height: ROW, top: index * ROW }}
      aria-rowindex={index + 2}
      aria-level={depth + 1}
      aria-expanded={parts ? open : undefined}
      onFocus={() => on.focus(index)}
    >
      <div role="gridcell" className={css.table} style={{ width: 'var(--table)' }}>
        <span className={css.name} style={{ paddingInlineStart: 8 + depth * 16 }}>
          {parts ? (
            <button
              type="button"
              className={css.tool}
              tabIndex={tab}
              onClick={() => on.toggle(item.id)}
              aria-label={open ? `Hide the subtasks of ${item.title}` : `Show the subtasks of ${item.title}`}
            >
              {open ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
            </button>
          ) : (
            <span style={{ width: 24 }} />
          )}
          <a
            href={`?task=${item.key}`}
            onClick={(event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              on.show(item.key);
            }}
            className={clsx(css.title, parts > 0 && css.whole)}
            tabIndex={tab}
            title={`${item.key} ${item.title}`}
          >
            {item.title}
          </a>
          <button
            type="button"
            className={clsx(css.tool, css.edit)}
            tabIndex={tab}
            onClick={() => tools.open(item)}
            aria-label={`Dates and dependencies of ${item.title}`}
          >
            <IconAdjustments size={16} />
          </button>
        </span>
        {columns && (
          <>
            <span className={css.cell} style={{ width: 92 }}>
              {briefDate(dates.start)}
            </span>
            <span className={css.cell} style={{ width: 92 }}>
              {briefDate(dates.finish)}
            </span>
            <span className={css.cell} style={{ width: 72 }}>
              {item.actual_finish ? 'Done' : item.critical ? 'Critical' : work && span(item.total_float, work.perDay)}
            </span>
          </>
        )}
      </div>
      <div role="gridcell" className={css.track} style={{ minWidth: scale.width }}>
        {item.variance && (
          <span
            className={css.ghost}
            data-baseline={item.key}
            style={stretch(
              scale.bar(Date.parse(item.variance.baseline_start)),
              scale.bar(Date.parse(item.variance.baseline_finish)),
            )}
          />
        )}
        {critical && !item.critical && !item.actual_finish && item.total_float > 0 && (
          <span
            className={css.float}
            style={stretch(scale.bar(dates.finish), scale.bar(Date.parse(item.late_finish)))}
          />
        )}
        <Bar item={shown} dates={dates} active={active} tools={tools} />
      </div>
    </div>
  );
});

const stretch = (from: number, to: number) => ({ insetInlineStart: from, width: Math.max(0, to - from) });

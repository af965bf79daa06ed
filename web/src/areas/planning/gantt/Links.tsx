/** The lines between the bars that can be seen. */
import clsx from 'clsx';
import { memo } from 'react';
import type { Dependency, TimelineItem } from '~/api/schema';
import css from './gantt.module.css';
import { arrow, type Dates, type Ends, linkPath } from './model';
import type { Scale } from './scale';

export const ROW = 36;

export interface Placed {
  index: number;
  item: TimelineItem;
  dates: Dates;
}

interface Props {
  links: Dependency[];
  placed: ReadonlyMap<string, Placed>;
  scale: Scale;
  first: number;
  last: number;
  critical: boolean;
  pick?: (link: Dependency) => void;
}

/** Where a line leaves a bar or comes to it. */
export function endsOf({ index, item, dates }: Placed, scale: Scale): Ends {
  const half = item.milestone ? 9 : 0;
  const x1 = scale.bar(dates.start) - half;
  return { x1, x2: Math.max(x1 + 5, scale.bar(dates.finish) + half), y: index * ROW + 18 };
}

export const Links = memo(function Links({ links, placed, scale, first, last, critical, pick }: Props) {
  return (
    <svg className={css.links} width={scale.width} height={1} aria-hidden>
      {links.map((link) => {
        const from = placed.get(link.predecessor);
        const to = placed.get(link.task);
        if (!from || !to) return null;
        if (Math.max(from.index, to.index) < first || Math.min(from.index, to.index) > last) return null;
        const [a, b] = [endsOf(from, scale), endsOf(to, scale)];
        const d = linkPath(a, b, link.type, ROW);
        const hot = critical && from.item.critical && to.item.critical && css.hot;
        const into = link.type[1] === 'F' ? -1 : 1;
        return (
          <g key={`${link.predecessor} ${link.task} ${link.type}`} data-dependency={`${from.item.key} ${to.item.key}`}>
            {/* biome-ignore lint/a11y/noStaticElementInteractions: the form of a task is the way without a mouse. */}
            {pick && <path className={css.hit} d={d} onClick={() => pick(link)} />}
            <path className={clsx(css.link, hot)} d={d} />
            <path className={clsx(css.tipend, hot)} d={arrow(into > 0 ? b.x1 : b.x2, b.y, into)} />
          </g>
        );
      })}
    </svg>
  );
});

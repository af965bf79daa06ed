/** What lies around the bars: the dates above them, the days of rest behind them, and today. */
import clsx from 'clsx';
import { memo } from 'react';
import css from './gantt.module.css';
import { restDays, type Scale, TIERS, ticks } from './scale';
import type { WorkTime } from './worktime';

interface Props {
  scale: Scale;
  left: number;
  right: number;
}

export const Tiers = memo(function Tiers({ scale, left, right }: Props) {
  const [upper, lower] = TIERS[scale.zoom];
  return (
    <div className={css.tiers} style={{ width: scale.width }} aria-hidden>
      {ticks(scale, upper, left, right).map(({ key, x, width, label }) => (
        <div key={key} className={clsx(css.tick, css.upper)} style={{ insetInlineStart: x, width }}>
          <span>{label}</span>
        </div>
      ))}
      {ticks(scale, lower, left, right).map(({ key, x, width, label }) => (
        <div
          key={key}
          className={clsx(css.tick, css.lower, scale.zoom === 'day' && css.centred)}
          style={{ insetInlineStart: x, width }}
        >
          <span>{label}</span>
        </div>
      ))}
    </div>
  );
});

export const Back = memo(function Back({ scale, left, right, work }: Props & { work: WorkTime | undefined }) {
  const [, lower] = TIERS[scale.zoom];
  return (
    <div className={css.back} style={{ width: scale.width }} aria-hidden>
      {work &&
        restDays(scale, work.works, left, right).map(({ key, x, width }) => (
          <div key={key} className={css.rest} style={{ insetInlineStart: x, width }} />
        ))}
      {ticks(scale, lower, left, right).map(({ key, x }) => (
        <div key={key} className={css.line} style={{ insetInlineStart: x }} />
      ))}
      <div className={css.today} data-today style={{ insetInlineStart: scale.x(Date.now()) }} />
    </div>
  );
});

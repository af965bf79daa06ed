/** A week on a desk: tasks down, days across. */
import { Text } from '@mantine/core';
import clsx from 'clsx';
import type { Timesheet } from '~/api/schema';
import { duration } from '~/areas/tasks/fields/duration';
import { TaskLink } from '~/areas/tasks/TaskLink';
import { useManner } from '~/parts/time';
import type { WeekTask } from './lines';
import { dayWords } from './week';
import css from './week.module.css';

export interface WeekProps {
  sheet: Timesheet;
  rows: WeekTask[];
  titles: Map<string, string>;
  editable: boolean;
  open: (day: string, row?: WeekTask) => void;
  /** The day that it is. */
  now: string;
}

export function WeekGrid({ sheet, rows, titles, editable, open, now }: WeekProps) {
  const { locale } = useManner();
  const weekday = dayWords(locale, { weekday: 'short' });
  const date = dayWords(locale, { day: 'numeric', month: 'numeric' });
  const full = dayWords(locale, { dateStyle: 'full' });
  return (
    <div className={css.box}>
      <table className={css.table} aria-label="Time of the week">
        <thead>
          <tr>
            <th className={css.task} scope="col">
              Task
            </th>
            {sheet.days.map((day) => (
              <th key={day.date} scope="col" className={clsx(day.date === now && css.now)}>
                {weekday.one(day.date)}
                <br />
                {date.one(day.date)}
              </th>
            ))}
            <th scope="col">Sum</th>
          </tr>
        </thead>
        <tbody>
          {rows.length === 0 && (
            <tr>
              <td colSpan={9} className={css.none}>
                {editable
                  ? 'Nothing is written down yet. Start the timer when you begin with something, or add time afterwards.'
                  : 'Nothing is written down in this week.'}
              </td>
            </tr>
          )}
          {rows.map((row) => (
            <tr key={row.key} data-task={row.key}>
              <th className={css.task} scope="row">
                {row.id ? (
                  <TaskLink task={row.key} size="sm" fw={500} c="var(--mantine-color-text)" lineClamp={2}>
                    {titles.get(row.id) ?? row.key}
                  </TaskLink>
                ) : (
                  <Text size="sm">A task that is gone</Text>
                )}
                <Text size="xs" c="dimmed">
                  {row.key}
                </Text>
              </th>
              {sheet.days.map(({ date: day }) => {
                const minutes = row.days.get(day) ?? 0;
                const words = minutes ? duration(minutes) : '';
                return (
                  <td key={day} className={clsx(day === now && css.today)}>
                    {row.id && (minutes > 0 || editable) ? (
                      <button
                        type="button"
                        className={css.cell}
                        onClick={() => open(day, row)}
                        aria-label={`${row.key}, ${full.one(day)}: ${words || 'nothing yet'}`}
                      >
                        {words || <span className={css.plus} aria-hidden />}
                      </button>
                    ) : (
                      <span className={css.cell}>{words}</span>
                    )}
                  </td>
                );
              })}
              <td className={css.sum}>{duration(row.minutes)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th className={css.task} scope="row">
              Sum
              {sheet.billable_minutes < sheet.minutes && (
                <Text size="xs" c="dimmed" fw={400}>
                  {duration(sheet.billable_minutes)} of it billable
                </Text>
              )}
            </th>
            {sheet.days.map(({ date: day, minutes }) => (
              <td key={day} className={css.sum}>
                {minutes > 0 && duration(minutes)}
              </td>
            ))}
            <td className={css.sum}>{duration(sheet.minutes)}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** People down, days across, and how full each day is. */
import { Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconBeach } from '@tabler/icons-react';
import clsx from 'clsx';
import dayjs from 'dayjs';
import type { Absence, Resources } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { Face } from '~/parts/Face';
import { useManner } from '~/parts/time';
import { awayOn, dayText, hours, sum } from './load';
import css from './workload.module.css';

interface Props {
  people: Resources[];
  absences: Absence[];
  dates: string[];
  open(user: string, date?: string): void;
}

export function Grid({ people, absences, dates, open }: Props) {
  const names = usePeople();
  const { locale } = useManner();
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'short' });
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'numeric' });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full' });
  const today = dayjs().format('YYYY-MM-DD');
  return (
    <div className={css.box}>
      <table className={css.table}>
        <thead>
          <tr>
            <th className={css.person} scope="col">
              Person
            </th>
            {dates.map((day) => (
              <th key={day} scope="col" className={clsx(css.date, day === today && css.now)}>
                {weekday.format(dayjs(day).toDate())}
                <br />
                {date.format(dayjs(day).toDate())}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {people.map((person) => {
            const name = names.get(person.user)?.name ?? 'Somebody';
            const total = sum(person);
            return (
              <tr key={person.user} data-person={name}>
                <th className={css.person} scope="row">
                  <Group gap="xs" wrap="nowrap">
                    <Face name={name} size={26} />
                    <div style={{ minWidth: 0 }}>
                      <Text size="sm" fw={500} truncate>
                        {name}
                      </Text>
                      <Text size="xs" c="dimmed">
                        {hours(total.allocated)} of {hours(total.capacity)} h
                      </Text>
                    </div>
                  </Group>
                </th>
                {person.days.map((day) => {
                  const away = awayOn(absences, person.user, day.date);
                  const text = dayText(day, away);
                  const part = day.capacity ? Math.min(1, day.allocated / day.capacity) : day.allocated ? 1 : 0;
                  return (
                    <td key={day.date} className={clsx(day.working === 0 && css.rest, away.length > 0 && css.away)}>
                      <button
                        type="button"
                        className={clsx(css.cell, day.over > 0 && css.over)}
                        data-date={day.date}
                        onClick={() => open(person.user, day.date)}
                        aria-label={`${name}, ${full.format(dayjs(day.date).toDate())}: ${text}`}
                        title={text}
                      >
                        <span className={css.fill} style={{ height: `${part * 100}%` }} />
                        {day.over > 0 ? (
                          <span className={css.warn}>
                            <IconAlertTriangle size={12} aria-hidden />+{hours(day.over)}
                          </span>
                        ) : (
                          day.allocated > 0 && <span>{hours(day.allocated)}</span>
                        )}
                        {away.length > 0 && <IconBeach size={14} aria-hidden style={{ position: 'relative' }} />}
                      </button>
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

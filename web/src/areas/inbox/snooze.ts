import dayjs from 'dayjs';
import timezone from 'dayjs/plugin/timezone';
import utc from 'dayjs/plugin/utc';

dayjs.extend(utc);
dayjs.extend(timezone);

/** Until when a message can be put off, by the clock of whoever reads it. */
export function snoozeChoices(zone?: string): { label: string; until: string }[] {
  const now = zone ? dayjs().tz(zone) : dayjs();
  const morning = (day: dayjs.Dayjs) => day.hour(9).minute(0).second(0).millisecond(0).toISOString();
  const monday = now.add((8 - now.day()) % 7 || 7, 'day');
  return [
    { label: 'In an hour', until: now.add(1, 'hour').toISOString() },
    { label: 'In three hours', until: now.add(3, 'hour').toISOString() },
    { label: 'Tomorrow morning', until: morning(now.add(1, 'day')) },
    { label: 'Monday morning', until: morning(monday) },
    { label: 'In a month', until: morning(now.add(1, 'month')) },
  ];
}

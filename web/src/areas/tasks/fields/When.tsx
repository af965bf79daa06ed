import '@mantine/dates/styles.css';
import { DateTimePicker } from '@mantine/dates';
import dayjs from 'dayjs';
import timezone from 'dayjs/plugin/timezone';
import utc from 'dayjs/plugin/utc';
import { useManner, useZone } from '~/parts/time';

dayjs.extend(utc);
dayjs.extend(timezone);

const SHAPE = 'YYYY-MM-DD HH:mm:ss';

/** A moment to be chosen on the person's own clock. */
export function MomentPicker({
  value,
  onChange,
  ...props
}: {
  value: string | null | undefined;
  onChange: (value: string | null) => void;
  id?: string;
  label?: string;
  'aria-label'?: string;
  classNames?: { input: string };
  placeholder?: string;
}) {
  const { locale } = useManner();
  const timeZone = useZone();
  const zoned = value ? dayjs(value).tz(timeZone) : undefined;
  const day = (days: number, hour = 17) =>
    dayjs().tz(timeZone).add(days, 'day').hour(hour).minute(0).second(0).format(SHAPE);
  const show = (text: string) => {
    const date = new Date(text.replace(' ', 'T'));
    const year = date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
    const shape = { day: 'numeric', month: 'short', year, hour: 'numeric', minute: '2-digit' } as const;
    return new Intl.DateTimeFormat(locale, shape).format(date);
  };
  return (
    <DateTimePicker
      size="sm"
      placeholder="None"
      clearable
      valueFormat={show}
      defaultTimeValue="17:00"
      firstDayOfWeek={1}
      value={zoned?.format(SHAPE) ?? null}
      onChange={(text) => onChange(text ? dayjs.tz(text, timeZone).toISOString() : null)}
      clearButtonProps={{ 'aria-label': 'Clear' }}
      submitButtonProps={{ 'aria-label': 'Done' }}
      presets={[
        { value: day(0), label: 'Today' },
        { value: day(1), label: 'Tomorrow' },
        { value: day(7), label: 'In a week' },
      ]}
      {...props}
    />
  );
}

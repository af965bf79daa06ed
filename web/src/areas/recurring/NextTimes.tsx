import { Skeleton, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import { useManner } from '~/parts/time';

/** The next times at which something would happen again. */
export function NextTimes(props: { rrule: string; dtstart: string; tz: string }) {
  const { locale } = useManner();
  const { rrule, dtstart, tz } = props;
  const [asked] = useDebouncedValue({ rrule, dtstart, tz, count: 5 }, 350);
  const { data, error, isPending } = useQuery({
    queryKey: ['recurrence-preview', asked],
    queryFn: ({ signal }) => ask(api.POST('/api/v1/recurrences/preview', { body: asked, signal })),
    placeholderData: keepPreviousData,
    enabled: asked.rrule !== '' && asked.dtstart !== '',
    retry: false,
  });
  if (error) {
    return (
      <Text size="sm" c="var(--mantine-color-error)" role="status">
        {error.message}
      </Text>
    );
  }
  if (isPending && !data) return <Skeleton h={20} />;
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short', timeZone: tz });
  return (
    <section aria-label="Next times">
      <Text size="sm" fw={500}>
        {data && data.times.length > 0 ? 'The first times' : 'It never happens'}
      </Text>
      <ul style={{ margin: 0, paddingInlineStart: 18 }}>
        {data?.times.map((time) => (
          <li key={time}>
            <Text size="sm" c="dimmed">
              {format.format(new Date(time))}
            </Text>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A week on a phone: day after day. */
import { ActionIcon, Group, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import clsx from 'clsx';
import { duration } from '~/areas/tasks/fields/duration';
import { useManner } from '~/parts/time';
import type { WeekProps } from './WeekGrid';
import { dayWords } from './week';
import css from './week.module.css';

export function WeekDays({ sheet, rows, titles, editable, open, now }: WeekProps) {
  const { locale } = useManner();
  const short = dayWords(locale, { weekday: 'long', day: 'numeric', month: 'short' });
  return (
    <Stack gap="xs">
      <Text size="sm">
        <b>{duration(sheet.minutes)}</b> in this week
        {sheet.billable_minutes < sheet.minutes && `, ${duration(sheet.billable_minutes)} of it billable`}
      </Text>
      {sheet.days.map(({ date, minutes }) => (
        <section key={date} className={clsx(css.day, date === now && css.current)} aria-label={short.one(date)}>
          <Group justify="space-between" wrap="nowrap" mih={40}>
            <Title order={2} size="h6" c={date === now ? 'var(--mantine-color-anchor)' : undefined}>
              {short.one(date)}
            </Title>
            <Group gap="xs" wrap="nowrap">
              <Text size="sm" fw={600} c={minutes ? undefined : 'dimmed'}>
                {minutes ? duration(minutes) : '—'}
              </Text>
              {editable && (
                <ActionIcon
                  variant="subtle"
                  size="lg"
                  aria-label={`Add time on ${short.one(date)}`}
                  onClick={() => open(date)}
                >
                  <IconPlus size={18} aria-hidden />
                </ActionIcon>
              )}
            </Group>
          </Group>
          {rows
            .filter(({ days }) => days.has(date))
            .map((row) => (
              <UnstyledButton key={row.key} className={css.line} disabled={!row.id} onClick={() => open(date, row)}>
                <span className={css.words}>
                  <Text span size="xs" c="dimmed">
                    {row.key}
                  </Text>{' '}
                  <Text span size="sm">
                    {row.id ? (titles.get(row.id) ?? '') : 'A task that is gone'}
                  </Text>
                </span>
                <Text span size="sm">
                  {duration(row.days.get(date) ?? 0)}
                </Text>
              </UnstyledButton>
            ))}
        </section>
      ))}
    </Stack>
  );
}

/** The same on a phone: a card a person, with a bar a day. */
import { Badge, Card, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { Absence, Resources } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { Face } from '~/parts/Face';
import css from './cards.module.css';
import { awayOn, dayText, hours, sum } from './load';

interface Props {
  people: Resources[];
  absences: Absence[];
  open(user: string, date?: string): void;
}

export function PersonCards({ people, absences, open }: Props) {
  const names = usePeople();
  return (
    <Stack gap="sm">
      {people.map((person) => {
        const name = names.get(person.user)?.name ?? 'Somebody';
        const total = sum(person);
        return (
          <Card key={person.user} withBorder padding="sm" radius="md" bg="var(--app-card)" data-person={name}>
            <UnstyledButton onClick={() => open(person.user)} aria-label={`The days of ${name}`}>
              <Group justify="space-between" wrap="nowrap">
                <Group gap="xs" wrap="nowrap" miw={0}>
                  <Face name={name} size={28} />
                  <div style={{ minWidth: 0 }}>
                    <Text size="sm" fw={600} truncate>
                      {name}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {hours(total.allocated)} of {hours(total.capacity)} hours planned
                    </Text>
                  </div>
                </Group>
                {total.daysOver > 0 && (
                  <Badge
                    color="red"
                    variant="light"
                    tt="none"
                    style={{ flexShrink: 0 }}
                    c="var(--mantine-color-text)"
                    leftSection={<IconAlertTriangle size={12} aria-hidden />}
                  >
                    {total.daysOver} {total.daysOver === 1 ? 'day' : 'days'} too full
                  </Badge>
                )}
              </Group>
              <span className={css.days} aria-hidden>
                {person.days.map((day) => {
                  const away = awayOn(absences, person.user, day.date);
                  const part = day.capacity ? Math.min(1, day.allocated / day.capacity) : day.allocated ? 1 : 0;
                  return (
                    <span
                      key={day.date}
                      className={css.day}
                      data-rest={day.working === 0 || undefined}
                      data-away={away.length > 0 || undefined}
                      data-over={day.over > 0 || undefined}
                      title={dayText(day, away)}
                    >
                      <span style={{ height: `${part * 100}%` }} />
                    </span>
                  );
                })}
              </span>
            </UnstyledButton>
          </Card>
        );
      })}
    </Stack>
  );
}

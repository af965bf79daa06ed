/** What a person is planned for and when they are away: behind every day of the workload. */
import { ActionIcon, Alert, Anchor, Button, Divider, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import dayjs from 'dayjs';
import { api, ask, ifMatch } from '~/api/client';
import type { Absence, Resources } from '~/api/schema';
import { useMay, useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { tasksQuery } from '~/areas/tasks/queries';
import { useManner } from '~/parts/time';
import { usePhone } from '~/parts/usePhone';
import { awayOn, dayText, hours, KINDS } from './load';
import { PlannedFor, useDates } from './PlannedFor';

interface Props {
  person: Resources;
  date?: string;
  absences: Absence[];
  addAbsence(user: string, date?: string): void;
  plan(user: string, date?: string): void;
  close(): void;
}

export function PersonDrawer({ person, date, absences, addAbsence, plan, close }: Props) {
  const phone = usePhone();
  const people = usePeople();
  const { locale } = useManner();
  const mayPlan = useMay('resource.manage');
  const name = people.get(person.user)?.name ?? 'Somebody';
  const day = person.days.find((one) => one.date === date);
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full' });
  const onDay = (one: { from: string; to: string }) => !date || (one.from <= date && date <= one.to);
  const planned = person.allocations.filter(onDay);
  const away = absences.filter((one) => one.user === person.user && onDay(one));
  const tooFull = person.days.filter(({ over }) => over > 0);
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={phone ? '100%' : 420}
      title={name}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="md">
        {day && (
          <div>
            <Title order={2} size="h5">
              {full.format(dayjs(day.date).toDate())}
            </Title>
            <Text size="sm" c="dimmed">
              {dayText(day, awayOn(absences, person.user, day.date)) || 'Nothing is planned'}
            </Text>
          </div>
        )}
        {!day && tooFull.length > 0 && (
          <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title="Too much is planned">
            {tooFull.map(({ date, over }) => `${full.format(dayjs(date).toDate())}: ${hours(over)} h`).join(' · ')}
          </Alert>
        )}
        <section>
          <Title order={3} size="h6" mb={4}>
            Planned for
          </Title>
          {planned.length === 0 && (
            <Text size="sm" c="dimmed">
              Nothing{date ? ' on this day' : ''}.
            </Text>
          )}
          <Stack gap={6}>
            {planned.map((one, index) => (
              <PlannedFor key={one.allocation ?? index} planned={one} />
            ))}
          </Stack>
          {mayPlan && (
            <Button size="xs" variant="default" mt="xs" onClick={() => plan(person.user, date)}>
              Plan for a project
            </Button>
          )}
        </section>
        <section>
          <Title order={3} size="h6" mb={4}>
            Away
          </Title>
          {away.length === 0 && (
            <Text size="sm" c="dimmed">
              Not{date ? ' on this day' : ' in this time'}.
            </Text>
          )}
          {away.map((absence) => (
            <AwayFor key={absence.id} absence={absence} />
          ))}
          <AddButton user={person.user} onClick={() => addAbsence(person.user, date)} />
        </section>
        <Divider />
        <OpenTasks user={person.user} />
      </Stack>
    </Drawer>
  );
}

function AddButton({ user, onClick }: { user: string; onClick(): void }) {
  const { data: me } = useMe();
  const own = useMay('absence.edit');
  const others = useMay('resource.manage');
  if (!(me?.user.id === user ? own : others)) return null;
  return (
    <Button size="xs" variant="default" mt="xs" onClick={onClick}>
      Add an absence
    </Button>
  );
}

function AwayFor({ absence }: { absence: Absence }) {
  const dates = useDates();
  const client = useQueryClient();
  const { data: me } = useMe();
  const own = useMay('absence.edit');
  const others = useMay('resource.manage');
  const may = me?.user.id === absence.user ? own : others;
  const remove = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE('/api/v1/absences/{id}', {
          params: { path: { id: absence.id }, header: ifMatch(absence.version) },
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ['resources'] }),
  });
  const part = { full: '', morning: ', mornings', afternoon: ', afternoons' }[absence.part];
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text size="sm">
        {absence.kind ? KINDS[absence.kind] : 'Away'}{' '}
        <Text span size="xs" c="dimmed">
          {dates(absence)}
          {part}
          {absence.note && ` · ${absence.note}`}
        </Text>
      </Text>
      {may && (
        <ActionIcon
          variant="subtle"
          color="gray"
          loading={remove.isPending}
          onClick={() => remove.mutate()}
          aria-label={`Delete the absence ${dates(absence)}`}
        >
          <IconTrash size={16} />
        </ActionIcon>
      )}
    </Group>
  );
}

function OpenTasks({ user }: { user: string }) {
  const { data: tasks } = useQuery(tasksQuery({ assignee: user, category: 'todo,in_progress', sort: 'due_at' }));
  const dates = useManner();
  const short = new Intl.DateTimeFormat(dates.locale, { day: 'numeric', month: 'short' });
  return (
    <section>
      <Title order={3} size="h6" mb={4}>
        Open tasks{tasks ? ` (${tasks.length})` : ''}
      </Title>
      <Stack gap={4}>
        {tasks?.slice(0, 12).map((task) => (
          <Group key={task.id} justify="space-between" wrap="nowrap">
            <Anchor
              component={Link}
              to="."
              search={((before: object) => ({ ...before, task: task.key })) as never}
              size="sm"
              truncate
              c="var(--mantine-color-text)"
            >
              {task.title}
            </Anchor>
            <Text size="xs" c="dimmed" style={{ flexShrink: 0 }}>
              {task.due_at ? short.format(new Date(task.due_at)) : 'no date'}
            </Text>
          </Group>
        ))}
        {tasks && tasks.length > 12 && (
          <Text size="xs" c="dimmed">
            and {tasks.length - 12} more
          </Text>
        )}
      </Stack>
    </section>
  );
}

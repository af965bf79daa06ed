/** The dates of a task as a form: all that can be drawn on the chart, without drawing. */
import { Button, Divider, Group, Modal, NumberInput, Select, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { DateInput } from '@mantine/dates';
import { useMutation, useQuery } from '@tanstack/react-query';
import dayjs from 'dayjs';
import { useState } from 'react';
import { api, ask, ifMatch } from '~/api/client';
import type { Dependency, NewSchedule, TaskSchedule, TimelineItem } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { usePhone } from '~/parts/usePhone';
import { scheduleQuery } from '../queries';
import { type Dates, datesOf, heldBy } from './model';
import { Predecessors } from './Predecessors';
import type { Dependencies } from './useDependencies';
import { asSaid, type Plan } from './usePlan';
import type { WorkTime } from './worktime';
import '@mantine/dates/styles.css';

interface Props {
  item: TimelineItem;
  items: TimelineItem[];
  links: Dependency[];
  work: WorkTime;
  plan: Plan;
  dependencies: Dependencies;
  mayEdit: boolean;
  close(): void;
}

export function TaskDates({ close, ...props }: Props) {
  const { item } = props;
  const phone = usePhone();
  const schedule = useQuery(scheduleQuery(item.id));
  return (
    <Modal
      opened
      onClose={close}
      title={`${item.key} ${item.title}`}
      size="lg"
      fullScreen={phone}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        {schedule.isPending && <Skeleton h={220} />}
        {schedule.isError && <ProblemAlert error={schedule.error} retry={() => void schedule.refetch()} />}
        {schedule.data && <DatesForm key={schedule.data.version} {...props} schedule={schedule.data} close={close} />}
        <Divider />
        <Predecessors {...props} />
      </Stack>
    </Modal>
  );
}

const CONSTRAINTS: { value: TaskSchedule['constraint']; label: string }[] = [
  { value: 'as_soon_as_possible', label: 'As soon as possible' },
  { value: 'as_late_as_possible', label: 'As late as possible' },
  { value: 'start_no_earlier_than', label: 'Start no earlier than' },
  { value: 'start_no_later_than', label: 'Start no later than' },
  { value: 'finish_no_earlier_than', label: 'Finish no earlier than' },
  { value: 'finish_no_later_than', label: 'Finish no later than' },
  { value: 'must_start_on', label: 'Must start on' },
  { value: 'must_finish_on', label: 'Must finish on' },
];
const isDated = (constraint: string) => !constraint.startsWith('as_');
const day = (instant: number | string) => dayjs(instant).format('YYYY-MM-DD');
/** That day, at the time of day that it was before. */
const onDay = (date: string, before: number) => {
  const time = dayjs(before);
  return dayjs(date).hour(time.hour()).minute(time.minute()).valueOf();
};

function DatesForm({ item, work, plan, mayEdit, schedule, close }: Omit<Props, 'items'> & { schedule: TaskSchedule }) {
  const planned = datesOf(item);
  const [want, setWant] = useState<Dates>(planned);
  const [constraint, setConstraint] = useState(schedule.constraint);
  const [at, setAt] = useState<string | null>(schedule.constraint_at ? day(schedule.constraint_at) : null);
  const [progress, setProgress] = useState<number | string>(schedule.progress);
  const why = heldBy(item);
  const days = Math.round((work.between(want.start, want.finish) / work.perDay) * 100) / 100;
  const startAt = (date: string | null) => {
    if (!date) return;
    const start = onDay(date, want.start);
    setWant({ start, finish: item.milestone ? start : work.after(start, work.between(want.start, want.finish)) });
  };
  const finishAt = (date: string | null) => date && setWant({ ...want, finish: onDay(date, want.finish) });
  const last = (count: number) => setWant({ ...want, finish: work.after(work.next(want.start), count * work.perDay) });

  const said: NewSchedule = {
    ...asSaid(schedule),
    constraint,
    constraint_at: isDated(constraint) && at ? dayjs(at).hour(9).toISOString() : null,
    progress: Number(progress) || 0,
  };
  const other =
    constraint !== schedule.constraint ||
    (isDated(constraint) && at !== (schedule.constraint_at ? day(schedule.constraint_at) : null)) ||
    said.progress !== schedule.progress;
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      if (!other) return;
      const params = { path: { id: item.id }, header: ifMatch(schedule.version) };
      await ask(api.PUT('/api/v1/tasks/{id}/schedule', { params, body: said }));
    },
    onSuccess: async () => {
      if (want.start !== planned.start || want.finish !== planned.finish) plan.move(item, want);
      else if (other) void plan.refresh();
      close();
    },
  });
  const wrong = !item.milestone && want.finish <= want.start ? 'The end has to be after the start.' : undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong) save.mutate();
      }}
    >
      <Stack gap="sm">
        {why && (
          <Text size="sm" c="dimmed">
            {why}
          </Text>
        )}
        <SimpleGrid cols={{ base: 1, xs: 3 }}>
          <DateInput
            label="Start"
            value={day(want.start)}
            onChange={startAt}
            valueFormat="D MMM YYYY"
            disabled={!mayEdit || Boolean(why)}
          />
          <DateInput
            label="End"
            value={day(want.finish)}
            onChange={finishAt}
            valueFormat="D MMM YYYY"
            error={wrong}
            disabled={!mayEdit || item.summary || item.milestone || Boolean(item.actual_finish)}
          />
          <NumberInput
            label="Working days"
            value={days}
            min={0}
            decimalScale={2}
            onChange={(value) => Number(value) > 0 && last(Number(value))}
            disabled={!mayEdit || item.summary || item.milestone || Boolean(item.actual_finish)}
          />
        </SimpleGrid>
        {!item.summary && (
          <SimpleGrid cols={{ base: 1, xs: 3 }}>
            <Select
              label="Constraint"
              data={CONSTRAINTS}
              value={constraint}
              onChange={(value) => value && setConstraint(value as typeof constraint)}
              allowDeselect={false}
              disabled={!mayEdit}
            />
            {isDated(constraint) && (
              <DateInput
                label="Date"
                value={at}
                onChange={setAt}
                valueFormat="D MMM YYYY"
                disabled={!mayEdit}
                required
              />
            )}
            <NumberInput
              label="Done, in percent"
              value={progress}
              onChange={setProgress}
              min={0}
              max={100}
              disabled={!mayEdit}
            />
          </SimpleGrid>
        )}
        <ProblemAlert error={save.error} />
        {mayEdit && (
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending}>
              Save dates
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}

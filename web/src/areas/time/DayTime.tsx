/** What was done on a task in one day: written down, mended and taken away. */
import { ActionIcon, Badge, Button, Checkbox, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Task, TimeEntry, Timesheet } from '~/api/schema';
import { duration, parseDuration } from '~/areas/tasks/fields/duration';
import { TaskPicker } from '~/areas/tasks/fields/TaskPicker';
import { timeEntriesQuery } from '~/areas/tasks/time';
import { Loaded } from '~/parts/Loaded';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useManner } from '~/parts/time';
import { usePhone } from '~/parts/usePhone';
import { useChangeEntry, useDeleteEntry, useLog } from './queries';
import { isLocked } from './State';
import { clockAt, dayWords, momentOn, nextStart } from './week';

type Named = Pick<Task, 'id' | 'key' | 'title'>;

export function DayTime({
  sheet,
  day,
  task: given,
  close,
  mayLog,
}: {
  sheet: Timesheet;
  day: string;
  /** Left out where it is still to be chosen. */
  task?: Named;
  close: () => void;
  mayLog: boolean;
}) {
  const phone = usePhone();
  const { locale } = useManner();
  const [task, setTask] = useState(given);
  const editable = mayLog && !isLocked(sheet);
  return (
    <Modal
      opened
      onClose={close}
      title={<b>{dayWords(locale, { weekday: 'long', day: 'numeric', month: 'long' }).one(day)}</b>}
      fullScreen={phone}
      size="lg"
    >
      <Stack>
        {given ? (
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            <Text span c="dimmed" size="sm">
              {given.key}
            </Text>{' '}
            {given.title}
          </Text>
        ) : (
          <TaskPicker
            label="Task"
            placeholder="Find a task by its key or its words"
            autoFocus
            value={task}
            onPick={(picked) => setTask(picked ?? undefined)}
          />
        )}
        {task && <Entries key={task.id} sheet={sheet} day={day} task={task} editable={editable} close={close} />}
      </Stack>
    </Modal>
  );
}

function Entries(props: { sheet: Timesheet; day: string; task: Named; editable: boolean; close: () => void }) {
  const { sheet, day, task, editable, close } = props;
  const entries = useQuery(timeEntriesQuery(task.id));
  const [edited, setEdited] = useState<string>();
  const { change, remove, log } = { change: useChangeEntry(), remove: useDeleteEntry(), log: useLog() };
  const zone = sheet.time_zone;
  const already = sheet.days.find(({ date }) => date === day)?.minutes ?? 0;
  return (
    <Loaded query={entries} height={80}>
      {(all) => {
        const own = all.filter((entry) => entry.user === sheet.user && entry.day === day);
        return (
          <>
            {own.length > 0 && (
              <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
                {own.map((entry) =>
                  edited === entry.id ? (
                    <li key={entry.id}>
                      <EntryForm
                        label="Save"
                        initial={valuesOf(entry, zone)}
                        error={change.error}
                        pending={change.isPending}
                        cancel={() => setEdited(undefined)}
                        submit={({ minutes, from, note, billable }) => {
                          const started_at = momentOn(day, from, zone);
                          const moved = clockAt(entry.started_at, zone) !== from;
                          const patch = { minutes, note, billable, ...(moved ? { started_at } : {}) };
                          change.mutate({ entry, patch }, { onSuccess: () => setEdited(undefined) });
                        }}
                      />
                    </li>
                  ) : (
                    <Entry
                      key={entry.id}
                      entry={entry}
                      zone={zone}
                      edit={editable ? () => setEdited(entry.id) : undefined}
                      remove={editable ? () => remove.mutate(entry) : undefined}
                      removing={remove.isPending && remove.variables.id === entry.id}
                    />
                  ),
                )}
              </Stack>
            )}
            {own.length === 0 && !editable && (
              <Text size="sm" c="dimmed">
                No time is written down here.
              </Text>
            )}
            <ProblemAlert error={remove.error} />
            {editable && !edited && (
              <EntryForm
                key={own.length}
                label="Log it"
                initial={{ length: '', from: nextStart(already), note: '', billable: true }}
                error={log.error}
                pending={log.isPending}
                cancel={close}
                submit={({ minutes, from, note, billable }) => {
                  const entry = { minutes, started_at: momentOn(day, from, zone), note, billable, user: sheet.user };
                  log.mutate({ task: task.id, entry }, { onSuccess: close });
                }}
              />
            )}
          </>
        );
      }}
    </Loaded>
  );
}

interface EntryProps {
  entry: TimeEntry;
  zone: string;
  edit?: () => void;
  remove?: () => void;
  removing: boolean;
}

function Entry({ entry, zone, edit, remove, removing }: EntryProps) {
  const much = duration(entry.minutes);
  return (
    <Group component="li" gap="sm" wrap="nowrap" align="flex-start">
      <div style={{ flex: 1, minWidth: 0 }}>
        <Group gap="xs">
          <Text size="sm" fw={650}>
            {much}
          </Text>
          <Text size="xs" c="dimmed">
            {clockAt(entry.started_at, zone)}–{clockAt(entry.ended_at, zone)}
          </Text>
          {!entry.billable && (
            <Badge variant="default" size="sm" tt="none" fw={500}>
              Not billable
            </Badge>
          )}
        </Group>
        {entry.note && (
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {entry.note}
          </Text>
        )}
      </div>
      {edit && (
        <ActionIcon variant="subtle" color="gray" aria-label={`Edit ${much}`} onClick={edit}>
          <IconPencil size={16} aria-hidden />
        </ActionIcon>
      )}
      {remove && (
        <ActionIcon variant="subtle" color="gray" aria-label={`Delete ${much}`} loading={removing} onClick={remove}>
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      )}
    </Group>
  );
}

interface Values {
  length: string;
  from: string;
  note: string;
  billable: boolean;
}

const valuesOf = (entry: TimeEntry, zone: string): Values => ({
  length: duration(entry.minutes),
  from: clockAt(entry.started_at, zone),
  note: entry.note,
  billable: entry.billable,
});

interface FormProps {
  label: string;
  initial: Values;
  error: unknown;
  pending: boolean;
  cancel: () => void;
  submit: (values: Omit<Values, 'length'> & { minutes: number }) => void;
}

function EntryForm({ label, initial, error, pending, cancel, submit }: FormProps) {
  const [values, setValues] = useState(initial);
  const minutes = parseDuration(values.length);
  const fits = minutes !== undefined && minutes >= 1 && minutes <= 1440;
  const set = (part: Partial<Values>) => setValues({ ...values, ...part });
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (fits && values.from) submit({ ...values, minutes, note: values.note.trim() });
  };
  return (
    <form onSubmit={send}>
      <Stack gap="sm">
        <Group gap="sm" align="flex-start">
          <TextInput
            label="How long"
            placeholder="1h 30m"
            w={120}
            autoFocus
            data-autofocus
            autoComplete="off"
            value={values.length}
            onChange={(event) => set({ length: event.currentTarget.value })}
            error={values.length && !fits ? 'Such as 1h 30m' : undefined}
          />
          <TextInput
            label="From"
            type="time"
            required
            withAsterisk={false}
            w={120}
            value={values.from}
            onChange={(event) => set({ from: event.currentTarget.value })}
          />
          <TextInput
            label="What was done"
            flex="1 1 200px"
            maxLength={2000}
            value={values.note}
            onChange={(event) => set({ note: event.currentTarget.value })}
          />
        </Group>
        <Checkbox
          label="Billable"
          checked={values.billable}
          onChange={(event) => set({ billable: event.currentTarget.checked })}
        />
        <ProblemAlert error={error} />
        <Group gap="xs" justify="flex-end">
          <Button variant="default" onClick={cancel}>
            Cancel
          </Button>
          <Button type="submit" disabled={!fits} loading={pending}>
            {label}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

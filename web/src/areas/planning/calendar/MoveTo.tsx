/** Choosing the day on which a task is due. */
import { Center, Modal } from '@mantine/core';
import { DatePicker } from '@mantine/dates';
import type { Task } from '~/api/schema';
import { useZone } from '~/parts/time';
import { dayIn, firstWeekday } from './days';
import '@mantine/dates/styles.css';

export function MoveTo({ task, move, close }: { task: Task; move(day: string): void; close(): void }) {
  const zone = useZone();
  const day = task.due_at ? dayIn(zone, task.due_at) : null;
  return (
    <Modal
      opened
      onClose={close}
      size="auto"
      title={`When is ${task.key} due?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Center>
        <DatePicker
          defaultDate={day ?? undefined}
          value={day}
          firstDayOfWeek={firstWeekday() as 0}
          ariaLabels={{ previousMonth: 'Month before', nextMonth: 'Next month', monthLevelControl: 'Choose a month' }}
          onChange={(chosen) => {
            if (chosen) move(chosen);
            close();
          }}
        />
      </Center>
    </Modal>
  );
}

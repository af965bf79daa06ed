/** Choosing the day on which a task is due. */
import { Center, Modal } from '@mantine/core';
import { DatePicker } from '@mantine/dates';
import type { Task } from '~/api/schema';
import { dayKey, firstWeekday } from './days';
import '@mantine/dates/styles.css';

export function MoveTo({ task, move, close }: { task: Task; move(day: string): void; close(): void }) {
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
          defaultDate={task.due_at ? dayKey(task.due_at) : undefined}
          value={task.due_at ? dayKey(task.due_at) : null}
          firstDayOfWeek={firstWeekday() as 0}
          ariaLabels={{ previousMonth: 'Month before', nextMonth: 'Next month', monthLevelControl: 'Choose a month' }}
          onChange={(day) => {
            if (day) move(day);
            close();
          }}
        />
      </Center>
    </Modal>
  );
}

import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import type { Task, TaskPatch } from '~/api/schema';
import { workflowQuery } from '~/areas/projects/queries';
import { useChangeTask } from '~/areas/tasks/queries';
import { waysFrom } from '~/areas/tasks/view/Fields';
import { useManner } from '~/parts/time';
import { complain } from '~/parts/toast';
import { UndoMessage } from '~/parts/UndoMessage';
import { putOff, type Until } from './days';

/** Completing a task and putting it off, each of which can be taken back. */
export function useDone() {
  const client = useQueryClient();
  const change = useChangeTask();
  const { timeZone } = useManner();

  const apply = async (task: Task, patch: TaskPatch, back: TaskPatch, text: string) => {
    // Waited for here, since the line that asked for it moves elsewhere at once and is told nothing afterwards.
    const changed = await change.mutateAsync({ task, patch }).catch(() => undefined);
    if (!changed) return;
    const id = `undo-${task.id}`;
    const undo = () => change.mutate({ task: changed, patch: back });
    notifications.show({ id, autoClose: 10_000, message: <UndoMessage id={id} text={text} undo={undo} /> });
  };

  return {
    async complete(task: Task) {
      try {
        const workflow = await client.fetchQuery(workflowQuery(task.project));
        const done = waysFrom(workflow, task.status).find(({ category }) => category === 'done');
        if (!done)
          throw new Error(`The workflow has no way from where ${task.key} stands to done. Move it step by step.`);
        await apply(task, { status: done.key }, { status: task.status }, `${task.key} is done.`);
      } catch (error) {
        complain(error);
      }
    },
    snooze(task: Task, until: Until) {
      const due_at = putOff(task, until, Date.now(), timeZone);
      void apply(task, { due_at }, { due_at: task.due_at ?? null }, `${task.key} is put off.`);
    },
  };
}

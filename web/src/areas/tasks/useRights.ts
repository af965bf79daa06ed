import { useMay } from '~/areas/account/queries';

/** What one may do with a task. */
export function useRights(task: string) {
  return {
    edit: useMay('task.edit', task),
    comment: useMay('task.comment', task),
    moderate: useMay('comment.moderate', task),
    delete: useMay('task.delete', task),
    create: useMay('task.create', task),
    logTime: useMay('time.log', task),
    seeTime: useMay('time.view', task),
    seeSla: useMay('sla.view', task),
    seeEvents: useMay('event.view', task),
    seeRules: useMay('rule.view', task),
    runRules: useMay('rule.run', task),
  };
}

export type Rights = ReturnType<typeof useRights>;

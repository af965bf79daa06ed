/** Changes on their way to the server. */
import { api, ask, ifMatch } from '~/api/client';
import type { NewTask, Task, TaskPatch } from '~/api/schema';

export const outbox = {
  changeTask(task: Task, patch: TaskPatch): Promise<Task> {
    const params = { path: { id: task.id }, header: ifMatch(task.version) };
    return ask(api.PATCH('/api/v1/tasks/{id}', { params, body: patch }));
  },

  createTask(project: string, task: NewTask): Promise<Task> {
    const params = { path: { id: project }, header: { 'Idempotency-Key': crypto.randomUUID() } };
    return ask(api.POST('/api/v1/projects/{id}/tasks', { params, body: task }));
  },
};

import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';

const TaskDrawer = lazy(() => import('./TaskDrawer'));

/** Opens the task that the address names with `?task=`, on whichever page one is. */
export function TaskOverPage() {
  const { task } = useSearch({ strict: false }) as { task?: unknown };
  const navigate = useNavigate();
  if (!task) return null;
  const close = () =>
    void navigate({ to: '.', search: ((old: object) => ({ ...old, task: undefined })) as never, replace: true });
  return (
    <Suspense>
      <TaskDrawer id={String(task)} close={close} />
    </Suspense>
  );
}

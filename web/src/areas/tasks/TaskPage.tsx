import { Paper } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { TaskView } from './view/TaskView';

const route = getRouteApi('/inside/tasks/$id' as never);

/** A task as a page of its own. */
export function TaskPage() {
  const { id } = route.useParams() as { id: string };
  const navigate = useNavigate();
  return (
    <Paper withBorder p={{ base: 'sm', sm: 'lg' }} maw={1180} mx="auto" bg="var(--app-card)">
      <TaskView id={id} gone={() => void navigate({ to: '/my-work' as '/' })} />
    </Paper>
  );
}

import { Alert, List } from '@mantine/core';

/** What is wrong with a task that is written down, for what has no field of its own on the page. */
export function BodyProblems({ errors }: { errors: Record<string, unknown> }) {
  const own = /\.(title|description|type|assignees|labels|start_in|due_in|checklist)$/;
  const left = Object.entries(errors).filter(([path]) => path.startsWith('task') && !own.test(path));
  if (left.length === 0) return null;
  return (
    <Alert color="red" role="alert" title="The task cannot be kept like this">
      <List size="sm">
        {left.map(([path, message]) => (
          <List.Item key={path}>{String(message)}</List.Item>
        ))}
      </List>
    </Alert>
  );
}

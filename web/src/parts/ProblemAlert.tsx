/** What went wrong, where it happened, with a way on. */
import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Problem } from '~/api/problem';

export function ProblemAlert({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!error) return null;
  const problem = error instanceof Problem ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return (
    <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden />} title={title(problem)}>
      <Text size="sm">{message}</Text>
      {(retry || problem?.requestId) && (
        <Group mt="xs" gap="sm">
          {retry && (
            <Button size="xs" variant="default" onClick={retry}>
              Try again
            </Button>
          )}
          {problem?.requestId && problem.status >= 500 && <Text size="xs">For support: {problem.requestId}</Text>}
        </Group>
      )}
    </Alert>
  );
}

function title(problem?: Problem): string {
  switch (problem?.status) {
    case 0:
      return 'No connection';
    case 403:
      return 'Not allowed';
    case 404:
      return 'Not found';
    case 409:
    case 412:
      return 'Somebody else was faster';
    case 429:
      return 'Too many requests';
    default:
      return problem && problem.status >= 500 ? 'The server has a problem' : 'That did not work';
  }
}

import { Stack, Title } from '@mantine/core';

export function Welcome() {
  return (
    <Stack>
      <Title order={1} size="h2">
        Your workspace is ready
      </Title>
    </Stack>
  );
}

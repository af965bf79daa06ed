/** What is shown when a page cannot be. */
import { Anchor, Button, Container, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { ProblemAlert } from '~/parts/ProblemAlert';

export function NotFound() {
  return (
    <Container size="xs" py="xl" component="main">
      <Stack>
        <Title order={1} size="h2">
          There is nothing here
        </Title>
        <Text>The address leads nowhere, or to something that you may not see.</Text>
        <Anchor component={Link} to="/">
          Go to the start
        </Anchor>
      </Stack>
    </Container>
  );
}

/** A page that broke. A new version may have replaced the part of the program it wanted; then loading anew helps. */
export function Trouble({ error }: { error: unknown }) {
  return (
    <Container size="xs" py="xl" component="main">
      <Stack>
        <Title order={1} size="h2">
          This page could not be shown
        </Title>
        <ProblemAlert error={error} />
        <Button onClick={() => window.location.reload()}>Load it anew</Button>
      </Stack>
    </Container>
  );
}

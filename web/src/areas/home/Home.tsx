import { Stack, Title } from '@mantine/core';
import { useMe } from '~/areas/account/queries';

export function Home() {
  const { data: me } = useMe();
  return (
    <Stack>
      <Title order={1} size="h2">
        {me ? `Hello, ${me.user.name.split(' ')[0]}` : 'Home'}
      </Title>
    </Stack>
  );
}

/** The frame of the pages for those who are not signed in. */
import { Box, Card, Center, Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Logo } from '~/parts/Logo';

export function Entrance({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <Center mih="100dvh" p="md" component="main">
      <Box w="100%" maw={420}>
        <Group justify="center" mb="lg">
          <Logo />
        </Group>
        <Card withBorder padding="xl" shadow="sm">
          <Stack>
            <div>
              <Title order={1} size="h2">
                {title}
              </Title>
              {lead && (
                <Text c="dimmed" mt={4}>
                  {lead}
                </Text>
              )}
            </div>
            {children}
          </Stack>
        </Card>
      </Box>
    </Center>
  );
}

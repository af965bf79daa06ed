import { Button, Card, SimpleGrid, Text, ThemeIcon, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFolderPlus, IconPlayerPlay, type TablerIcon } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useRef } from 'react';
import { meQuery } from '~/areas/account/queries';
import { NewProject } from '~/areas/projects/NewProject';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { type Demo, makeDemo } from './demo';

/** The first page of a new workspace: two ways to begin. */
export function Welcome() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [making, dialog] = useDisclosure();
  const made = useRef<Demo>({ rules: 0 });
  const demo = useMutation({
    mutationFn: async () => makeDemo((await client.ensureQueryData(meQuery)).user.id, made.current),
    meta: { quiet: true },
    onSuccess: ({ key }) => {
      void client.invalidateQueries({ queryKey: ['projects'] });
      void navigate({ to: '/projects/$key', params: { key }, search: { guide: true } as never });
    },
  });
  return (
    <Page
      title="Your workspace is ready"
      tab="Welcome"
      lead="Trackside keeps your projects, and rules do the routine. How would you like to begin?"
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }} maw={860}>
        <Choice
          icon={IconPlayerPlay}
          title="Show me a demo"
          action={
            <Button autoFocus loading={demo.isPending} onClick={() => demo.mutate()}>
              Make the demo project
            </Button>
          }
        >
          A small project with a dozen tasks and three rules. Move a card and watch a rule answer. Takes a minute; you
          can delete it afterwards.
        </Choice>
        <Choice
          icon={IconFolderPlus}
          title="Start with an empty project"
          action={
            <Button variant="default" onClick={dialog.open}>
              Name my project
            </Button>
          }
        >
          Begin with work of your own: name the project, add tasks, and choose rules from the gallery when you want
          them.
        </Choice>
      </SimpleGrid>
      <ProblemAlert error={demo.error} retry={() => demo.mutate()} />
      <NewProject opened={making} close={dialog.close} />
    </Page>
  );
}

function Choice(props: { icon: TablerIcon; title: string; action: ReactNode; children: ReactNode }) {
  const { icon: Icon, title, action, children } = props;
  return (
    <Card withBorder padding="lg" component="section" aria-label={title}>
      <ThemeIcon size={44} radius="xl" variant="light" mb="sm">
        <Icon size={24} stroke={1.6} aria-hidden />
      </ThemeIcon>
      <Title order={2} size="h4" mb={4}>
        {title}
      </Title>
      <Text size="sm" c="dimmed" mb="md" style={{ flex: 1 }}>
        {children}
      </Text>
      <div>{action}</div>
    </Card>
  );
}

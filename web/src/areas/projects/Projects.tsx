import { Button, Group, SegmentedControl, Skeleton, Stack, TextInput, Title } from '@mantine/core';
import { useDebouncedValue, useDisclosure, useDocumentTitle } from '@mantine/hooks';
import { IconFileImport, IconFolders, IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { ProjectStatus } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { Empty } from '~/parts/Empty';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ImportProject } from './ImportProject';
import { NewProject } from './NewProject';
import { ProjectList } from './ProjectList';
import { foundProjectsQuery } from './queries';

const SHOWN = [
  { value: '', label: 'Current' },
  { value: 'active', label: 'Active' },
  { value: 'on_hold', label: 'On hold' },
  { value: 'completed', label: 'Completed' },
  { value: 'archived', label: 'Archived' },
];

/** All projects that one may see. What is looked for stands in the address. */
export function Projects() {
  useDocumentTitle('Projects · Trackside');
  const search = useSearch({ strict: false }) as { q?: string; status?: ProjectStatus | ''; new?: boolean };
  const { q = '', status = '', new: wanted = false } = search;
  const [words, setWords] = useState(q);
  const [settled] = useDebouncedValue(words, 200);
  const [making, dialog] = useDisclosure(wanted);
  const navigate = useNavigate();
  const mayCreate = useMay('project.create');
  const projects = useQuery(foundProjectsQuery({ q, status: status || undefined }));
  useEffect(() => {
    void navigate({ to: '.', search: (old) => ({ ...old, q: settled || undefined }) as never, replace: true });
  }, [settled, navigate]);
  const show = (value: string) =>
    void navigate({ to: '.', search: (old) => ({ ...old, status: value || undefined }) as never, replace: true });
  const [importing, bring] = useDisclosure();
  const button = mayCreate && (
    <Group gap="xs" justify="center">
      <Button variant="default" leftSection={<IconFileImport size={16} aria-hidden />} onClick={bring.open}>
        Import
      </Button>
      <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
        New project
      </Button>
    </Group>
  );
  const looking = q !== '' || status !== '';
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={1} size="h2">
          Projects
        </Title>
        {projects.data && (projects.data.length > 0 || looking) && button}
      </Group>
      <Group gap="sm">
        <TextInput
          aria-label="Search projects"
          placeholder="Search by name or key"
          type="search"
          leftSection={<IconSearch size={16} aria-hidden />}
          w={{ base: '100%', sm: 280 }}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
        <SegmentedControl
          aria-label="Which projects"
          size="xs"
          data={SHOWN}
          value={status}
          onChange={show}
          style={{ maxWidth: '100%', overflowX: 'auto' }}
        />
      </Group>
      {projects.isPending && <Skeleton h={220} />}
      {projects.isError && <ProblemAlert error={projects.error} retry={() => void projects.refetch()} />}
      {projects.data && projects.data.length > 0 && <ProjectList projects={projects.data} />}
      {projects.data?.length === 0 &&
        (looking ? (
          <Empty icon={IconSearch} title="No project fits">
            Try other words, or look among the archived ones.
          </Empty>
        ) : (
          <Empty icon={IconFolders} title="A project is where work happens" actions={button}>
            It holds the tasks of one undertaking, with a board, a plan and rules that do the routine.
            {mayCreate
              ? ' Name the first one; you can start adding tasks right away.'
              : ' As soon as somebody gives you one, it appears here.'}
          </Empty>
        ))}
      <NewProject opened={making} close={dialog.close} />
      {importing && <ImportProject close={bring.close} />}
    </Stack>
  );
}

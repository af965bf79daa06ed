import { Button, Checkbox, Group, Stack } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { raw } from '~/api/client';
import type { Project } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ImportForm } from './ImportForm';
import { Section } from './Section';

/** Takes a project out as a file, and tasks in from one. */
export function Exchange({ project }: { project: Project; mayEdit: boolean }) {
  const mayImport = useMay('task.create', project.key) && project.status !== 'archived';
  return (
    <>
      <Export project={project} />
      {mayImport && <ImportForm project={project} />}
    </>
  );
}

function Export({ project }: { project: Project }) {
  const [files, setFiles] = useState(false);
  const out = useMutation({
    mutationFn: async (format: 'trackside' | 'csv') => {
      const query = new URLSearchParams({
        format,
        ...(files && format === 'trackside' ? { attachments: 'true' } : {}),
      });
      const answer = await raw(`/api/v1/projects/${project.id}/export?${query}`);
      const ending = format === 'csv' ? 'csv' : files ? 'zip' : 'json';
      save(await answer.blob(), `${project.key}.${ending}`);
    },
    meta: { quiet: true },
  });
  const running = (format: string) => out.isPending && out.variables === format;
  return (
    <Section
      title="Export"
      lead="The whole project can be taken in again, here or elsewhere. The table is for spreadsheets."
    >
      <Stack gap="sm">
        <Checkbox
          label="With the files of its tasks"
          checked={files}
          onChange={(event) => setFiles(event.currentTarget.checked)}
        />
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            loading={running('trackside')}
            onClick={() => out.mutate('trackside')}
          >
            Whole project
          </Button>
          <Button
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            loading={running('csv')}
            onClick={() => out.mutate('csv')}
          >
            Tasks as a table
          </Button>
        </Group>
        <ProblemAlert error={out.error} />
      </Stack>
    </Section>
  );
}

/** Hands the browser a file to keep. */
function save(blob: Blob, name: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The tasks of a project as a table, or as cards on a phone. */
import { ActionIcon, Button, Group, Menu, Skeleton, Stack, Text, Tooltip } from '@mantine/core';
import { IconChecks, IconColumns, IconDownload, IconFilterOff, IconListCheck } from '@tabler/icons-react';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { raw } from '~/api/client';
import type { Task } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { projectQuery } from '~/areas/projects/queries';
import { tasksQuery, useChangeTask } from '~/areas/tasks/queries';
import { Empty } from '~/parts/Empty';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { usePhone } from '~/parts/usePhone';
import { DEFAULT_ORDER, FILTERS, filterOf, isNarrowed, useListSearch } from './address';
import { Bulk } from './Bulk';
import { Cards } from './Cards';
import { useColumns, useShelf } from './columns';
import { Filters } from './Filters';
import { Table } from './Table';
import { useChoosing } from './useChoosing';
import { Views } from './Views';

const NONE: Task[] = [];

export function List() {
  const { key } = useParams({ strict: false }) as { key: string };
  const [search, change] = useListSearch();
  const phone = usePhone();
  const { data: project } = useQuery(projectQuery(key));
  const shelf = useShelf(key);
  const columns = useColumns(shelf);
  const found = useQuery({ ...tasksQuery(filterOf(key, search)), placeholderData: keepPreviousData });
  const tasks = found.data ?? NONE;
  const mayEdit = useMay('task.edit', project?.id ?? key);
  const edit = useChangeTask();
  const choosing = useChoosing(tasks);
  const [choose, setChoose] = useState(false);

  return (
    <Stack gap="sm">
      <Group gap="xs" wrap="wrap">
        <Filters shelf={shelf} search={search} change={change} />
        <Group gap="xs">
          {project && (
            <Views project={project} search={search} change={change} columns={columns.chosen} choose={columns.choose} />
          )}
          {!phone && <Columns columns={columns} />}
          {phone && mayEdit && (
            <Button
              variant={choose ? 'light' : 'default'}
              leftSection={<IconChecks size={16} aria-hidden />}
              aria-pressed={choose}
              onClick={() => {
                setChoose(!choose);
                choosing.clear();
              }}
            >
              Choose
            </Button>
          )}
          <Export project={key} />
        </Group>
      </Group>
      <Text size="xs" c="dimmed" component="output" aria-live="polite">
        {found.data && (tasks.length === 1 ? '1 task' : `${tasks.length} tasks`)}
      </Text>
      {found.error && !found.data && <ProblemAlert error={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Loading />}
      {found.data && tasks.length === 0 && (
        <Nothing
          narrowed={isNarrowed(search)}
          clear={() => change({ ...Object.fromEntries(FILTERS.map((name) => [name, undefined])), view: undefined })}
        />
      )}
      {tasks.length > 0 &&
        (phone ? (
          <Cards tasks={tasks} shelf={shelf} choosing={choosing} choose={choose} />
        ) : (
          <Table
            tasks={tasks}
            columns={columns.shown}
            shelf={shelf}
            order={search.order ?? DEFAULT_ORDER}
            sort={(order) => change({ order })}
            choosing={choosing}
            save={mayEdit ? (task, patch) => edit.mutate({ task, patch }) : undefined}
          />
        ))}
      <Bulk tasks={tasks} choosing={choosing} shelf={shelf} />
    </Stack>
  );
}

function Loading() {
  return (
    <Stack gap={6} aria-busy="true" aria-label="Loading tasks">
      {[1, 2, 3, 4, 5, 6].map((line) => (
        <Skeleton key={line} height={38} />
      ))}
    </Stack>
  );
}

function Nothing({ narrowed, clear }: { narrowed: boolean; clear: () => void }) {
  if (narrowed) {
    return (
      <Empty
        icon={IconFilterOff}
        title="No task fits"
        actions={
          <Button variant="default" onClick={clear}>
            Show all tasks
          </Button>
        }
      >
        The filters leave nothing over.
      </Empty>
    );
  }
  return (
    <Empty icon={IconListCheck} title="There are no tasks yet">
      Tasks of the project stand here in a table, to be sorted, filtered and changed together. Make the first one with
      “New task” above, or by pressing c.
    </Empty>
  );
}

function Columns({ columns }: { columns: ReturnType<typeof useColumns> }) {
  const { all, chosen, choose } = columns;
  const toggle = (key: string) => choose(chosen.includes(key) ? chosen.filter((one) => one !== key) : [...chosen, key]);
  return (
    <Menu closeOnItemClick={false} width={220} position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconColumns size={16} aria-hidden />}>
          Columns
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={420} style={{ overflow: 'auto' }}>
        {all.map(({ key, label }) => (
          <Menu.CheckboxItem key={key} checked={chosen.includes(key)} onChange={() => toggle(key)}>
            {label}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** All tasks of the project as a table for other programs. */
function Export({ project }: { project: string }) {
  const run = useMutation({
    mutationFn: async () => {
      const answer = await raw(`/api/v1/projects/${project}/export?format=csv`);
      const url = URL.createObjectURL(await answer.blob());
      const link = document.createElement('a');
      link.href = url;
      link.download = `${project}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    },
  });
  return (
    <Tooltip label="All tasks of the project as CSV">
      <ActionIcon
        variant="default"
        size={36}
        aria-label="Export as CSV"
        loading={run.isPending}
        onClick={() => run.mutate()}
      >
        <IconDownload size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

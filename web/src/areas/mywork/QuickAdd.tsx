import { Button, Group, Select, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useMay, useMe } from '~/areas/account/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { useCreateTask } from '~/areas/tasks/queries';
import { Dictate } from '~/parts/Dictate';
import { say } from '~/parts/toast';

/** The project that the last task was made in, which is where the next one will be. */
const LAST = 'trackside.last-project';

/** A line for a task of one's own. */
export function QuickAdd() {
  const may = useMay('task.create');
  const { data: me } = useMe();
  const { data: projects = [] } = useQuery(projectsQuery);
  const [title, setTitle] = useState('');
  const [chosen, choose] = useState(localStorage.getItem(LAST));
  const create = useCreateTask();
  const current = projects.filter(({ status }) => status !== 'archived');
  const project = current.find(({ key }) => key === chosen) ?? current[0];
  if (!may || !project || !me) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!title.trim()) return;
    create.mutate(
      { project: project.key, task: { title: title.trim(), assignees: [me.user.id] } },
      {
        onSuccess: ({ key }) => {
          setTitle('');
          localStorage.setItem(LAST, project.key);
          say(`${key} is yours.`);
        },
      },
    );
  };
  return (
    <Group component="form" gap="xs" onSubmit={submit as never}>
      <TextInput
        flex="1 1 200px"
        aria-label="A new task of yours"
        placeholder="Add a task for yourself…"
        maxLength={500}
        dir="auto"
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        rightSection={<Dictate onText={(said) => setTitle(`${title} ${said}`.trim())} label="Dictate the title" />}
      />
      <Select
        aria-label="Project of the new task"
        w={{ base: 'calc(100% - 96px)', sm: 180 }}
        allowDeselect={false}
        searchable
        data={current.map(({ key, name }) => ({ value: key, label: name }))}
        value={project.key}
        onChange={choose}
      />
      <Button type="submit" leftSection={<IconPlus size={16} aria-hidden />} loading={create.isPending}>
        Add
      </Button>
    </Group>
  );
}

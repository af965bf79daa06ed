/** Saved views: filters, order and columns under a name, for oneself or for others. */
import { Button, Group, Menu, Modal, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { IconBookmark, IconCheck, IconDeviceFloppy, IconPlus, IconTrash } from '@tabler/icons-react';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { View } from '~/api/schema';
import { useMay, useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { Confirm } from '~/parts/Confirm';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { type ListSearch, queryOf, searchOf } from './address';

export const viewsQuery = queryOptions({
  queryKey: ['views'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/views', { params: { query } })), 1000),
});

interface Props {
  project: { id: string; key: string };
  search: ListSearch;
  change: (search: Partial<ListSearch>) => void;
  columns: string[];
  choose: (columns: string[]) => void;
}

const isOf = ({ key, id }: Props['project'], view: View) => {
  const project = new URLSearchParams(view.query).get('project');
  return view.layout === 'list' && (project === key || project === id);
};

export function Views({ project, search, change, columns, choose }: Props) {
  const { data: me } = useMe();
  const people = usePeople();
  const client = useQueryClient();
  const { data = [] } = useQuery(viewsQuery);
  const [open, setOpen] = useState<'new' | 'delete'>();
  const views = data.filter((view) => isOf(project, view));
  const current = views.find(({ id }) => id === search.view);
  const own = current?.owner === me?.user.id;
  const fresh = () => client.invalidateQueries({ queryKey: ['views'] });
  const update = useMutation({
    mutationFn: (view: View) =>
      ask(
        api.PATCH('/api/v1/views/{id}', {
          params: { path: { id: view.id } },
          body: { query: queryOf(project.key, search), options: { columns } },
        }),
      ),
    onSuccess: ({ name }) => say(`“${name}” is saved.`),
    onSettled: fresh,
  });
  const use = (view: View) => {
    change({ ...searchOf(view.query), view: view.id });
    const { columns: chosen } = view.options as { columns?: string[] };
    if (chosen) choose(chosen);
  };
  return (
    <>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={16} aria-hidden />}>
            {current?.name ?? 'Views'}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {views.length === 0 && (
            <Text size="xs" c="dimmed" px="sm" py={4} maw={240}>
              Keep filters, order and columns under a name to come back to them.
            </Text>
          )}
          {views.map((view) => (
            <Menu.Item
              key={view.id}
              leftSection={view.id === current?.id ? <IconCheck size={14} /> : <span style={{ width: 14 }} />}
              onClick={() => use(view)}
            >
              {view.name}
              {view.owner !== me?.user.id && (
                <Text size="xs" c="dimmed">
                  {people.get(view.owner)?.name ?? 'Somebody'}
                </Text>
              )}
            </Menu.Item>
          ))}
          <Menu.Divider />
          {current && own && (
            <Menu.Item leftSection={<IconDeviceFloppy size={14} />} onClick={() => update.mutate(current)}>
              Save changes to it
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconPlus size={14} />} onClick={() => setOpen('new')}>
            Save as a view…
          </Menu.Item>
          {current && own && (
            <Menu.Item
              leftSection={<IconTrash size={14} />}
              c="var(--mantine-color-error)"
              onClick={() => setOpen('delete')}
            >
              Delete the view
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {open === 'new' && (
        <NewView
          project={project}
          query={queryOf(project.key, search)}
          columns={columns}
          close={() => setOpen(undefined)}
          made={(view) => {
            void fresh();
            change({ view: view.id });
            setOpen(undefined);
          }}
        />
      )}
      <Confirm
        opened={open === 'delete'}
        close={() => setOpen(undefined)}
        title={`Delete the view “${current?.name}”?`}
        action="Delete the view"
        run={async () => {
          await ask(api.DELETE('/api/v1/views/{id}', { params: { path: { id: current!.id } } }));
          change({ view: undefined });
          await fresh();
        }}
      >
        Its tasks stay. Whoever used the view no longer finds it.
      </Confirm>
    </>
  );
}

function NewView({
  project,
  query,
  columns,
  close,
  made,
}: {
  project: Props['project'];
  query: string;
  columns: string[];
  close: () => void;
  made: (view: View) => void;
}) {
  const mayShare = useMay('view.share', project.id);
  const [name, setName] = useState('');
  const [shared, setShared] = useState<View['shared']>('private');
  const create = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      ask(
        api.POST('/api/v1/views', {
          body: {
            name: name.trim(),
            query,
            layout: 'list',
            options: { columns },
            shared,
            project: shared === 'project' ? project.id : undefined,
          },
        }),
      ),
    onSuccess: made,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) create.mutate();
  };
  return (
    <Modal opened onClose={close} title="Save as a view" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            placeholder="Urgent bugs"
            required
            maxLength={200}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {mayShare && (
            <div>
              <Text size="sm" fw={500} mb={4}>
                Who sees it
              </Text>
              <SegmentedControl
                fullWidth
                aria-label="Who sees it"
                value={shared}
                onChange={(value) => setShared(value as View['shared'])}
                data={[
                  { value: 'private', label: 'Only me' },
                  { value: 'project', label: 'The project' },
                  { value: 'workspace', label: 'Everybody' },
                ]}
              />
            </div>
          )}
          <ProblemAlert error={create.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

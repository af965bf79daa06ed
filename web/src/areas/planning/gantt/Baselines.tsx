/** Choosing a baseline to compare the plan with, and keeping the plan as a new one. */
import { ActionIcon, Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconCheck, IconHistory, IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import { useMay } from '~/areas/account/queries';
import { Confirm } from '~/parts/Confirm';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { baselinesQuery } from '../queries';
import { shortDate } from './shift';

interface Props {
  project: string;
  chosen?: string;
  choose(id?: string): void;
}

export function Baselines({ project, chosen, choose }: Props) {
  const client = useQueryClient();
  const may = useMay('project.edit', project);
  const baselines = useQuery(baselinesQuery(project));
  const [asking, setAsking] = useState(false);
  const [name, setName] = useState('');
  const refresh = () => client.invalidateQueries({ queryKey: ['baselines'] });
  const keep = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      ask(api.POST('/api/v1/projects/{id}/baselines', { params: { path: { id: project } }, body: { name } })),
    onSuccess: async (baseline) => {
      await refresh();
      choose(baseline.id);
      setAsking(false);
      setName('');
      say(`The plan is kept as “${baseline.name}”.`);
    },
  });
  const [leaving, setLeaving] = useState(false);
  const remove = async (id: string) => {
    await ask(api.DELETE('/api/v1/baselines/{id}', { params: { path: { id } } }));
    choose(undefined);
    void refresh();
  };
  const items = baselines.data?.items ?? [];
  const current = items.find(({ id }) => id === chosen);
  return (
    <>
      <Menu position="bottom-end" width={280}>
        <Menu.Target>
          <Button variant="default" size="xs" leftSection={<IconHistory size={16} />}>
            {current ? `Baseline: ${current.name}` : 'Baseline'}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Compare the plan with how it once was</Menu.Label>
          {items.length === 0 && (
            <Text size="sm" c="dimmed" px="sm" py={4}>
              No baseline was kept yet.
            </Text>
          )}
          {items.map(({ id, name: label, created_at }) => (
            <Menu.Item
              key={id}
              leftSection={<IconCheck size={14} style={{ opacity: id === chosen ? 1 : 0 }} />}
              onClick={() => choose(id === chosen ? undefined : id)}
              aria-checked={id === chosen}
              role="menuitemcheckbox"
            >
              {label}
              <Text size="xs" c="dimmed">
                {shortDate(created_at)}
              </Text>
            </Menu.Item>
          ))}
          {may && (
            <>
              <Menu.Divider />
              <Menu.Item leftSection={<IconPlus size={14} />} onClick={() => setAsking(true)}>
                Keep the plan as it is now…
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {current && may && (
        <ActionIcon
          variant="default"
          size={30}
          onClick={() => setLeaving(true)}
          aria-label={`Delete the baseline ${current.name}`}
        >
          <IconTrash size={16} />
        </ActionIcon>
      )}
      {current && (
        <Confirm
          opened={leaving}
          close={() => setLeaving(false)}
          title={`Delete the baseline “${current.name}”?`}
          action="Delete"
          run={() => remove(current.id)}
        >
          The dates that it keeps are gone for good. The plan stays as it is.
        </Confirm>
      )}
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title="Keep the plan as a baseline"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            keep.mutate();
          }}
        >
          <Stack>
            <TextInput
              label="Name"
              placeholder="As agreed"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              required
              data-autofocus
            />
            <ProblemAlert error={keep.error} />
            <Group justify="flex-end">
              <Button type="submit" loading={keep.isPending}>
                Keep
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}

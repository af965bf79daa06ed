import { Button, MultiSelect, TextInput } from '@mantine/core';
import { IconPencil, IconPlus, IconShieldPlus, IconTrash, IconUsersGroup } from '@tabler/icons-react';
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { Group, GroupWithMembers } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { membersQuery, usePeople } from '~/areas/people/queries';
import { Empty } from '~/parts/Empty';
import { FormModal } from '~/parts/FormModal';
import { Loaded } from '~/parts/Loaded';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { AdminPage } from './AdminPage';
import { Rights } from './members/Rights';

const groupsQuery = queryOptions({
  queryKey: ['groups', 'list'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/groups', { params: { query: { ...query, sort: 'name' } } }))),
});

const groupQuery = (id: string) =>
  queryOptions({
    queryKey: ['groups', 'one', id],
    queryFn: () => ask(api.GET('/api/v1/groups/{id}', { params: { path: { id } } })),
  });

/** People who are named together: in rules, in approvals, and for what they may. */
export function Groups() {
  const groups = useQuery(groupsQuery);
  const mayManage = useMay('access.manage');
  const [edited, setEdited] = useState<GroupWithMembers | 'new'>();
  const [given, setGiven] = useState<Group>();
  const button = mayManage && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEdited('new')}>
      New group
    </Button>
  );
  return (
    <AdminPage
      title="Groups"
      lead="People who are named together: in rules, in approvals, and for what they may."
      actions={!!groups.data?.length && button}
    >
      <Loaded query={groups}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={IconUsersGroup} title="No groups yet" actions={button}>
              Put people together who are asked or told together, such as those who release.
            </Empty>
          ) : (
            <Rows label="Groups">
              {items.map((group) => (
                <Line
                  key={group.id}
                  group={group}
                  mayManage={mayManage}
                  edit={setEdited}
                  give={() => setGiven(group)}
                />
              ))}
            </Rows>
          )
        }
      </Loaded>
      {edited && <Edit group={edited === 'new' ? undefined : edited} close={() => setEdited(undefined)} />}
      {given && <Rights opened close={() => setGiven(undefined)} whom={{ group: given.id }} name={given.name} />}
    </AdminPage>
  );
}

function Line(props: { group: Group; mayManage: boolean; edit: (group: GroupWithMembers) => void; give: () => void }) {
  const { group, mayManage, edit, give } = props;
  const client = useQueryClient();
  const people = usePeople();
  const { data } = useQuery(groupQuery(group.id));
  const names = data?.members.map((id) => people.get(id)?.name ?? 'Somebody who left') ?? [];
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
  return (
    <Row
      title={group.name}
      about={data ? shown || 'Nobody yet' : '…'}
      actions={
        <RowMenu
          label={`More for ${group.name}`}
          acts={[
            { label: 'Rights of the group', icon: IconShieldPlus, run: give },
            mayManage && data && { label: 'Change', icon: IconPencil, run: () => edit(data) },
            mayManage && {
              label: 'Delete',
              icon: IconTrash,
              run: async () => {
                await ask(api.DELETE('/api/v1/groups/{id}', { params: { path: { id: group.id } } }));
                await client.invalidateQueries({ queryKey: ['groups'] });
              },
              ask: {
                title: `Delete ${group.name}?`,
                text: 'What was given to the group ends for all who are in it. The people stay.',
                action: 'Delete the group',
              },
            },
          ]}
        />
      }
    />
  );
}

function Edit({ group, close }: { group?: GroupWithMembers; close: () => void }) {
  const { data: members = [] } = useQuery(membersQuery);
  const before = group?.members ?? [];
  return (
    <FormModal
      opened
      close={close}
      title={group ? `Change ${group.name}` : 'New group'}
      initial={{ name: group?.name ?? '', members: before }}
      action={group ? 'Save' : 'Make the group'}
      touches="groups"
      run={({ name, members: now }) =>
        group
          ? ask(
              api.PATCH('/api/v1/groups/{id}', {
                params: { path: { id: group.id } },
                body: {
                  name,
                  add: now.filter((id) => !before.includes(id)),
                  remove: before.filter((id) => !now.includes(id)),
                },
              }),
            )
          : ask(api.POST('/api/v1/groups', { body: { name, members: now } }))
      }
    >
      {(form) => (
        <>
          <TextInput label="Name" required maxLength={200} data-autofocus {...form.getInputProps('name')} />
          <MultiSelect
            label="Who is in it"
            searchable
            data={members
              .filter(({ id, state }) => state === 'active' || before.includes(id))
              .map(({ id, name }) => ({ value: id, label: name }))}
            {...form.getInputProps('members')}
          />
        </>
      )}
    </FormModal>
  );
}

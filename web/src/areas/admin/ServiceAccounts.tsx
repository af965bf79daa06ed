import { Badge, Button, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconPlus, IconRobot, IconUserOff } from '@tabler/icons-react';
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { Member, Role } from '~/api/schema';
import { TokenList } from '~/areas/account/own/Tokens';
import { Empty } from '~/parts/Empty';
import { FormModal } from '~/parts/FormModal';
import { Loaded } from '~/parts/Loaded';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { AdminPage } from './AdminPage';
import { ROLE_CHOICES, ROLES } from './words';

const accountsQuery = queryOptions({
  queryKey: ['members', 'service'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/service-accounts', { params: { query } }))),
});

const tokensQuery = (id: string) =>
  queryOptions({
    queryKey: ['tokens', id],
    queryFn: () =>
      ask(api.GET('/api/v1/service-accounts/{id}/tokens', { params: { path: { id } } })).then(({ items }) => items),
  });

/** Members that are programs: they outlast the people who set them up. */
export function ServiceAccounts() {
  const accounts = useQuery(accountsQuery);
  const [making, dialog] = useDisclosure();
  const [opened, setOpened] = useState<Member>();
  const button = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
      New service account
    </Button>
  );
  return (
    <AdminPage
      title="Service accounts"
      lead="Members that are programs, such as a build server. They stay when the people who set them up leave."
      actions={!!accounts.data?.length && button}
    >
      <Loaded query={accounts}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={IconRobot} title="No service accounts" actions={button}>
              Make one for a program that works with Trackside, and give it a token with no more than it needs.
            </Empty>
          ) : (
            <Rows label="Service accounts">
              {items.map((account) => (
                <Line key={account.id} account={account} open={() => setOpened(account)} />
              ))}
            </Rows>
          )
        }
      </Loaded>
      <FormModal
        opened={making}
        close={dialog.close}
        title="New service account"
        initial={{ name: '', role: 'team_member' as Role }}
        action="Make it"
        touches="members"
        run={(body) => ask(api.POST('/api/v1/service-accounts', { body }))}
      >
        {(form) => (
          <>
            <TextInput
              label="Name"
              placeholder="Build server"
              required
              data-autofocus
              {...form.getInputProps('name')}
            />
            <Select label="Role" allowDeselect={false} data={ROLE_CHOICES} {...form.getInputProps('role')} />
          </>
        )}
      </FormModal>
      <Modal opened={!!opened} onClose={() => setOpened(undefined)} title={`Tokens of ${opened?.name}`} size="lg">
        {opened && <Tokens account={opened} />}
      </Modal>
    </AdminPage>
  );
}

function Line({ account, open }: { account: Member; open: () => void }) {
  const client = useQueryClient();
  const active = account.state === 'active';
  const params = { path: { id: account.id } };
  const again = () => client.invalidateQueries({ queryKey: ['members'] });
  return (
    <Row
      before={<IconRobot size={20} aria-hidden />}
      title={account.name}
      about={active ? undefined : 'deactivated'}
      beside={
        <Badge variant="default" tt="none" fw={500}>
          {ROLES[account.role]}
        </Badge>
      }
      actions={
        <RowMenu
          label={`More for ${account.name}`}
          acts={[
            active && { label: 'Tokens', icon: IconKey, run: open },
            active && {
              label: 'Deactivate',
              icon: IconUserOff,
              run: async () => {
                await ask(api.POST('/api/v1/members/{id}/deactivate', { params }));
                await again();
              },
              ask: {
                title: `Deactivate ${account.name}?`,
                text: 'Its tokens are refused from now on.',
                action: 'Deactivate',
              },
            },
            !active && {
              label: 'Reactivate',
              icon: IconRobot,
              run: async () => {
                await ask(api.POST('/api/v1/members/{id}/reactivate', { params }));
                await again();
              },
            },
          ]}
        />
      }
    />
  );
}

function Tokens({ account: { id } }: { account: Member }) {
  return (
    <Stack>
      <TokenList
        tokens={useQuery(tokensQuery(id))}
        create={(body) => ask(api.POST('/api/v1/service-accounts/{id}/tokens', { params: { path: { id } }, body }))}
        revoke={(token) =>
          ask(api.DELETE('/api/v1/service-accounts/{id}/tokens/{token}', { params: { path: { id, token } } }))
        }
      />
    </Stack>
  );
}

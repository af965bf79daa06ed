import { Button, PasswordInput, Select, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBrandGithub, IconBrandSlack, IconPlugConnected, IconPlus, IconTrash } from '@tabler/icons-react';
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import type { Connection, ConnectionKind } from '~/api/schema';
import { Empty } from '~/parts/Empty';
import { FormModal } from '~/parts/FormModal';
import { Loaded } from '~/parts/Loaded';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { When } from '~/parts/When';
import { AdminPage } from './AdminPage';

const KINDS: Record<ConnectionKind, { label: string; icon: typeof IconBrandGithub; token: string }> = {
  github: { label: 'GitHub', icon: IconBrandGithub, token: 'A personal access token that may write issues.' },
  slack: { label: 'Slack', icon: IconBrandSlack, token: 'The bot token of a Slack app (xoxb-…).' },
};

const connectionsQuery = queryOptions({
  queryKey: ['connections'],
  queryFn: () => ask(api.GET('/api/v1/connections')).then(({ items }) => items),
});

/** Other services in which rules do something. */
export function Connections() {
  const connections = useQuery(connectionsQuery);
  const [making, dialog] = useDisclosure();
  const button = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
      New connection
    </Button>
  );
  return (
    <AdminPage
      title="Connections"
      lead="Other services in which rules do something: open an issue, post a message."
      actions={!!connections.data?.length && button}
    >
      <Loaded query={connections}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={IconPlugConnected} title="No connections yet" actions={button}>
              Connect GitHub or Slack once, and every rule can use it.
            </Empty>
          ) : (
            <Rows label="Connections">
              {items.map((connection) => (
                <Line key={connection.id} connection={connection} />
              ))}
            </Rows>
          )
        }
      </Loaded>
      <FormModal
        opened={making}
        close={dialog.close}
        title="New connection"
        initial={{ kind: 'github' as ConnectionKind, name: 'default', base_url: '', token: '' }}
        action="Connect"
        touches="connections"
        run={({ base_url, ...body }) =>
          ask(api.POST('/api/v1/connections', { body: { ...body, base_url: base_url || undefined } }))
        }
      >
        {(form) => (
          <>
            <Select
              label="Service"
              allowDeselect={false}
              data={Object.entries(KINDS).map(([value, { label }]) => ({ value, label }))}
              {...form.getInputProps('kind')}
            />
            <TextInput
              label="Name"
              description="“default” is taken where a rule names none."
              required
              data-autofocus
              {...form.getInputProps('name')}
            />
            <PasswordInput
              label="Token"
              description={KINDS[form.values.kind].token}
              autoComplete="off"
              required
              {...form.getInputProps('token')}
            />
            <TextInput
              label="Address"
              description="Only when the service runs elsewhere than usual."
              placeholder="https://github.example.com/api/v3"
              type="url"
              {...form.getInputProps('base_url')}
            />
          </>
        )}
      </FormModal>
    </AdminPage>
  );
}

function Line({ connection: { id, kind, name, base_url, created_at } }: { connection: Connection }) {
  const client = useQueryClient();
  const { icon: Icon, label } = KINDS[kind];
  return (
    <Row
      before={<Icon size={20} aria-hidden />}
      title={`${label}: ${name}`}
      about={
        <>
          {base_url && `${base_url} · `}made <When at={created_at} />
        </>
      }
      actions={
        <RowMenu
          label={`More for ${label}: ${name}`}
          acts={[
            {
              label: 'Delete',
              icon: IconTrash,
              run: async () => {
                await ask(api.DELETE('/api/v1/connections/{id}', { params: { path: { id } } }));
                await client.invalidateQueries({ queryKey: ['connections'] });
              },
              ask: {
                title: `Delete ${label}: ${name}?`,
                text: 'Steps of rules that need it fail from now on.',
                action: 'Delete the connection',
              },
            },
          ]}
        />
      }
    />
  );
}

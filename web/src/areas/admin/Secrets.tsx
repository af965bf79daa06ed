import { Button, PasswordInput, TextInput } from '@mantine/core';
import { IconLock, IconPlus, IconRefresh, IconTrash } from '@tabler/icons-react';
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { SecretInfo } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { Empty } from '~/parts/Empty';
import { FormModal } from '~/parts/FormModal';
import { Loaded } from '~/parts/Loaded';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { When } from '~/parts/When';
import { AdminPage } from './AdminPage';
import { PlaceSelect } from './Place';

const secretsQuery = queryOptions({
  queryKey: ['secrets'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/secrets', { params: { query } }))),
});

/** What rules prove themselves with to other services. A value goes in and never comes out. */
export function Secrets() {
  const secrets = useQuery(secretsQuery);
  const mayManage = useMay('secret.manage');
  const [set, setSet] = useState<SecretInfo | 'new'>();
  const button = mayManage && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setSet('new')}>
      New secret
    </Button>
  );
  return (
    <AdminPage
      title="Secrets"
      lead="What rules prove themselves with to other services. A value goes in and is never shown again, not even to you."
      actions={!!secrets.data?.length && button}
    >
      <Loaded query={secrets}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={IconLock} title="No secrets yet" actions={button}>
              Keep a password or token here, and rules hand it on without anybody reading it.
            </Empty>
          ) : (
            <Rows label="Secrets">
              {items.map((secret) => (
                <Line
                  key={`${secret.project}/${secret.name}`}
                  secret={secret}
                  mayManage={mayManage}
                  set={() => setSet(secret)}
                />
              ))}
            </Rows>
          )
        }
      </Loaded>
      {set && <SetSecret secret={set === 'new' ? undefined : set} close={() => setSet(undefined)} />}
    </AdminPage>
  );
}

function Line({ secret, mayManage, set }: { secret: SecretInfo; mayManage: boolean; set: () => void }) {
  const client = useQueryClient();
  const people = usePeople();
  const { name, project_key, set_by, set_at } = secret;
  return (
    <Row
      title={name}
      about={
        <>
          {project_key ?? 'everywhere'} · set {set_by && `by ${people.get(set_by)?.name ?? 'somebody who left'} `}
          <When at={set_at} />
        </>
      }
      actions={
        mayManage && (
          <RowMenu
            label={`More for ${name}`}
            acts={[
              { label: 'Set a new value', icon: IconRefresh, run: set },
              {
                label: 'Delete',
                icon: IconTrash,
                run: async () => {
                  await ask(
                    api.DELETE('/api/v1/secrets/{name}', {
                      params: { path: { name }, query: { project: project_key ?? undefined } },
                    }),
                  );
                  await client.invalidateQueries({ queryKey: ['secrets'] });
                },
                ask: {
                  title: `Delete ${name}?`,
                  text: 'Steps of rules that name it fail from now on.',
                  action: 'Delete the secret',
                },
              },
            ]}
          />
        )
      }
    />
  );
}

function SetSecret({ secret, close }: { secret?: SecretInfo; close: () => void }) {
  return (
    <FormModal
      opened
      close={close}
      title={secret ? `A new value for ${secret.name}` : 'New secret'}
      initial={{ name: secret?.name ?? '', value: '', project: secret?.project_key ?? null }}
      action={secret ? 'Set the value' : 'Keep it'}
      touches="secrets"
      run={({ name, value, project }) =>
        ask(
          api.PUT('/api/v1/secrets/{name}', {
            params: { path: { name }, query: { project: project ?? undefined } },
            body: { value },
          }),
        )
      }
    >
      {(form) => (
        <>
          {!secret && (
            <>
              <TextInput
                label="Name"
                description="Letters, digits and _. Rules write {{ secrets.NAME }}."
                placeholder="DEPLOY_TOKEN"
                required
                maxLength={64}
                pattern="[A-Za-z_][A-Za-z0-9_]*"
                data-autofocus
                {...form.getInputProps('name')}
              />
              <PlaceSelect {...form.getInputProps('project')} />
            </>
          )}
          <PasswordInput
            label="Value"
            description="8 characters or more."
            autoComplete="off"
            required
            {...form.getInputProps('value')}
          />
        </>
      )}
    </FormModal>
  );
}

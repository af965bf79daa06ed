import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconRefresh, IconTrash, IconWebhook } from '@tabler/icons-react';
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import type { Hook } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { Copyable } from '~/parts/Copyable';
import { Empty } from '~/parts/Empty';
import { Loaded } from '~/parts/Loaded';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { When } from '~/parts/When';
import { AdminPage } from '../AdminPage';
import { NewHook } from './NewHook';
import { RotateHook } from './RotateHook';
import { SCHEMES, schemeName } from './schemes';

const hooksQuery = queryOptions({
  queryKey: ['hooks'],
  queryFn: () => ask(api.GET('/api/v1/hooks')).then(({ items }) => items),
});

/** Addresses to which other services post what happens there. */
export function Hooks() {
  const hooks = useQuery(hooksQuery);
  const mayManage = useMay('hook.manage');
  const [making, dialog] = useDisclosure();
  const [rotated, setRotated] = useState<Hook>();
  const button = mayManage && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
      New webhook
    </Button>
  );
  return (
    <AdminPage
      title="Webhooks"
      lead="Addresses to which other services post what happens there. Rules start from what comes."
      actions={!!hooks.data?.length && button}
    >
      <Loaded query={hooks}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={IconWebhook} title="No webhooks yet" actions={button}>
              Make one for GitHub, GitLab, Slack or anything that can post JSON, and let a rule start from it.
            </Empty>
          ) : (
            <Rows label="Webhooks">
              {items.map((hook) => (
                <Line key={hook.id} hook={hook} mayManage={mayManage} rotate={() => setRotated(hook)} />
              ))}
            </Rows>
          )
        }
      </Loaded>
      <NewHook opened={making} close={dialog.close} />
      {rotated && <RotateHook hook={rotated} close={() => setRotated(undefined)} />}
    </AdminPage>
  );
}

function Line({ hook, mayManage, rotate }: { hook: Hook; mayManage: boolean; rotate: () => void }) {
  const client = useQueryClient();
  const scheme = schemeName(hook.scheme);
  return (
    <Row
      title={hook.name}
      about={
        <>
          {SCHEMES[scheme].label} · made <When at={hook.created_at} />
        </>
      }
      beside={<Copyable value={window.location.origin + hook.path} label={`Address of ${hook.name}`} />}
      actions={
        mayManage && (
          <RowMenu
            label={`More for ${hook.name}`}
            acts={[
              scheme !== 'none' && { label: 'New secret', icon: IconRefresh, run: rotate },
              {
                label: 'Delete',
                icon: IconTrash,
                run: async () => {
                  await ask(api.DELETE('/api/v1/hooks/{id}', { params: { path: { id: hook.id } } }));
                  await client.invalidateQueries({ queryKey: ['hooks'] });
                },
                ask: {
                  title: `Delete ${hook.name}?`,
                  text: 'Its address takes nothing any more. What came stays in the log.',
                  action: 'Delete the webhook',
                },
              },
            ]}
          />
        )
      }
    />
  );
}

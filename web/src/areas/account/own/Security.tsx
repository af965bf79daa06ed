import { Button, Group, PasswordInput, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconLogout } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import { session } from '~/api/session';
import { useMay, useMe } from '~/areas/account/queries';
import { Confirm } from '~/parts/Confirm';
import { FormModal } from '~/parts/FormModal';
import { Loaded } from '~/parts/Loaded';
import { Panel } from '~/parts/Panel';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { moment, useManner } from '~/parts/time';
import { say } from '~/parts/toast';
import { When } from '~/parts/When';
import { Factor } from './Factor';
import { OwnPage } from './OwnPage';
import { sessionsQuery } from './queries';

/** How one signs in, and where one is signed in. */
export function Security() {
  const mayManage = useMay('session.manage');
  return (
    <OwnPage title="Sign-in" lead="How you sign in, and where you are signed in.">
      <PasswordPanel />
      <Factor />
      {mayManage && <Sessions />}
      <Leave />
    </OwnPage>
  );
}

function PasswordPanel() {
  const [opened, dialog] = useDisclosure();
  return (
    <Panel title="Password" lead="A new one signs you out everywhere else.">
      <Button variant="default" style={{ alignSelf: 'flex-start' }} onClick={dialog.open}>
        Change your password
      </Button>
      <FormModal
        opened={opened}
        close={dialog.close}
        title="Change your password"
        initial={{ current_password: '', password: '' }}
        action="Change it"
        touches="sessions"
        run={async (body) => {
          await ask(api.POST('/api/v1/auth/password', { body }));
          say('Your password is changed.');
        }}
      >
        {(form) => (
          <>
            <PasswordInput
              label="Password so far"
              autoComplete="current-password"
              required
              data-autofocus
              {...form.getInputProps('current_password')}
            />
            <PasswordInput
              label="New password"
              description="10 characters or more."
              autoComplete="new-password"
              required
              {...form.getInputProps('password')}
            />
          </>
        )}
      </FormModal>
    </Panel>
  );
}

function Sessions() {
  const sessions = useQuery(sessionsQuery);
  const client = useQueryClient();
  const manner = useManner();
  const here = session.id;
  return (
    <Panel title="Where you are signed in" lead="End what you do not know, and change your password.">
      <Loaded query={sessions}>
        {(items) => (
          <Rows label="Sessions">
            {items.map(({ id, created_at, renewed_at }) => (
              <Row
                key={id}
                title={id === here ? 'This device' : 'Another device'}
                about={
                  <>
                    signed in {moment(created_at, manner)} · last used <When at={renewed_at} />
                  </>
                }
                actions={
                  id !== here && (
                    <RowMenu
                      label={`More for the session of ${moment(created_at, manner)}`}
                      acts={[
                        {
                          label: 'End this session',
                          icon: IconLogout,
                          run: async () => {
                            await ask(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } }));
                            await client.invalidateQueries({ queryKey: ['sessions'] });
                          },
                          ask: {
                            title: 'End this session?',
                            text: 'Whoever uses it has to sign in again.',
                            action: 'End it',
                          },
                        },
                      ]}
                    />
                  )
                }
              />
            ))}
          </Rows>
        )}
      </Loaded>
    </Panel>
  );
}

function Leave() {
  const { data: me } = useMe();
  const [opened, dialog] = useDisclosure();
  if (!me) return null;
  return (
    <Panel title="Leave the workspace">
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          What you made stays. Only an invitation brings you back.
        </Text>
        <Button variant="default" c="var(--mantine-color-error)" onClick={dialog.open}>
          Leave {me.workspace.name}
        </Button>
      </Group>
      <Confirm
        opened={opened}
        close={dialog.close}
        title={`Leave ${me.workspace.name}?`}
        action="Leave"
        run={async () => {
          await ask(api.POST('/api/v1/me/leave'));
          session.end(true);
        }}
      >
        You are signed out, and see nothing of it any more. Rules of yours stop until somebody takes them over.
      </Confirm>
    </Panel>
  );
}

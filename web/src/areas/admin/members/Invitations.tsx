import { Badge, Modal, Stack, Title } from '@mantine/core';
import { IconMail, IconSend, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import type { Invitation, SentInvitation } from '~/api/schema';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { When } from '~/parts/When';
import { ROLES } from '../words';
import { Sent } from './Invite';
import { invitationsQuery } from './queries';

/** Who is asked to join and has not come yet. */
export function Invitations() {
  const { data } = useQuery(invitationsQuery);
  const [sent, setSent] = useState<SentInvitation>();
  return (
    <>
      {!!data?.length && (
        <Stack gap="xs" component="section" aria-label="Invitations">
          <Title order={2} size="h6" c="dimmed">
            Invited
          </Title>
          <Rows label="Invitations">
            {data.map((invitation) => (
              <Line key={invitation.id} invitation={invitation} show={setSent} />
            ))}
          </Rows>
        </Stack>
      )}
      <Modal opened={!!sent} onClose={() => setSent(undefined)} title="Invited again">
        {sent && <Sent invitation={sent} />}
      </Modal>
    </>
  );
}

function Line({ invitation, show }: { invitation: Invitation; show: (sent: SentInvitation) => void }) {
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ['invitations'] });
  const params = { path: { id: invitation.id } };
  return (
    <Row
      before={<IconMail size={20} aria-hidden />}
      title={invitation.email}
      about={
        <>
          {invitation.mailed ? 'mailed' : 'asked'} <When at={invitation.sent_at} /> · ends{' '}
          <When at={invitation.expires_at} />
        </>
      }
      beside={
        <Badge variant="default" tt="none" fw={500}>
          {ROLES[invitation.role]}
        </Badge>
      }
      actions={
        <RowMenu
          label={`More for ${invitation.email}`}
          acts={[
            {
              label: 'Invite again',
              icon: IconSend,
              run: async () => {
                show(await ask(api.POST('/api/v1/invitations/{id}/resend', { params })));
                await again();
              },
            },
            {
              label: 'Take it back',
              icon: IconTrash,
              run: async () => {
                await ask(api.DELETE('/api/v1/invitations/{id}', { params }));
                await again();
              },
              ask: {
                title: `Take back the invitation of ${invitation.email}?`,
                text: 'Its link leads nowhere from now on.',
                action: 'Take it back',
              },
            },
          ]}
        />
      }
    />
  );
}

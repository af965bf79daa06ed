import { Select, Text, TextInput } from '@mantine/core';
import { api, ask } from '~/api/client';
import type { Role, SentInvitation } from '~/api/schema';
import { ShownOnce } from '~/parts/Copyable';
import { FormModal } from '~/parts/FormModal';
import { ROLE_CHOICES } from '../words';

/** Asks somebody to join; the link is mailed, or shown to be handed on. */
export function Invite({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <FormModal
      opened={opened}
      close={close}
      title="Invite somebody"
      initial={{ email: '', role: 'team_member' as Role }}
      action="Invite"
      touches="invitations"
      run={(body) => ask(api.POST('/api/v1/invitations', { body }))}
      after={(sent) => <Sent invitation={sent} />}
    >
      {(form) => (
        <>
          <TextInput label="E-mail" type="email" required data-autofocus {...form.getInputProps('email')} />
          <Select label="Role" allowDeselect={false} data={ROLE_CHOICES} {...form.getInputProps('role')} />
        </>
      )}
    </FormModal>
  );
}

/** What became of an invitation: a letter, or a link to hand on. */
export function Sent({ invitation: { email, link } }: { invitation: SentInvitation }) {
  if (!link) return <Text size="sm">A letter with a link is on its way to {email}.</Text>;
  return (
    <ShownOnce value={link} label="Link">
      {`No letter was sent. Hand this link to ${email} yourself; it is not shown again.`}
    </ShownOnce>
  );
}

import { Badge, Modal, Select, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconShieldOff, IconShieldPlus, IconUserCheck, IconUserOff } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import type { Member, ResetLink, Role } from '~/api/schema';
import { useMay, useMe } from '~/areas/account/queries';
import { ShownOnce } from '~/parts/Copyable';
import { Face } from '~/parts/Face';
import { RowMenu } from '~/parts/RowMenu';
import { Row } from '~/parts/Rows';
import { say } from '~/parts/toast';
import { ROLE_CHOICES, ROLES } from '../words';
import { Rights } from './Rights';

/** A member, with the role that can be changed on the spot. */
export function MemberRow({ member, mayManage }: { member: Member; mayManage: boolean }) {
  const { data: me } = useMe();
  const client = useQueryClient();
  const mayAccess = useMay('access.view');
  const [rights, rightsDialog] = useDisclosure();
  const [reset, setReset] = useState<ResetLink>();
  const params = { path: { id: member.id } };
  const again = () => client.invalidateQueries({ queryKey: ['members'] });
  const changeRole = useMutation({
    mutationFn: (role: Role) => ask(api.PATCH('/api/v1/members/{id}', { params, body: { role } })),
    onSuccess: ({ role }) => say(`${member.name} is ${ROLES[role]} now.`),
    onSettled: again,
  });
  const own = me?.user.id === member.id;
  const active = member.state === 'active';
  const deactivate = async () => {
    const { rules } = await ask(api.POST('/api/v1/members/{id}/deactivate', { params }));
    say(
      rules.length
        ? `Their rules need another owner: ${rules.map(({ name }) => name).join(', ')}.`
        : 'They are signed out everywhere.',
      `${member.name} is deactivated`,
    );
    await again();
  };
  return (
    <Row
      before={<Face name={member.name} size={32} />}
      title={
        <>
          {member.name}
          {own && (
            <Text span size="sm" c="dimmed">
              {' '}
              (you)
            </Text>
          )}
        </>
      }
      about={member.email}
      beside={
        mayManage && active && !own ? (
          <Select
            aria-label={`Role of ${member.name}`}
            size="xs"
            w={160}
            allowDeselect={false}
            disabled={changeRole.isPending}
            data={ROLE_CHOICES}
            value={changeRole.isPending ? changeRole.variables : member.role}
            onChange={(role) => role && changeRole.mutate(role as Role)}
          />
        ) : (
          <Badge variant="default" tt="none" fw={500}>
            {ROLES[member.role]}
          </Badge>
        )
      }
      actions={
        <>
          <RowMenu
            label={`More for ${member.name}`}
            acts={[
              mayAccess && active && { label: 'Rights beyond the role', icon: IconShieldPlus, run: rightsDialog.open },
              mayManage &&
                active &&
                !own && {
                  label: 'Link for a new password',
                  icon: IconKey,
                  run: async () => setReset(await ask(api.POST('/api/v1/members/{id}/password-reset', { params }))),
                },
              mayManage &&
                active &&
                !own && {
                  label: 'Turn off second factor',
                  icon: IconShieldOff,
                  run: async () => {
                    await ask(api.DELETE('/api/v1/members/{id}/second-factor', { params }));
                    say(`${member.name} signs in with the password alone now.`);
                  },
                  ask: {
                    title: `Turn off the second factor of ${member.name}?`,
                    text: 'For somebody who lost the phone and the recovery codes. Make sure that it is them who ask.',
                    action: 'Turn it off',
                  },
                },
              mayManage &&
                active &&
                !own && {
                  label: 'Deactivate',
                  icon: IconUserOff,
                  run: deactivate,
                  ask: {
                    title: `Deactivate ${member.name}?`,
                    text: 'They are signed out at once and cannot come in. What they made stays; you can let them in again.',
                    action: 'Deactivate',
                  },
                },
              mayManage &&
                member.state === 'deactivated' && {
                  label: 'Reactivate',
                  icon: IconUserCheck,
                  run: async () => {
                    await ask(api.POST('/api/v1/members/{id}/reactivate', { params }));
                    say(`${member.name} can sign in again.`);
                    await again();
                  },
                },
            ]}
          />
          <Rights opened={rights} close={rightsDialog.close} whom={{ user: member.id }} name={member.name} />
          <Modal opened={!!reset} onClose={() => setReset(undefined)} title={`A new password for ${member.name}`}>
            {reset?.link ? (
              <ShownOnce value={reset.link} label="Link">
                Hand it to them yourself; whoever has it can set the password.
              </ShownOnce>
            ) : (
              <Text size="sm">A letter with a link is on its way to {member.email}.</Text>
            )}
          </Modal>
        </>
      }
    />
  );
}

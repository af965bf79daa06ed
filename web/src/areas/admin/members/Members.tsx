import { Button, Group, SegmentedControl, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconSearch, IconUserPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { MemberState } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { membersQuery } from '~/areas/people/queries';
import { Empty } from '~/parts/Empty';
import { Loaded } from '~/parts/Loaded';
import { Rows } from '~/parts/Rows';
import { AdminPage } from '../AdminPage';
import { Invitations } from './Invitations';
import { Invite } from './Invite';
import { MemberRow } from './MemberRow';

const STATES: { value: MemberState; label: string }[] = [
  { value: 'active', label: 'Active' },
  { value: 'deactivated', label: 'Deactivated' },
  { value: 'left', label: 'Left' },
];

/** Who belongs to the workspace, as what, and who is asked to join. */
export function Members() {
  const members = useQuery(membersQuery);
  const mayManage = useMay('member.manage');
  const [words, setWords] = useState('');
  const [state, setState] = useState<MemberState>('active');
  const [inviting, dialog] = useDisclosure();
  const wanted = words.trim().toLowerCase();
  return (
    <AdminPage
      title="Members"
      lead="Who belongs to the workspace, and as what."
      actions={
        mayManage && (
          <Button leftSection={<IconUserPlus size={16} aria-hidden />} onClick={dialog.open}>
            Invite
          </Button>
        )
      }
    >
      {mayManage && <Invitations />}
      <Group gap="sm">
        <TextInput
          aria-label="Search members"
          placeholder="Search by name or address"
          type="search"
          leftSection={<IconSearch size={16} aria-hidden />}
          w={{ base: '100%', sm: 260 }}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
        <SegmentedControl
          aria-label="Which members"
          size="xs"
          data={STATES}
          value={state}
          onChange={(value) => setState(value as MemberState)}
        />
      </Group>
      <Loaded query={members} height={280}>
        {(items) => {
          const shown = items
            .filter((member) => member.kind === 'person' && member.state === state)
            .filter(({ name, email }) => `${name} ${email}`.toLowerCase().includes(wanted))
            .sort((a, b) => a.name.localeCompare(b.name));
          if (shown.length === 0) {
            return (
              <Empty icon={IconSearch} title="Nobody fits">
                Try another name, or look among the others.
              </Empty>
            );
          }
          return (
            <Rows label="Members">
              {shown.map((member) => (
                <MemberRow key={member.id} member={member} mayManage={mayManage} />
              ))}
            </Rows>
          );
        }}
      </Loaded>
      <Invite opened={inviting} close={dialog.close} />
    </AdminPage>
  );
}

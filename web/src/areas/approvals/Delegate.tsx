import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconUserShare } from '@tabler/icons-react';
import { useState } from 'react';
import type { Approval } from '~/api/schema';
import { useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { useDelegate } from './queries';

/** Lets somebody else answer in one's place. */
export function Delegate({ approval }: { approval: Approval }) {
  const { data: me } = useMe();
  const people = usePeople();
  const [opened, { open, close }] = useDisclosure();
  const [to, setTo] = useState<string | null>(null);
  const delegate = useDelegate(approval.id);
  const others = [...people.values()].filter(
    ({ id, state, kind }) => state === 'active' && kind === 'person' && id !== me?.user.id,
  );
  const pass = () => {
    if (!to) return;
    delegate.mutate(to, {
      onSuccess: () => {
        say(`${people.get(to)?.name} may answer in your place.`);
        close();
      },
    });
  };
  return (
    <>
      <Button variant="default" leftSection={<IconUserShare size={16} />} onClick={open}>
        Let somebody else answer
      </Button>
      <Modal opened={opened} onClose={close} title="Let somebody else answer" centered>
        <Stack>
          <Text size="sm">They are told, and may answer in your place until it is settled. You still can, too.</Text>
          <Select
            label="Who"
            searchable
            data={others.map(({ id, name }) => ({ value: id, label: name }))}
            value={to}
            onChange={setTo}
            data-autofocus
          />
          <ProblemAlert error={delegate.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Not now
            </Button>
            <Button disabled={!to} loading={delegate.isPending} onClick={pass}>
              Pass it on
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

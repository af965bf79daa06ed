import { ActionIcon, Button, Group, Modal, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPhoneCall, IconPlus, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Rota } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { Confirm } from '~/parts/Confirm';
import { Empty } from '~/parts/Empty';
import { Face } from '~/parts/Face';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { moment, useManner } from '~/parts/time';
import { say } from '~/parts/toast';
import { usePhone } from '~/parts/usePhone';
import { When } from '~/parts/When';
import { OverrideForm } from './OverrideForm';
import { deleteRota, onCallQuery, overridesQuery, rotasQuery, useDropOverride } from './queries';
import { RotaForm } from './RotaForm';

/** Who is on call, who comes next, and who stands in. */
export function Rotas() {
  const rotas = useQuery(rotasQuery);
  const mayEdit = useMay('rota.edit');
  const [making, make] = useDisclosure();
  return (
    <Page
      title="Who is on call"
      above={[
        { to: '/rules', label: 'Rules' },
        { to: '/rules/slas', label: 'Service levels' },
      ]}
      lead="People take over from each other in turn. Rules and service levels tell, ask or assign whoever is on call."
      actions={
        mayEdit && (
          <Button leftSection={<IconPlus size={16} />} onClick={make.open}>
            New rota
          </Button>
        )
      }
    >
      <ProblemAlert error={rotas.error} retry={() => void rotas.refetch()} />
      {rotas.isPending && <Skeleton height={140} aria-busy="true" aria-label="Rotas are being loaded" />}
      {rotas.data?.length === 0 && (
        <Empty
          icon={IconPhoneCall}
          title="Nobody is on call"
          actions={
            mayEdit && (
              <Button onClick={make.open} mt="xs">
                Make the first rota
              </Button>
            )
          }
        >
          Say who takes turns, and how often they hand over. Whoever is away is passed over.
        </Empty>
      )}
      <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {rotas.data?.map((rota) => (
          <OneRota key={rota.id} rota={rota} mayEdit={mayEdit} />
        ))}
      </Stack>
      <Editing opened={making} close={make.close} />
    </Page>
  );
}

function Editing({ opened, close, rota }: { opened: boolean; close: () => void; rota?: Rota }) {
  const phone = usePhone();
  return (
    <Modal opened={opened} onClose={close} fullScreen={phone} title={<b>{rota ? rota.name : 'New rota'}</b>}>
      <RotaForm rota={rota} close={close} />
    </Modal>
  );
}

function OneRota({ rota, mayEdit }: { rota: Rota; mayEdit: boolean }) {
  const client = useQueryClient();
  const people = usePeople();
  const onCall = useQuery(onCallQuery(rota.id));
  const [editing, edit] = useDisclosure();
  const [standing, stand] = useDisclosure();
  const [deleting, remove] = useDisclosure();
  const name = (id: string) => people.get(id)?.name ?? 'Somebody who left';
  const now = onCall.data;
  return (
    <Paper component="li" withBorder p="md" bg="var(--app-card)">
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={2} size="h5">
            {rota.name}
          </Title>
          <Text size="sm" c="dimmed">
            {rota.people.map(name).join(', ')} ·{' '}
            {rota.rotation.every ? `every ${rota.rotation.every}` : 'by a calendar'} · {rota.rotation.tz ?? 'UTC'}
          </Text>
        </div>
        {mayEdit && (
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={stand.open}>
              Somebody stands in
            </Button>
            <Button size="xs" variant="default" onClick={edit.open}>
              Edit
            </Button>
            <Button size="xs" variant="subtle" color="red.8" onClick={remove.open}>
              Delete
            </Button>
          </Group>
        )}
      </Group>
      {now && (
        <Group gap="sm" mt="sm" role="status">
          {now.user && <Face name={name(now.user)} />}
          <Text size="sm" component="div">
            {now.user ? (
              <>
                <b>{name(now.user)}</b> is on call
                {now.by === 'override' && ', standing in'}
                {now.until && (
                  <>
                    , until <When at={now.until} />
                  </>
                )}
              </>
            ) : (
              'Nobody is on call now.'
            )}
            {now.passed.map(({ user, because }) => (
              <Text key={user} size="xs" c="dimmed">
                {name(user)} was passed over: {because === 'left' ? 'has left' : 'is away'}.
              </Text>
            ))}
          </Text>
        </Group>
      )}
      <Overrides rota={rota} mayEdit={mayEdit} />
      <Editing opened={editing} close={edit.close} rota={rota} />
      <Modal opened={standing} onClose={stand.close} title={<b>Somebody stands in</b>} centered>
        <OverrideForm rota={rota.id} close={stand.close} />
      </Modal>
      <Confirm
        opened={deleting}
        close={remove.close}
        title={`Delete “${rota.name}”?`}
        action="Delete rota"
        run={async () => {
          await deleteRota(rota.id);
          say(`“${rota.name}” is deleted`);
          await client.invalidateQueries({ queryKey: ['rotas'] });
        }}
      >
        Rules and service levels that name it find nobody from then on.
      </Confirm>
    </Paper>
  );
}

/** Who stands in, now and later. */
function Overrides({ rota, mayEdit }: { rota: Rota; mayEdit: boolean }) {
  const manner = useManner();
  const people = usePeople();
  const overrides = useQuery(overridesQuery(rota.id));
  const drop = useDropOverride(rota.id);
  const coming = overrides.data?.filter(({ to }) => Date.parse(to) > Date.now()) ?? [];
  if (coming.length === 0) return null;
  return (
    <Stack gap={4} mt="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Who stands in">
      {coming.map(({ id, user, from, to }) => (
        <Group key={id} component="li" gap="xs" wrap="nowrap">
          <Text size="sm">
            {people.get(user)?.name ?? 'Somebody who left'} stands in from {moment(from, manner)} to{' '}
            {moment(to, manner)}
          </Text>
          {mayEdit && (
            <ActionIcon variant="subtle" color="gray" onClick={() => drop.mutate(id)} aria-label="Take this back">
              <IconX size={16} aria-hidden />
            </ActionIcon>
          )}
        </Group>
      ))}
    </Stack>
  );
}

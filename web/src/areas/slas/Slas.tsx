import { Badge, Button, Group, Modal, Paper, Progress, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconClockCheck, IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Sla, SlaReport } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { Confirm } from '~/parts/Confirm';
import { Empty } from '~/parts/Empty';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { usePhone } from '~/parts/usePhone';
import { deleteSla, slaReportQuery, slasQuery } from './queries';
import { SlaForm } from './SlaForm';
import { targetWords } from './words';

/** How soon work is to be done, and how well that is kept. */
export function Slas() {
  const slas = useQuery(slasQuery);
  const mayEdit = useMay('sla.edit');
  const [making, make] = useDisclosure();
  return (
    <Page
      title="Service levels"
      above={[{ to: '/rules', label: 'Rules' }]}
      lead="A policy says how soon tasks are to be done. Each task that comes under it has a timer, people are warned in time, and rules can escalate."
      actions={
        <>
          <Button component={Link} to="/rules/rotas" variant="default">
            Who is on call
          </Button>
          {mayEdit && (
            <Button leftSection={<IconPlus size={16} />} onClick={make.open}>
              New policy
            </Button>
          )}
        </>
      }
    >
      <ProblemAlert error={slas.error} retry={() => void slas.refetch()} />
      {slas.isPending && <Skeleton height={160} aria-busy="true" aria-label="Policies are being loaded" />}
      {slas.data?.length === 0 && (
        <Empty
          icon={IconClockCheck}
          title="Nothing is promised yet"
          actions={
            mayEdit && (
              <Button onClick={make.open} mt="xs">
                Make the first policy
              </Button>
            )
          }
        >
          Say, for example, that critical bugs are fixed within four working hours, and who is told when it gets late.
        </Empty>
      )}
      <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {slas.data?.map((sla) => (
          <Policy key={sla.id} sla={sla} mayEdit={mayEdit} />
        ))}
      </Stack>
      <Editing opened={making} close={make.close} />
    </Page>
  );
}

function Editing({ opened, close, sla }: { opened: boolean; close: () => void; sla?: Sla }) {
  const phone = usePhone();
  return (
    <Modal opened={opened} onClose={close} size="lg" fullScreen={phone} title={<b>{sla ? sla.name : 'New policy'}</b>}>
      <SlaForm sla={sla} close={close} />
    </Modal>
  );
}

function Policy({ sla, mayEdit }: { sla: Sla; mayEdit: boolean }) {
  const client = useQueryClient();
  const report = useQuery(slaReportQuery(sla.id));
  const { data: projects = [] } = useQuery(projectsQuery);
  const [editing, edit] = useDisclosure();
  const [deleting, remove] = useDisclosure();
  const project = projects.find(({ id }) => id === sla.project);
  return (
    <Paper component="li" withBorder p="md" bg="var(--app-card)">
      <Group justify="space-between" align="flex-start" gap="sm">
        <div style={{ minWidth: 0 }}>
          <Group gap="xs">
            <Title order={2} size="h5">
              {sla.name}
            </Title>
            {sla.enabled === false && (
              <Badge variant="default" tt="none" fw={500}>
                Off
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            {targetWords(sla)} · {project?.name ?? (sla.project ? 'one project' : 'all projects')}
          </Text>
        </div>
        {mayEdit && (
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={edit.open}>
              Edit
            </Button>
            <Button size="xs" variant="subtle" color="red.8" onClick={remove.open}>
              Delete
            </Button>
          </Group>
        )}
      </Group>
      {report.data && <Kept report={report.data} name={sla.name} />}
      <Editing opened={editing} close={edit.close} sla={sla} />
      <Confirm
        opened={deleting}
        close={remove.close}
        title={`Delete “${sla.name}”?`}
        action="Delete policy"
        run={async () => {
          await deleteSla(sla.id);
          say(`“${sla.name}” is deleted`);
          await client.invalidateQueries({ queryKey: ['slas'] });
        }}
      >
        Its timers end, and how it was kept is not shown any more.
      </Confirm>
    </Paper>
  );
}

function Kept({ report, name }: { report: SlaReport; name: string }) {
  const { met, breached, met_percent: percent, running, paused } = report;
  const under = running + paused;
  return (
    <Stack gap={6} mt="sm">
      {percent === null || percent === undefined ? (
        <Text size="sm">Nothing has ended in the last 30 days.</Text>
      ) : (
        <>
          <Progress
            value={percent}
            color={percent >= 90 ? 'green' : percent >= 70 ? 'yellow' : 'red'}
            aria-label={`${name}: share that was in time`}
          />
          <Text size="sm">
            <b>{percent} % in time</b> in the last 30 days: {met} in time, {breached} too late.
          </Text>
        </>
      )}
      {under > 0 && (
        <Text size="sm" c="dimmed">
          {under} under way{paused > 0 ? `, ${paused} of them paused` : ''}.
        </Text>
      )}
    </Stack>
  );
}

import { Badge, Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPencil, IconPlayerPause, IconPlayerPlay, IconPlus, IconRepeat, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, ifMatch } from '~/api/client';
import type { Project, Recurrence } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { Section } from '~/areas/projects/settings/Section';
import { Empty } from '~/parts/Empty';
import { Loaded } from '~/parts/Loaded';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { say } from '~/parts/toast';
import { When } from '~/parts/When';
import { recurrencesQuery } from './queries';
import { RecurrenceForm } from './RecurrenceForm';
import { repeatWords } from './rrule';

/** Tasks that come again by themselves. */
export function Recurrences({ project }: { project: Project; mayEdit: boolean }) {
  const recurrences = useQuery(recurrencesQuery(project.key));
  const mayEdit = useMay('recurrence.edit', project.key) && project.status !== 'archived';
  const [making, dialog] = useDisclosure();
  const button = mayEdit && (
    <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
      New recurring task
    </Button>
  );
  return (
    <Section
      title="Recurring tasks"
      lead="What has to be done again and again is made by itself when its time has come."
    >
      <Loaded query={recurrences} height={100}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={IconRepeat} title="Nothing comes again by itself" actions={button}>
              The report of every Friday, the backup test of every month: say how often, and the task is there in time.
            </Empty>
          ) : (
            <>
              <Rows label="Recurring tasks">
                {items.map((recurrence) => (
                  <Line key={recurrence.id} project={project.key} recurrence={recurrence} mayEdit={mayEdit} />
                ))}
              </Rows>
              {button && <div style={{ marginTop: 12 }}>{button}</div>}
            </>
          )
        }
      </Loaded>
      <RecurrenceForm project={project.key} opened={making} close={dialog.close} />
    </Section>
  );
}

function Line({ project, recurrence, mayEdit }: { project: string; recurrence: Recurrence; mayEdit: boolean }) {
  const client = useQueryClient();
  const [editing, edit] = useDisclosure();
  const { id, name, rrule, paused, paused_because, next_at, made, version } = recurrence;
  const params = { path: { id }, header: ifMatch(version) };
  const pause = async () => {
    await ask(api.PATCH('/api/v1/recurrences/{id}', { params, body: { paused: !paused } }));
    say(paused ? `“${name}” goes on` : `“${name}” rests`);
    await client.invalidateQueries({ queryKey: ['recurrences'] });
  };
  return (
    <Row
      title={name}
      about={
        <>
          {repeatWords(rrule)}
          {next_at && (
            <>
              {' '}
              · next <When at={next_at} />
            </>
          )}
          {!next_at && !paused && ' · is over'}
          {made > 0 && ` · made ${made === 1 ? 'once' : `${made} times`}`}
          {paused_because && (
            <Text span size="sm" c="var(--mantine-color-error)" style={{ display: 'block' }}>
              It rests because its task could not be made: {paused_because}
            </Text>
          )}
        </>
      }
      beside={
        paused && (
          <Badge variant="default" tt="none" fw={500}>
            Paused
          </Badge>
        )
      }
      actions={
        <>
          <RowMenu
            label={`More for ${name}`}
            acts={[
              mayEdit && { label: 'Change', icon: IconPencil, run: edit.open },
              mayEdit && {
                label: paused ? 'Resume' : 'Pause',
                icon: paused ? IconPlayerPlay : IconPlayerPause,
                run: pause,
              },
              mayEdit && {
                label: 'Delete',
                icon: IconTrash,
                run: async () => {
                  await ask(api.DELETE('/api/v1/recurrences/{id}', { params }));
                  await client.invalidateQueries({ queryKey: ['recurrences'] });
                },
                ask: {
                  title: `Delete ${name}?`,
                  text: 'No more tasks are made. Those that were made stay.',
                  action: 'Delete it',
                },
              },
            ]}
          />
          <RecurrenceForm project={project} recurrence={recurrence} opened={editing} close={edit.close} />
        </>
      }
    />
  );
}

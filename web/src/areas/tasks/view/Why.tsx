import { Alert, Anchor, Modal, Select, Skeleton, Stack, Text, Timeline } from '@mantine/core';
import { IconBolt, IconPencil, IconUser } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Why as Answer, Task, WhyLink } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { fieldName } from '~/offline/change';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { When } from '~/parts/When';
import { whyQuery } from '../details';

const FIELDS = ['status', 'priority', 'assignees', 'due_at', 'start_at', 'labels', 'title', 'description', 'type'];

const ROOT: Record<Answer['root']['what'], string> = {
  person: 'A person is behind it',
  hook: 'A webhook from outside set it off',
  clock: 'The clock set it off',
  trackside: 'Trackside did it by itself',
  hidden: 'Who is behind it you may not see',
  gone: 'Who is behind it is no longer known',
};

const text = (value: unknown): string => {
  if (value == null || value === '') return 'nothing';
  if (Array.isArray(value)) return value.map(text).join(', ') || 'nothing';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

/** From a change back to whoever is behind it, through the rules in between. */
export function Why({ task, close }: { task: Task; close: () => void }) {
  const [field, setField] = useState<string | null>('status');
  const { data: why, error, refetch } = useQuery(whyQuery(task.id, field ?? undefined));
  const people = usePeople();
  const custom = Object.keys(task.custom).map((key) => `custom.${key}`);
  const known = (value: unknown) =>
    text(value).replace(/user_[0-7][0-9a-hjkmnp-tv-z]{25}/g, (id) => people.get(id)?.name ?? 'somebody');
  return (
    <Modal
      opened
      onClose={close}
      title={`Why is ${task.key} as it is?`}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Select
          label="Field"
          placeholder="The last change of any field"
          clearable
          data={[...FIELDS, ...custom].map((value) => ({ value, label: capital(fieldName(value)) }))}
          value={field}
          onChange={setField}
        />
        {error && <ProblemAlert error={error} retry={refetch} />}
        {!why && !error && <Skeleton height={100} />}
        {why && (
          <Stack gap="sm" aria-live="polite">
            {why.change ? (
              <Text size="sm">
                It went from <strong>{known(why.change.from)}</strong> to <strong>{known(why.change.to)}</strong>.
              </Text>
            ) : (
              <Alert color="gray">Nothing has changed it: it is as the task was made.</Alert>
            )}
            <Timeline bulletSize={22} lineWidth={2} role="list" aria-label="What led to it">
              {why.chain.map((link) => (
                <Step key={link.event} link={link} />
              ))}
            </Timeline>
            <Alert color="blue" title="At the root">
              {ROOT[why.root.what]}
              {why.root.what === 'person' && why.root.id && `: ${people.get(why.root.id)?.name ?? 'somebody'}`}.
            </Alert>
          </Stack>
        )}
      </Stack>
    </Modal>
  );
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

function Step({ link }: { link: WhyLink }) {
  const people = usePeople();
  const { by, kind, task, occurred_at, actor } = link;
  const { type, id } = actor as { type?: string; id?: string };
  return (
    <Timeline.Item
      role="listitem"
      bullet={
        by ? (
          <IconBolt size={12} aria-hidden />
        ) : id ? (
          <IconUser size={12} aria-hidden />
        ) : (
          <IconPencil size={12} aria-hidden />
        )
      }
    >
      <Text size="sm">
        {by ? (
          <>
            The rule{' '}
            <Anchor component={Link} to={`/rules/${by.rule}` as '/'} size="sm" underline="always">
              {by.name ?? 'that you may not see'}
            </Anchor>{' '}
            did this in{' '}
            <Anchor component={Link} to={`/runs/${by.run}` as '/'} size="sm" underline="always">
              its run
            </Anchor>
            {by.started_by && `, started by ${people.get(by.started_by)?.name ?? 'somebody'}`}
            {(by.approved_by ?? []).length > 0 &&
              `, agreed to by ${by.approved_by.map((one) => people.get(one)?.name ?? 'somebody').join(', ')}`}
            .
          </>
        ) : (
          <>{type === 'user' && id ? (people.get(id)?.name ?? 'Somebody') : 'Trackside'} did this.</>
        )}
      </Text>
      <Text size="xs" c="dimmed">
        {kind}
        {task && ` of ${task}`} · <When at={occurred_at} />
      </Text>
    </Timeline.Item>
  );
}

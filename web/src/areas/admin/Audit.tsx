import { Button, Code, Group, Select, Stack, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconDownload, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, raw } from '~/api/client';
import type { Entry, Who } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { Empty } from '~/parts/Empty';
import { Loaded } from '~/parts/Loaded';
import { Row, Rows } from '~/parts/Rows';
import { moment, useManner } from '~/parts/time';
import { AdminPage } from './AdminPage';

/** Who changed who may what, and what else is worth a proof. */
export function Audit() {
  const people = usePeople();
  const [actor, setActor] = useState<string | null>(null);
  const [action, setAction] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [settled] = useDebouncedValue(action.trim(), 250);
  const filter = {
    actor: actor ?? undefined,
    action: settled || undefined,
    from: from ? new Date(`${from}T00:00`).toISOString() : undefined,
    to: to ? new Date(`${to}T23:59:59`).toISOString() : undefined,
  };
  const entries = useInfiniteQuery({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam }) =>
      ask(api.GET('/api/v1/audit', { params: { query: { ...filter, limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  const save = useMutation({ mutationFn: download });
  return (
    <AdminPage
      title="Audit log"
      lead="Who changed who may what. Each entry is chained to the one before by its hash, so nothing can be left out unseen."
      actions={
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          Export
        </Button>
      }
    >
      <Group gap="sm" align="flex-end">
        <Select
          label="Who"
          placeholder="Anybody"
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'Anybody' }}
          w={180}
          data={[...people.values()].map(({ id, name }) => ({ value: id, label: name }))}
          value={actor}
          onChange={setActor}
        />
        <TextInput
          label="What"
          placeholder="secret.*"
          w={160}
          value={action}
          onChange={(event) => setAction(event.currentTarget.value)}
        />
        <TextInput label="From" type="date" value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
        <TextInput label="To" type="date" value={to} onChange={(event) => setTo(event.currentTarget.value)} />
      </Group>
      <Loaded query={entries} height={320}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0) {
            return (
              <Empty icon={IconSearch} title="Nothing fits">
                Take a filter away, or choose other days.
              </Empty>
            );
          }
          return (
            <Stack>
              <Rows label="Entries">
                {items.map((entry) => (
                  <Line key={entry.seq} entry={entry} />
                ))}
              </Rows>
              {entries.hasNextPage && (
                <Button
                  variant="default"
                  style={{ alignSelf: 'center' }}
                  loading={entries.isFetchingNextPage}
                  onClick={() => void entries.fetchNextPage()}
                >
                  Show older ones
                </Button>
              )}
            </Stack>
          );
        }}
      </Loaded>
    </AdminPage>
  );
}

async function download() {
  const answer = await raw('/api/v1/audit/export');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = 'audit.ndjson';
  link.click();
  URL.revokeObjectURL(link.href);
}

function Line({ entry }: { entry: Entry }) {
  const manner = useManner();
  const people = usePeople();
  const name = (id: string) => people.get(id)?.name ?? id;
  return (
    <Row
      title={entry.action}
      about={
        <>
          {whoWords(entry.actor, name)} · {name(entry.subject)} ·{' '}
          <time dateTime={entry.at}>{moment(entry.at, manner, true)}</time>
          <details>
            <summary>Details</summary>
            <Code block mt={4} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
              {JSON.stringify(entry.detail, null, 2)}
            </Code>
            <Code fz="xs" style={{ overflowWrap: 'anywhere' }}>
              {entry.hash}
            </Code>
          </details>
        </>
      }
    />
  );
}

function whoWords(who: Who, name: (id: string) => string): string {
  switch (who.type) {
    case 'user':
      return name(who.id);
    case 'rule':
      return `a rule of ${name(who.owner)}`;
    case 'hook':
      return 'a webhook';
    default:
      return 'Trackside';
  }
}

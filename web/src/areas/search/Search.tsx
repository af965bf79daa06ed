/** Search over everything that one may see. What is looked for stands in the address. */
import { Button, Group, Paper, SegmentedControl, Select, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconChecklist, IconMessage, IconSearch, IconZoomQuestion } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import type { Found, Hit } from '~/api/schema';
import { useShortcuts } from '~/app/shortcuts';
import { projectsQuery } from '~/areas/projects/queries';
import { TaskLink, useOpenTask } from '~/areas/tasks/TaskLink';
import { Empty } from '~/parts/Empty';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useListKeys } from '~/parts/useListKeys';
import { Marked } from './Marked';
import { searchQuery } from './queries';

interface Address {
  q?: string;
  type?: 'task' | 'comment';
  project?: string;
}

export function Search() {
  const address = useSearch({ strict: false }) as Address;
  const q = String(address.q ?? '');
  const [typed, setTyped] = useState(q);
  const [words] = useDebouncedValue(typed, 250);
  const field = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const put = (change: Address) =>
    void navigate({ to: '.', search: ((old: Address) => ({ ...old, ...change })) as never, replace: true });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address follows what is typed, and not itself.
  useEffect(() => {
    if (words !== q) put({ q: words || undefined });
  }, [words]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is typed follows the address when another link was followed.
  useEffect(() => {
    if (q !== words) setTyped(q);
  }, [q]);
  useShortcuts([{ keys: '/', label: 'Search', group: 'Everywhere', run: () => field.current?.focus() }]);
  return (
    <Page title="Search" tab={q ? `“${q}”` : 'Search'}>
      <TextInput
        ref={field}
        type="search"
        size="md"
        autoFocus
        aria-label="Words to search for"
        placeholder="Words, “phrases” or a key such as WEB-12"
        leftSection={<IconSearch size={18} aria-hidden />}
        value={typed}
        maxLength={500}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {q.trim() ? (
        <Results {...address} q={q} put={put} />
      ) : (
        <Empty icon={IconSearch} title="Find any task or comment">
          All words must be there; the last one may go on. Put “phrases” in quotes, or type a task’s key to go to it.
        </Empty>
      )}
    </Page>
  );
}

function Results({ q, type, project, put }: Address & { q: string; put: (change: Address) => void }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    searchQuery({ q, type, project }),
  );
  const { data: projects = [] } = useQuery(projectsQuery);
  const hits = data?.pages.flatMap(({ items }) => items) ?? [];
  const openTask = useOpenTask();
  const at = useListKeys(hits.length, (index) => void openTask(hits[index]!.key));
  const first: Found | undefined = data?.pages[0];
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <SegmentedControl
          aria-label="What to find"
          value={type ?? 'all'}
          onChange={(next) => put({ type: next === 'all' ? undefined : (next as Address['type']) })}
          data={[
            { value: 'all', label: 'Everything' },
            { value: 'task', label: 'Tasks' },
            { value: 'comment', label: 'Comments' },
          ]}
        />
        <Select
          aria-label="Project"
          placeholder="All projects"
          clearable
          searchable
          w={220}
          data={projects.map(({ key, name }) => ({ value: key, label: name }))}
          value={project ?? null}
          onChange={(next) => put({ project: next ?? undefined })}
        />
        <Text size="sm" c="dimmed" component="output" aria-live="polite">
          {first?.total != null && (first.total === 1 ? '1 result' : `${first.total} results`)}
        </Text>
      </Group>
      {error && <ProblemAlert error={error} retry={refetch} />}
      {!data && !error && <Loading />}
      {data && hits.length === 0 && (
        <Empty
          icon={IconZoomQuestion}
          title="Nothing was found"
          actions={
            (type || project) && (
              <Button variant="default" onClick={() => put({ type: undefined, project: undefined })}>
                Search everywhere
              </Button>
            )
          }
        >
          No task or comment has all of these words. Try fewer words, or only the beginning of one.
        </Empty>
      )}
      {hits.length > 0 && (
        <Paper withBorder component="ul" m={0} p={0} style={{ listStyle: 'none' }} aria-label="Results">
          {hits.map((hit, index) => (
            <Result key={hit.id} hit={hit} current={index === at} />
          ))}
        </Paper>
      )}
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => fetchNextPage()} mx="auto">
          Show more
        </Button>
      )}
    </Stack>
  );
}

function Loading() {
  return (
    <Stack gap="xs" aria-busy="true" aria-label="Searching">
      {[1, 2, 3, 4].map((line) => (
        <Skeleton key={line} height={54} />
      ))}
    </Stack>
  );
}

function Result({ hit, current }: { hit: Hit; current: boolean }) {
  const Icon = hit.type === 'task' ? IconChecklist : IconMessage;
  return (
    <Group
      component="li"
      data-list-item
      data-current={current || undefined}
      className="list-item"
      wrap="nowrap"
      align="flex-start"
      gap="sm"
      px="md"
      py="sm"
    >
      <Icon size={18} stroke={1.7} aria-hidden style={{ marginTop: 2, flexShrink: 0 }} />
      <div style={{ minWidth: 0 }}>
        <TaskLink task={hit.key} size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
          {hit.highlights.title ? <Marked html={hit.highlights.title} /> : hit.title}
        </TaskLink>
        {hit.highlights.text && (
          <Text size="sm" c="dimmed" lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
            <Marked html={hit.highlights.text} />
          </Text>
        )}
        <Text size="xs" c="dimmed">
          {hit.key}
          {hit.type === 'comment' && ' · comment'}
        </Text>
      </div>
    </Group>
  );
}

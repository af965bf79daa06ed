import {
  Anchor,
  Badge,
  Button,
  Group,
  Menu,
  Paper,
  SegmentedControl,
  Select,
  Skeleton,
  Stack,
  TextInput,
} from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconDownload, IconPlayerPlay, IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { RunFilter } from '~/api/schema';
import { useMay, useMe } from '~/areas/account/queries';
import { rulesQuery } from '~/areas/rules/queries';
import { useTopic } from '~/live/live';
import { Empty } from '~/parts/Empty';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { complain } from '~/parts/toast';
import { usePhone } from '~/parts/usePhone';
import { Deeds } from './Deeds';
import { filterOf, isNarrow, SPANS } from './filter';
import { runsQuery, saveRuns } from './queries';
import { RunCards, RunTable } from './RunRows';
import type { RunsSearch } from './routes';
import { GROUPS, type Group as StateGroup } from './words';

/** What rules did and do, the newest first; it moves by itself. */
export function Runs() {
  const search = useSearch({ strict: false }) as RunsSearch;
  const { rule, state, within, q, event, shadow } = search;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address says all that the filter is made of.
  const filter = useMemo(() => filterOf(search), [rule, state, within, q, event, shadow]);
  const runs = useInfiniteQuery(runsQuery(filter));
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const mayManage = useMay('run.manage');
  const phone = usePhone();
  useFresh();
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  const pick = (ids: string[], on: boolean) => {
    const next = new Set(picked);
    for (const id of ids) on ? next.add(id) : next.delete(id);
    setPicked(next);
  };
  const rows = { runs: items, picked, pick: mayManage ? pick : undefined };
  return (
    <Page
      title="Runs"
      lead="Each time a rule does its work is a run. Open one to see what it did, step by step."
      actions={items.length > 0 && <Export filter={filter} />}
    >
      <Filters search={search} />
      <ProblemAlert error={runs.error} retry={() => void runs.refetch()} />
      {runs.isPending && (
        <Paper withBorder p="md" bg="var(--app-card)" aria-busy="true" aria-label="Runs are being loaded">
          <Stack>
            {[1, 2, 3, 4, 5, 6, 7].map((row) => (
              <Skeleton key={row} height={30} />
            ))}
          </Stack>
        </Paper>
      )}
      {runs.data && items.length === 0 && <None narrow={isNarrow(search)} />}
      {items.length > 0 && (phone ? <RunCards {...rows} /> : <RunTable {...rows} />)}
      {runs.hasNextPage && (
        <Button variant="default" loading={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()} mx="auto">
          Show older runs
        </Button>
      )}
      {picked.size > 0 && (
        <Deeds
          runs={items.filter(({ id }) => picked.has(id))}
          filter={isNarrow(search) && runs.hasNextPage ? filter : undefined}
          done={() => setPicked(new Set())}
        />
      )}
    </Page>
  );
}

/** Runs begin because of what happens, so whatever happens is a reason to look. */
function useFresh() {
  const { data: me } = useMe();
  const client = useQueryClient();
  const look = useDebouncedCallback(() => void client.invalidateQueries({ queryKey: ['runs', 'list'] }), 250);
  useTopic(me && `workspace:${me.workspace.id}`, { onEvent: look });
}

function None({ narrow }: { narrow: boolean }) {
  if (narrow) {
    return (
      <Empty icon={IconSearch} title="No run fits">
        Look further back, or for another state.{' '}
        <Anchor component={Link} to="/runs" size="sm">
          Show all runs
        </Anchor>
      </Empty>
    );
  }
  return (
    <Empty
      icon={IconPlayerPlay}
      title="No rule has run yet"
      actions={
        <Button component={Link} to="/rules/templates" mt="xs">
          Look at templates
        </Button>
      }
    >
      As soon as a rule is on and what it waits for happens, its run appears here: what started it, what each step did,
      and what went wrong.
    </Empty>
  );
}

function Export({ filter }: { filter: RunFilter }) {
  const save = (format: 'csv' | 'ndjson') => void saveRuns(filter, format).catch((error) => complain(error));
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => save('csv')}>Table (CSV)</Menu.Item>
        <Menu.Item onClick={() => save('ndjson')}>With every step (JSON lines)</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const GROUP_CHOICES = [
  { value: 'all', label: 'All' },
  ...Object.entries(GROUPS).map(([value, { label }]) => ({ value, label })),
];

function Filters({ search }: { search: RunsSearch }) {
  const navigate = useNavigate();
  const phone = usePhone();
  const { data: rules = [] } = useQuery(rulesQuery);
  const go = (change: Partial<RunsSearch>) =>
    void navigate({ to: '/runs', search: { ...search, ...change }, replace: true });
  const find = useDebouncedCallback((q: string) => go({ q: q || undefined }), 300);
  const choose = (value: string | null) => go({ state: value && value !== 'all' ? (value as StateGroup) : undefined });
  return (
    <Group gap="sm">
      {phone ? (
        <Select
          aria-label="State"
          data={GROUP_CHOICES}
          value={search.state ?? 'all'}
          onChange={choose}
          allowDeselect={false}
          style={{ flex: '1 1 45%' }}
        />
      ) : (
        <SegmentedControl aria-label="State" data={GROUP_CHOICES} value={search.state ?? 'all'} onChange={choose} />
      )}
      <Select
        aria-label="Since when"
        placeholder="Any time"
        clearable
        data={SPANS}
        value={search.within ?? null}
        onChange={(within) => go({ within: within ?? undefined })}
        style={{ flex: phone ? '1 1 45%' : '0 1 140px' }}
      />
      <Select
        aria-label="Rule"
        placeholder="All rules"
        clearable
        searchable
        data={rules.map(({ id, name }) => ({ value: id, label: name }))}
        value={search.rule ?? null}
        onChange={(rule) => go({ rule: rule ?? undefined })}
        style={{ flex: phone ? '1 1 100%' : '1 1 140px', maxWidth: phone ? undefined : 260 }}
      />
      <TextInput
        aria-label="Words of the error"
        placeholder="Words of the error"
        leftSection={<IconSearch size={16} aria-hidden />}
        defaultValue={search.q ?? ''}
        onChange={(event) => find(event.currentTarget.value)}
        style={{ flex: phone ? '1 1 100%' : '1 1 140px', maxWidth: phone ? undefined : 260 }}
      />
      {search.event && <Narrowed what="Started by one event" drop={() => go({ event: undefined })} />}
      {search.shadow !== undefined && (
        <Narrowed what={search.shadow ? 'Only watching' : 'Without watching'} drop={() => go({ shadow: undefined })} />
      )}
    </Group>
  );
}

function Narrowed({ what, drop }: { what: string; drop: () => void }) {
  return (
    <Badge variant="default" size="lg" tt="none" fw={500}>
      {what} ·{' '}
      <Anchor component="button" type="button" size="sm" onClick={drop}>
        Show all
      </Anchor>
    </Badge>
  );
}

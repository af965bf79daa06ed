import { Button, Group, SegmentedControl, Select, Stack, Title } from '@mantine/core';
import { IconBell, IconChecks, IconSettings } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { Kind, Notification } from '~/api/schema';
import { Empty } from '~/parts/Empty';
import { Loaded } from '~/parts/Loaded';
import { Page } from '~/parts/Page';
import { Rows } from '~/parts/Rows';
import { MessageRow } from './MessageRow';
import { pagesQuery, unreadCountQuery, unreadQuery, useRead } from './queries';
import { KIND_NAMES, kindOf } from './words';

const SHOWN = [
  { value: 'all', label: 'All' },
  { value: 'unread', label: 'Unread' },
  { value: 'snoozed', label: 'Put off' },
];

interface Looked {
  show?: 'unread' | 'snoozed';
  kind?: Kind;
}

/** What one was told, unread first. What is looked at stands in the address. */
export function Inbox() {
  const { show, kind } = useSearch({ strict: false }) as Looked;
  const navigate = useNavigate();
  const count = useQuery(unreadCountQuery);
  const unread = useQuery({ ...unreadQuery, enabled: show !== 'snoozed' });
  const pages = useInfiniteQuery(pagesQuery(show === 'snoozed'));
  const read = useRead();
  const look = (change: Looked) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }) as never, replace: true });
  const fits = (item: Notification) => !kind || item.kind === kind;
  const counted = new Map(count.data?.kinds.map((of) => [of.kind, of.unread]));
  return (
    <Page
      title="Inbox"
      actions={
        <>
          <Button
            variant="default"
            component={Link}
            to="/account/notifications"
            leftSection={<IconSettings size={16} aria-hidden />}
          >
            Preferences
          </Button>
          {(count.data?.unread ?? 0) > 0 && (
            <Button
              leftSection={<IconChecks size={16} aria-hidden />}
              loading={read.isPending && read.variables === 'all'}
              onClick={() => read.mutate('all')}
            >
              Mark all as read
            </Button>
          )}
        </>
      }
    >
      <Group gap="sm">
        <SegmentedControl
          aria-label="Which messages"
          data={SHOWN}
          value={show ?? 'all'}
          onChange={(value) => look({ show: value === 'all' ? undefined : (value as Looked['show']) })}
        />
        <Select
          aria-label="Kind of message"
          placeholder="Of every kind"
          clearable
          clearButtonProps={{ 'aria-label': 'Of every kind' }}
          w={220}
          value={kind ?? null}
          onChange={(value) => look({ kind: (value as Kind) ?? undefined })}
          data={KIND_NAMES.map((name) => ({
            value: name,
            label: counted.has(name) ? `${kindOf(name).label} (${counted.get(name)})` : kindOf(name).label,
          }))}
        />
      </Group>
      <Loaded query={pages} height={240}>
        {(data) => {
          const first = show === 'snoozed' ? [] : (unread.data ?? []).filter(fits);
          const rest = data.pages
            .flatMap(({ items }) => items)
            .filter((item) => fits(item) && (show === 'snoozed' || !!item.read_at));
          const others = show === 'unread' ? [] : rest;
          if (first.length + others.length === 0 && !unread.isLoading) return <Nothing show={show} filtered={!!kind} />;
          return (
            <Stack>
              {first.length > 0 && <Part title="Unread" items={first} />}
              {others.length > 0 && <Part title={show === 'snoozed' ? 'Put off' : 'Read'} items={others} />}
            </Stack>
          );
        }}
      </Loaded>
      {show !== 'unread' && pages.hasNextPage && (
        <Button
          variant="default"
          style={{ alignSelf: 'center' }}
          loading={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          Show older ones
        </Button>
      )}
    </Page>
  );
}

function Part({ title, items }: { title: string; items: Notification[] }) {
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <Title order={2} size="h6" c="dimmed">
        {title}
      </Title>
      <Rows label={`${title} messages`}>
        {items.map((item) => (
          <MessageRow key={item.id} item={item} />
        ))}
      </Rows>
    </Stack>
  );
}

function Nothing({ show, filtered }: { show?: string; filtered: boolean }) {
  if (filtered) {
    return (
      <Empty icon={IconBell} title="Nothing of this kind">
        Choose another kind, or all of them.
      </Empty>
    );
  }
  if (show === 'snoozed') {
    return (
      <Empty icon={IconBell} title="Nothing is put off">
        A message that you put off comes back as unread when its time has come.
      </Empty>
    );
  }
  return (
    <Empty icon={IconBell} title="You have read everything">
      You are told here when a task becomes yours, when somebody mentions you, and when a rule wants you to know
      something.
    </Empty>
  );
}

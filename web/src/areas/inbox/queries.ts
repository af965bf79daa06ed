/** Reading one's messages, and putting them away. */
import {
  type InfiniteData,
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { Notification, PageForNotification } from '~/api/schema';
import { useSignedIn } from '~/areas/account/queries';

export const unreadCountQuery = queryOptions({
  queryKey: ['notifications', 'count'],
  queryFn: () => ask(api.GET('/api/v1/notifications/unread')),
});

/** How many messages one has not read. */
export function useUnread(): number {
  return useQuery({ ...unreadCountQuery, enabled: useSignedIn() }).data?.unread ?? 0;
}

/** Every message that is not read: they stand first. */
export const unreadQuery = queryOptions({
  queryKey: ['notifications', 'unread'],
  queryFn: () =>
    all((query) => ask(api.GET('/api/v1/notifications', { params: { query: { ...query, unread: true } } })), 1000),
});

/** Messages newest first, page by page; those that are put off when `snoozed`. */
export const pagesQuery = (snoozed: boolean) =>
  infiniteQueryOptions({
    queryKey: ['notifications', snoozed ? 'snoozed' : 'all'],
    queryFn: ({ pageParam }) =>
      ask(
        api.GET('/api/v1/notifications', {
          params: { query: { limit: 50, cursor: pageParam, snoozed: snoozed || undefined } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });

type Pages = InfiniteData<PageForNotification, string | undefined>;

/** Shows at once what becomes of messages; the server is asked right after. */
function useShowAtOnce() {
  const client = useQueryClient();
  return async (change: (item: Notification) => Notification | undefined) => {
    await client.cancelQueries({ queryKey: ['notifications'] });
    const changed = (items: Notification[]) => items.map(change).filter((item) => item !== undefined);
    client.setQueryData(unreadQuery.queryKey, (old) => old && changed(old).filter(({ read_at }) => !read_at));
    client.setQueriesData<Pages>({ queryKey: ['notifications', 'all'] }, (old) =>
      old ? { ...old, pages: old.pages.map((page) => ({ ...page, items: changed(page.items) })) } : old,
    );
  };
}

/** Marks some messages as read, or all of them. */
export function useRead() {
  const client = useQueryClient();
  const show = useShowAtOnce();
  return useMutation({
    mutationFn: (ids: string[] | 'all') =>
      ask(api.POST('/api/v1/notifications/read', { body: ids === 'all' ? { all: true } : { ids } })),
    onMutate: (ids) => {
      const now = new Date().toISOString();
      return show((item) =>
        ids === 'all' || ids.includes(item.id) ? { ...item, read_at: item.read_at ?? now } : item,
      );
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ['notifications'] }),
  });
}

/** Puts a message off until a moment, or brings it back. */
export function useSnooze() {
  const client = useQueryClient();
  const show = useShowAtOnce();
  return useMutation({
    mutationFn: ({ id, until }: { id: string; until?: string }) => {
      const params = { path: { id } };
      return until
        ? ask(api.PUT('/api/v1/notifications/{id}/snooze', { params, body: { until } }))
        : ask(api.DELETE('/api/v1/notifications/{id}/snooze', { params }));
    },
    onMutate: ({ id, until }) => (until ? show((item) => (item.id === id ? undefined : item)) : undefined),
    onSettled: () => void client.invalidateQueries({ queryKey: ['notifications'] }),
  });
}

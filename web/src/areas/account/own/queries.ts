/** Reading what concerns how one signs in, and what programs may do in one's name. */
import { queryOptions } from '@tanstack/react-query';
import { api, ask } from '~/api/client';

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: () => ask(api.GET('/api/v1/sessions')).then(({ items }) => items),
});

export const factorQuery = queryOptions({
  queryKey: ['factor'],
  queryFn: () => ask(api.GET('/api/v1/me/second-factor')),
});

export const tokensQuery = queryOptions({
  queryKey: ['tokens', 'own'],
  queryFn: () => ask(api.GET('/api/v1/tokens')).then(({ items }) => items),
});

export const preferencesQuery = queryOptions({
  queryKey: ['notification-preferences'],
  queryFn: () => ask(api.GET('/api/v1/notification-preferences')),
});

export const pushesQuery = queryOptions({
  queryKey: ['push'],
  queryFn: () => ask(api.GET('/api/v1/push-subscriptions')).then(({ items }) => items),
});

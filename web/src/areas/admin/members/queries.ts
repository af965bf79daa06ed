/** Who is asked to join, and what members may beyond their role. */
import { queryOptions } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';

export const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/invitations', { params: { query } }))),
});

/** What was given to, or taken from, a person or a group. */
export const assignmentsQuery = (whom: { user?: string; group?: string }) =>
  queryOptions({
    queryKey: ['assignments', whom],
    queryFn: () =>
      all((page) => ask(api.GET('/api/v1/assignments', { params: { query: { ...page, ...whom } } })), 1000),
  });

export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: () => ask(api.GET('/api/v1/roles')).then(({ items }) => items),
});

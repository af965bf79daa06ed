import { queryOptions, useQuery } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { Member } from '~/api/schema';

export const membersQuery = queryOptions({
  queryKey: ['members'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/members', { params: { query } }))),
  staleTime: 5 * 60_000,
});

/** Everybody in the workspace, also those who left, by id. */
export function usePeople(): Map<string, Member> {
  const { data } = useQuery({ ...membersQuery, select: byId });
  return data ?? NOBODY;
}

const NOBODY = new Map<string, Member>();
const byId = (members: Member[]) => new Map(members.map((member) => [member.id, member]));

const active = (members: Member[]) =>
  members.filter(({ state }) => state === 'active').sort((a, b) => a.name.localeCompare(b.name));
const NONE: Member[] = [];

/** Those who are in the workspace now, by name: whom one can choose. */
export function useActivePeople(): Member[] {
  const { data } = useQuery({ ...membersQuery, select: active });
  return data ?? NONE;
}

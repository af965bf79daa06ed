/** What the builder reads: what can happen, what can be done, and the names of things. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, ask } from '~/api/client';
import type { ActionInfo, CatalogueEntry } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { rulesQuery } from '~/areas/rules/queries';
import type { Names } from './words/parts';

const RARELY = { staleTime: Number.POSITIVE_INFINITY };

export const actionsQuery = queryOptions({
  queryKey: ['actions'],
  queryFn: () => ask(api.GET('/api/v1/actions')),
  ...RARELY,
});

export const eventKindsQuery = queryOptions({
  queryKey: ['event-kinds'],
  queryFn: () => ask(api.GET('/api/v1/event-kinds')),
  ...RARELY,
});

const byName = ({ items }: { items: ActionInfo[] }) => new Map(items.map((action) => [action.name, action]));
const byKind = ({ items }: { items: CatalogueEntry[] }) => new Map(items.map((entry) => [entry.kind, entry]));

/** What rules may do, by the name of the action. */
export function useActions(): Map<string, ActionInfo> {
  const { data } = useQuery({ ...actionsQuery, select: byName });
  return data ?? NO_ACTIONS;
}

/** What can happen, by its kind. */
export function useEventKinds(): Map<string, CatalogueEntry> {
  const { data } = useQuery({ ...eventKindsQuery, select: byKind });
  return data ?? NO_KINDS;
}

const NO_ACTIONS = new Map<string, ActionInfo>();
const NO_KINDS = new Map<string, CatalogueEntry>();

/** What the ids and keys in a rule are called. */
export function useNames(): Names {
  const actions = useActions();
  const people = usePeople();
  const { data: projects } = useQuery(projectsQuery);
  const { data: rules } = useQuery({ ...rulesQuery, enabled: useMay('rule.view') });
  return useMemo(() => {
    const projectNames = new Map(
      projects?.flatMap(
        ({ id, key, name }) =>
          [
            [id, name],
            [key, name],
          ] as const,
      ),
    );
    const ruleNames = new Map(rules?.map(({ id, name }) => [id, name]));
    const byAddress = new Map([...people.values()].map((member) => [member.email, member.name]));
    return {
      project: (id) => projectNames.get(id),
      person: (id) => people.get(id)?.name ?? byAddress.get(id),
      rule: (id) => ruleNames.get(id),
      action: (name) => actions.get(name)?.summary,
    };
  }, [actions, people, projects, rules]);
}

/** Everything that can be chosen in a field: people, projects, statuses, labels and other things by their names. */
import { queryOptions, useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, ask } from '~/api/client';
import { useMay } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { milestonesQuery, projectsQuery, sprintsQuery, workflowQuery } from '~/areas/projects/queries';
import { hooksQuery, labelsQuery } from '~/areas/rules/templates/queries';
import { useBuilder } from '../model/builder';
import { sentenceCase, spaced } from '../words/kinds';

export interface Option {
  value: string;
  label: string;
}

/** The projects in which the rule listens; all of them when it says nothing. */
function useScope() {
  const { rule } = useBuilder();
  const { data: projects = [] } = useQuery(projectsQuery);
  const named = new Set(rule.scope?.projects ?? []);
  const within = named.size > 0 ? projects.filter(({ id, key }) => named.has(id) || named.has(key)) : projects;
  return { projects, within: within.slice(0, 12) };
}

export function useProjectOptions(): Option[] {
  const { projects } = useScope();
  return projects.map(({ key, name }) => ({ value: key, label: `${name} (${key})` }));
}

export function usePersonOptions(): Option[] {
  const people = usePeople();
  return [...people.values()]
    .filter(({ state }) => state === 'active')
    .map(({ id, name }) => ({ value: id, label: name }))
    .sort((a, b) => a.label.localeCompare(b.label));
}

const rolesQuery = queryOptions({
  queryKey: ['roles', 'names'],
  queryFn: async () => (await ask(api.GET('/api/v1/roles'))).items,
  staleTime: 5 * 60_000,
});

const groupsQuery = queryOptions({
  queryKey: ['groups', 'names'],
  queryFn: async () => (await ask(api.GET('/api/v1/groups', { params: { query: { limit: 200 } } }))).items,
  staleTime: 5 * 60_000,
});

const rotasQuery = queryOptions({
  queryKey: ['rotas', 'names'],
  queryFn: async () => (await ask(api.GET('/api/v1/rotas'))).items,
  staleTime: 5 * 60_000,
});

/** Whom one can tell or ask, as rules name them; `person` says how a member is written. */
export function useRecipientOptions(words: string[], person: (id: string) => string): Option[] {
  const people = usePersonOptions();
  const mayAccess = useMay('access.view');
  const mayRota = useMay('rota.view');
  const { data: roles = [] } = useQuery({ ...rolesQuery, enabled: mayAccess });
  const { data: groups = [] } = useQuery({ ...groupsQuery, enabled: mayAccess });
  const { data: rotas = [] } = useQuery({ ...rotasQuery, enabled: mayRota });
  const names: Record<string, string> = {
    owner: 'The rule’s owner',
    'project.owner': 'The project’s owner',
    'task.assignees': 'The task’s assignees',
    'task.watchers': 'The task’s watchers',
    'task.created_by': 'Who created the task',
  };
  return [
    ...words.map((value) => ({ value, label: names[value] ?? value })),
    ...people.map(({ value, label }) => ({ value: person(value), label })),
    ...roles.map(({ id, name }) => ({ value: `role:${id}`, label: `Role: ${sentenceCase(spaced(name))}` })),
    ...groups.map(({ name }) => ({ value: `group:${name}`, label: `Group: ${name}` })),
    ...rotas.map(({ name }) => ({ value: `oncall:${name}`, label: `On call: ${name}` })),
  ];
}

/** The statuses of the projects in which the rule listens. */
export function useStatusOptions(): Option[] {
  const { within } = useScope();
  const found = useQueries({ queries: within.map(({ id }) => workflowQuery(id)) });
  const statuses = found.flatMap(({ data }) => data?.statuses ?? []);
  return [...new Map(statuses.map(({ key, name }) => [key, { value: key, label: name }])).values()];
}

export function useLabelNames(): string[] {
  const { data } = useQuery(labelsQuery);
  return useMemo(() => [...new Set((data ?? []).map(({ label }) => label))], [data]);
}

export function useHookOptions(): Option[] {
  const { data } = useQuery({ ...hooksQuery, enabled: useMay('hook.view') });
  return (data?.items ?? []).map(({ name }) => ({ value: name, label: name }));
}

const connectionsQuery = queryOptions({
  queryKey: ['connections', 'names'],
  queryFn: async () => (await ask(api.GET('/api/v1/connections'))).items,
  staleTime: 5 * 60_000,
});

export function useConnectionOptions(kind: string): Option[] {
  const { data = [] } = useQuery({ ...connectionsQuery, enabled: useMay('connection.manage') });
  return data.filter((one) => one.kind === kind).map(({ name }) => ({ value: name, label: name }));
}

const taskTemplatesQuery = (project: string) =>
  queryOptions({
    queryKey: ['task-templates', project, 'names'],
    queryFn: async () => {
      const path = { id: project };
      return (await ask(api.GET('/api/v1/projects/{id}/task-templates', { params: { path, query: { limit: 200 } } })))
        .items;
    },
  });

const recurrencesQuery = (project: string) =>
  queryOptions({
    queryKey: ['recurrences', project, 'names'],
    queryFn: async () => {
      const path = { id: project };
      return (await ask(api.GET('/api/v1/projects/{id}/recurrences', { params: { path, query: { limit: 200 } } })))
        .items;
    },
  });

type ThingKind = 'milestone' | 'sprint' | 'template' | 'recurrence' | 'group';

/** Things of the projects in which the rule listens, by their names. */
export function useThingOptions(kind: ThingKind): Option[] {
  const { within } = useScope();
  const named = (items: { id: string; name?: string }[] | undefined, project: string) =>
    (items ?? []).map(({ id, name }) => ({
      value: id,
      label: within.length > 1 ? `${name} (${project})` : (name ?? id),
    }));
  const milestones = useQueries({ queries: kind === 'milestone' ? within.map(({ id }) => milestonesQuery(id)) : [] });
  const sprints = useQueries({ queries: kind === 'sprint' ? within.map(({ id }) => sprintsQuery(id)) : [] });
  const templates = useQueries({ queries: kind === 'template' ? within.map(({ id }) => taskTemplatesQuery(id)) : [] });
  const recurrences = useQueries({
    queries: kind === 'recurrence' ? within.map(({ id }) => recurrencesQuery(id)) : [],
  });
  const { data: groups } = useQuery({ ...groupsQuery, enabled: kind === 'group' });
  if (kind === 'group') return (groups ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const found = { milestone: milestones, sprint: sprints, template: templates, recurrence: recurrences }[kind];
  return found.flatMap(({ data }, index) =>
    named(data as { id: string; name?: string }[] | undefined, within[index]?.key ?? ''),
  );
}

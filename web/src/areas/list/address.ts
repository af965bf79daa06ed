/** What a list shows and in which order stands in the address, by the names that the board uses as well. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { TaskFilter } from '~/areas/tasks/queries';

export interface ListSearch {
  q?: string;
  /** Ids of people or `none`; parted by commas, as all the others. */
  assignee?: string;
  label?: string;
  priority?: string;
  type?: string;
  status?: string;
  milestone?: string;
  sprint?: string;
  /** As the server takes it: `-priority`. */
  order?: string;
  /** The saved view that this came from. */
  view?: string;
}

export const FILTERS = ['q', 'assignee', 'label', 'priority', 'type', 'status', 'milestone', 'sprint'] as const;

export const isNarrowed = (search: ListSearch) => FILTERS.some((name) => search[name]);

export const DEFAULT_ORDER = '-created_at';

/** What the server is asked for. */
export function filterOf(project: string, search: ListSearch): TaskFilter {
  const filter: TaskFilter = { project, sort: search.order ?? DEFAULT_ORDER };
  for (const name of FILTERS) if (search[name]) filter[name] = String(search[name]);
  return filter;
}

/** The query of a saved view. */
export const queryOf = (project: string, search: ListSearch) =>
  new URLSearchParams(Object.entries(filterOf(project, search)) as [string, string][]).toString();

/** What a saved view looks for. */
export function searchOf(query: string): ListSearch {
  const params = new URLSearchParams(query);
  const search: ListSearch = { order: params.get('sort') ?? undefined };
  for (const name of FILTERS) search[name] = params.get(name) ?? undefined;
  return search;
}

export function useListSearch() {
  const search = useSearch({ strict: false }) as ListSearch;
  const navigate = useNavigate();
  const change = (part: Partial<ListSearch>) =>
    void navigate({ to: '.', search: ((old: ListSearch) => ({ ...old, ...part })) as never, replace: true });
  return [search, change] as const;
}

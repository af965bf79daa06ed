/** Reading and changing SLAs, and who is on call. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ask, ifMatch } from '~/api/client';
import type { NewRota, NewRotaOverride, Rota, Sla, SlaPolicy } from '~/api/schema';

export const slasQuery = queryOptions({
  queryKey: ['slas', 'list'],
  queryFn: async () => (await ask(api.GET('/api/v1/slas'))).items,
});

/** How a policy was kept in the last 30 days. */
export const slaReportQuery = (id: string) =>
  queryOptions({
    queryKey: ['slas', 'report', id],
    queryFn: () => ask(api.GET('/api/v1/slas/{id}/report', { params: { path: { id } } })),
  });

/** Makes a policy, or changes one; what somebody else changed meanwhile is not overwritten. */
export function useSaveSla(old?: Sla) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: SlaPolicy) => {
      if (!old) return ask(api.POST('/api/v1/slas', { body }));
      const params = { path: { id: old.id }, header: ifMatch(old.version) };
      return ask(api.PUT('/api/v1/slas/{id}', { params, body }));
    },
    meta: { quiet: true },
    onSettled: () => void client.invalidateQueries({ queryKey: ['slas'] }),
  });
}

export const deleteSla = (id: string) => ask(api.DELETE('/api/v1/slas/{id}', { params: { path: { id } } }));

export const rotasQuery = queryOptions({
  queryKey: ['rotas', 'list'],
  queryFn: async () => (await ask(api.GET('/api/v1/rotas'))).items,
});

/** Who is on call now, and until when. */
export const onCallQuery = (id: string) =>
  queryOptions({
    queryKey: ['rotas', 'on-call', id],
    queryFn: () => ask(api.GET('/api/v1/rotas/{id}/on-call', { params: { path: { id } } })),
    refetchInterval: 60_000,
  });

export const overridesQuery = (id: string) =>
  queryOptions({
    queryKey: ['rotas', 'overrides', id],
    queryFn: async () => (await ask(api.GET('/api/v1/rotas/{id}/overrides', { params: { path: { id } } }))).items,
  });

export function useSaveRota(old?: Rota) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewRota) => {
      if (!old) return ask(api.POST('/api/v1/rotas', { body }));
      const params = { path: { id: old.id }, header: ifMatch(old.version) };
      return ask(api.PUT('/api/v1/rotas/{id}', { params, body }));
    },
    meta: { quiet: true },
    onSettled: () => void client.invalidateQueries({ queryKey: ['rotas'] }),
  });
}

export const deleteRota = (id: string) => ask(api.DELETE('/api/v1/rotas/{id}', { params: { path: { id } } }));

/** Puts somebody else on call for a while. */
export function useAddOverride(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewRotaOverride) =>
      ask(api.POST('/api/v1/rotas/{id}/overrides', { params: { path: { id } }, body })),
    meta: { quiet: true },
    onSettled: () => void client.invalidateQueries({ queryKey: ['rotas'] }),
  });
}

export function useDropOverride(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (override: string) =>
      ask(api.DELETE('/api/v1/rotas/{id}/overrides/{override}', { params: { path: { id, override } } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ['rotas'] }),
  });
}

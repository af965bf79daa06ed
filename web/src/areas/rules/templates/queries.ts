/** Reading templates, filling them in, and what their questions are answered with. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { NewFromTemplate } from '~/api/schema';

export const templatesQuery = queryOptions({
  queryKey: ['rule-templates'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/rule-templates', { params: { query } }))),
  staleTime: Number.POSITIVE_INFINITY,
});

export const templateQuery = (slug: string) =>
  queryOptions({
    queryKey: ['rule-templates', slug],
    queryFn: () => ask(api.GET('/api/v1/rule-templates/{id}', { params: { path: { id: slug } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

export type Answers = Record<string, unknown>;

/** What a template says with these answers. */
export const previewQuery = (slug: string, parameters: Answers) =>
  queryOptions({
    queryKey: ['rule-previews', slug, parameters],
    queryFn: () =>
      ask(api.POST('/api/v1/rule-templates/{id}/preview', { params: { path: { id: slug } }, body: { parameters } })),
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  });

/** Makes a rule of a template. */
export function useApplyTemplate(slug: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewFromTemplate) =>
      ask(
        api.POST('/api/v1/rule-templates/{id}/apply', {
          params: { path: { id: slug }, header: { 'Idempotency-Key': crypto.randomUUID() } },
          body,
        }),
      ),
    meta: { quiet: true },
    onSettled: () => void client.invalidateQueries({ queryKey: ['rules'] }),
  });
}

export const hooksQuery = queryOptions({
  queryKey: ['hooks', 'for-rules'],
  queryFn: () => ask(api.GET('/api/v1/hooks')),
});

export const labelsQuery = queryOptions({
  queryKey: ['labels', 'for-rules'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/labels', { params: { query } }))),
});

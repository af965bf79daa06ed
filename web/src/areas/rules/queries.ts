/** Reading rules and how they do, and switching them. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { all } from '~/api/all';
import { api, ask, raw } from '~/api/client';
import type { Rule, RuleHealthLine, RuleInfo, RuleSaved, RuleState } from '~/api/schema';
import { say } from '~/parts/toast';

export const rulesQuery = queryOptions({
  queryKey: ['rules', 'list'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/rules', { params: { query: { ...query, sort: 'name' } } }))),
});

export const ruleQuery = (id: string) =>
  queryOptions({
    queryKey: ['rules', 'one', id],
    queryFn: () => ask(api.GET('/api/v1/rules/{id}', { params: { path: { id } } })),
  });

const HEALTH_PAGE = 200;

const byRule = (lines: RuleHealthLine[]) => new Map(lines.map((line) => [line.rule, line]));

async function everyHealthLine(): Promise<RuleHealthLine[]> {
  const lines: RuleHealthLine[] = [];
  for (let offset = 0; ; offset += HEALTH_PAGE) {
    const query = { span: 'day' as const, sort: 'name', limit: HEALTH_PAGE, offset };
    const { items } = await ask(api.GET('/api/v1/rules/health', { params: { query } }));
    lines.push(...items);
    if (items.length < HEALTH_PAGE) return lines;
  }
}

/** How each rule did in the last 24 hours, by its id. */
export const healthLinesQuery = queryOptions({
  queryKey: ['rules', 'health'],
  queryFn: everyHealthLine,
  // What is read is kept on the device as JSON, which has no maps.
  select: byRule,
});

export const healthQuery = (id: string) =>
  queryOptions({
    queryKey: ['rules', 'health', id],
    queryFn: () => ask(api.GET('/api/v1/rules/{id}/health', { params: { path: { id } } })),
  });

function switchTo(id: string, state: RuleState): Promise<RuleSaved> {
  const params = { path: { id } };
  if (state === 'enabled') return ask(api.POST('/api/v1/rules/{id}/enable', { params }));
  if (state === 'shadow') return ask(api.POST('/api/v1/rules/{id}/shadow', { params }));
  return ask(api.POST('/api/v1/rules/{id}/pause', { params }));
}

const SWITCHED: Partial<Record<RuleState, string>> = {
  enabled: 'is on',
  shadow: 'only watches now and changes nothing',
  paused: 'is paused',
};

/** Switches a rule on, off, or to only watching. The list shows it at once. */
export function useSwitchRule() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ rule, state }: { rule: { id: string; name: string }; state: RuleState }) => switchTo(rule.id, state),
    onMutate: async ({ rule, state }) => {
      await client.cancelQueries({ queryKey: rulesQuery.queryKey });
      const before = client.getQueryData(rulesQuery.queryKey);
      client.setQueryData(rulesQuery.queryKey, (rules) =>
        rules?.map((one) => (one.id === rule.id ? { ...one, state, paused_because: null } : one)),
      );
      return { before };
    },
    onError: (_error, _asked, context) => client.setQueryData(rulesQuery.queryKey, context?.before),
    onSuccess: (saved, { rule, state }) => {
      const [warning] = saved.warnings;
      const done = `“${rule.name}” ${SWITCHED[state]}`;
      if (warning) say(warning.message, done);
      else say(done);
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ['rules'] }),
  });
}

/** Makes the rule whoever asks is the owner of: from then on it acts with their rights. */
export function useTakeRule() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask(api.POST('/api/v1/rules/{id}/take', { params: { path: { id } } })),
    onSuccess: ({ name }) => say(`“${name}” is yours and acts with your rights`),
    onSettled: () => void client.invalidateQueries({ queryKey: ['rules'] }),
  });
}

/** Saves the same rule once more, as a draft with another name. */
export function useDuplicateRule() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ rule }: RuleInfo) =>
      ask(api.POST('/api/v1/rules', { body: { ...rule, name: `Copy of ${rule.name}`.slice(0, 200) } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ['rules'] }),
  });
}

export function deleteRule(id: string) {
  return ask(api.DELETE('/api/v1/rules/{id}', { params: { path: { id } } }));
}

/** The rule as a file that `trackside rules apply` and the import read. */
export async function saveAsFile(rule: Rule) {
  const { stringify } = await import('yaml');
  const name = rule.name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '-');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([stringify(rule)], { type: 'application/yaml' }));
  link.download = `${name.replaceAll(/^-+|-+$/g, '') || 'rule'}.yaml`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** A rule from a YAML or JSON file becomes a draft. */
export async function readFromFile(file: File): Promise<RuleSaved> {
  const type = file.name.endsWith('.json') ? 'application/json' : 'application/yaml';
  const answer = await raw('/api/v1/rules', {
    method: 'POST',
    headers: { 'content-type': type },
    body: await file.text(),
  });
  return answer.json();
}

/** Starts a rule by hand, with its form filled in. */
export function useRunByHand() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, inputs, task }: { id: string; inputs?: Record<string, unknown>; task?: string }) =>
      ask(
        api.POST('/api/v1/rules/{id}/run', {
          params: { path: { id }, header: { 'Idempotency-Key': crypto.randomUUID() } },
          body: { inputs, task },
        }),
      ),
    meta: { quiet: true },
    onSettled: () => void client.invalidateQueries({ queryKey: ['runs'] }),
  });
}

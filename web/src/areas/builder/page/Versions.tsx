/** The versions of the rule: who saved what when, what each changed, and getting one back. */
import { Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, ifMatch } from '~/api/client';
import type { RuleInfo, RuleSaved } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { PanelHead } from '../forms/PanelHead';
import { useBuilder } from '../model/builder';
import { pathOf } from '../model/path';
import { Differences } from './Differences';

interface Props {
  saved: RuleInfo;
  dirty: boolean;
  onRestored(answer: RuleSaved): void;
  onClose(): void;
}

export function Versions({ saved, dirty, onRestored, onClose }: Props) {
  const { readOnly } = useBuilder();
  const people = usePeople();
  const client = useQueryClient();
  const [open, setOpen] = useState<number>();
  const path = { id: saved.id };
  const { data, error, refetch } = useQuery({
    queryKey: ['rules', 'versions', saved.id, saved.version],
    queryFn: () => ask(api.GET('/api/v1/rules/{id}/versions', { params: { path, query: { limit: 50 } } })),
  });
  const restore = useMutation({
    mutationFn: (version: number) =>
      ask(
        api.POST('/api/v1/rules/{id}/restore', { params: { path, header: ifMatch(saved.version) }, body: { version } }),
      ),
    onSuccess: (answer, version) => {
      onRestored(answer);
      say(`Version ${version} is back, as version ${answer.version}.`);
      void client.invalidateQueries({ queryKey: ['rules'] });
    },
  });
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <>
      <PanelHead title="Versions" about="Runs go on with the version that started them." onClose={onClose} />
      <Stack p="md" gap="sm">
        {error && <ProblemAlert error={error} retry={() => void refetch()} />}
        {!data && !error && <Skeleton h={120} />}
        {dirty && (
          <Text size="sm" c="dimmed">
            Save or discard your changes before you bring an old version back.
          </Text>
        )}
        {data?.items.map((one) => (
          <div key={one.version} style={{ borderBottom: '1px solid var(--app-line)', paddingBottom: 8 }}>
            <Group justify="space-between" wrap="nowrap">
              <div>
                <Text size="sm" fw={600}>
                  Version {one.version}
                  {one.version === saved.version ? ' (now)' : ''}
                </Text>
                <Text size="xs" c="dimmed">
                  {people.get(one.created_by ?? '')?.name ?? 'Somebody'}, {format.format(new Date(one.created_at))}
                </Text>
              </div>
              <Group gap={4} wrap="nowrap">
                {one.version !== saved.version && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-expanded={open === one.version}
                    onClick={() => setOpen(open === one.version ? undefined : one.version)}
                  >
                    Compare
                  </Button>
                )}
                {!readOnly && one.version !== saved.version && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    disabled={dirty}
                    loading={restore.isPending && restore.variables === one.version}
                    onClick={() => restore.mutate(one.version)}
                  >
                    Restore
                  </Button>
                )}
              </Group>
            </Group>
            {open === one.version && <Compared id={saved.id} from={one.version} to={saved.version} />}
          </div>
        ))}
      </Stack>
    </>
  );
}

/** What has changed since that version. */
function Compared({ id, from, to }: { id: string; from: number; to: number }) {
  const { data, error } = useQuery({
    queryKey: ['rules', 'diff', id, from, to],
    queryFn: () => ask(api.GET('/api/v1/rules/{id}/diff', { params: { path: { id }, query: { from, to } } })),
  });
  if (error) return <ProblemAlert error={error} />;
  if (!data) return <Skeleton h={40} mt="xs" />;
  return (
    <div style={{ marginTop: 8 }}>
      <Text size="xs" c="dimmed" mb={4}>
        What changed from version {from} to version {to}
      </Text>
      <Differences
        changes={data.changes.map(({ path, before, after }) => ({
          // Steps stand under their ids there, which may look like numbers.
          path: pathOf(path).map(String),
          before,
          after,
        }))}
      />
    </div>
  );
}

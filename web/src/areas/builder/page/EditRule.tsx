/** A rule that is saved, in the builder. */
import { Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Problem } from '~/api/problem';
import { NotFound } from '~/app/Trouble';
import { useMay, useMe } from '~/areas/account/queries';
import { ruleQuery } from '~/areas/rules/queries';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { Workshop } from './Workshop';

export function EditRule() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { data, error, refetch } = useQuery(ruleQuery(id));
  const { data: me } = useMe();
  const may = useMay('rule.edit', id);
  if (error instanceof Problem && error.status === 404) return <NotFound />;
  if (error && !data) return <ProblemAlert error={error} retry={() => void refetch()} />;
  if (!data || !me) return <Loading />;
  return <Workshop key={id} saved={data} person={me.user.id} readOnly={!may} />;
}

export function Loading() {
  return (
    <Stack aria-busy aria-label="The rule is being loaded">
      <Skeleton h={36} w={320} />
      <Skeleton h={480} />
    </Stack>
  );
}

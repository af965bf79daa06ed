import { Button, Group, Text } from '@mantine/core';
import { IconBan, IconRefresh } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunFilter, RunSummary } from '~/api/schema';
import { Confirm } from '~/parts/Confirm';
import { say } from '~/parts/toast';
import { cancel, type Deed, forEach, rerun } from './queries';
import classes from './runs.module.css';
import { isOver } from './words';

interface Props {
  /** The runs that are marked. */
  runs: RunSummary[];
  /** What the list is narrowed to, where it finds more than is shown. */
  filter?: RunFilter;
  done: () => void;
}

const runsWord = (count: number) => (count === 1 ? '1 run' : `${count} runs`);

/** What can be done with the runs that are marked, or with all that the filter finds. */
export function Deeds({ runs, filter, done }: Props) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<Deed>();
  const [whole, setWhole] = useState(false);
  const fit = { rerun: runs.filter(({ state }) => isOver(state)), cancel: runs.filter(({ state }) => !isOver(state)) };
  const count = useQuery({
    queryKey: ['runs', 'count', asked, filter],
    queryFn: () => forEach(asked!, filter!, true),
    enabled: !!asked && whole && !!filter,
  });
  const those = whole ? count.data?.runs.length : asked && fit[asked].length;
  const act = async () => {
    if (!asked) return;
    const { good, bad } = whole && filter ? await all(asked, filter) : await each(asked, fit[asked]);
    const did = asked === 'rerun' ? 'repeated' : 'cancelled';
    say(bad > 0 ? `${runsWord(bad)} could not be ${did}.` : `${runsWord(good)} ${did}.`);
    await client.invalidateQueries({ queryKey: ['runs'] });
    done();
  };
  return (
    <Group className={classes.bar} justify="space-between" role="region" aria-label="Marked runs">
      <Group gap="sm">
        <Text size="sm" fw={600} role="status">
          {whole ? 'All that fit' : `${runs.length} marked`}
        </Text>
        {filter && (
          <Button size="compact-sm" variant="subtle" onClick={() => setWhole(!whole)}>
            {whole ? 'Only the marked ones' : 'All that fit, also those not shown'}
          </Button>
        )}
      </Group>
      <Group gap="xs">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconRefresh size={14} />}
          disabled={!whole && fit.rerun.length === 0}
          onClick={() => setAsked('rerun')}
        >
          Re-run
        </Button>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconBan size={14} />}
          disabled={!whole && fit.cancel.length === 0}
          onClick={() => setAsked('cancel')}
        >
          Cancel
        </Button>
        <Button size="xs" variant="subtle" color="gray" onClick={done}>
          Unmark
        </Button>
      </Group>
      <Confirm
        opened={asked !== undefined}
        close={() => setAsked(undefined)}
        title={those === undefined ? 'Counting…' : `${asked === 'rerun' ? 'Re-run' : 'Cancel'} ${runsWord(those)}?`}
        action={asked === 'rerun' ? 'Re-run' : 'Cancel runs'}
        danger={asked === 'cancel'}
        run={act}
      >
        {asked === 'rerun'
          ? 'Each begins anew from its first step, on the version of the rule that it had: what it did before is done again.'
          : 'What they have done stays; what comes next is not done. A run that is cancelled can be repeated.'}
      </Confirm>
    </Group>
  );
}

async function all(deed: Deed, filter: RunFilter) {
  const { runs, failed } = await forEach(deed, filter, false);
  return { good: runs.length, bad: failed.length };
}

async function each(deed: Deed, runs: RunSummary[]) {
  const told = await Promise.allSettled(runs.map(({ id }) => (deed === 'rerun' ? rerun(id) : cancel(id))));
  const good = told.filter(({ status }) => status === 'fulfilled').length;
  return { good, bad: told.length - good };
}

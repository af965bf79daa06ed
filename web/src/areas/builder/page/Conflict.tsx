/** Two people changed the rule: what each of them did, and what is to become of it. */
import { Alert, Button, Group, Modal, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useMemo } from 'react';
import type { Rule, RuleInfo } from '~/api/schema';
import { differences, merged } from '../model/diff';
import { Differences } from './Differences';
import type { Saving } from './useSaving';

export function Conflict({ saving, mine, theirs }: { saving: Saving; mine: Rule; theirs: RuleInfo }) {
  const { base } = saving;
  const ours = useMemo(() => differences(base.rule, mine), [base.rule, mine]);
  const others = useMemo(() => differences(base.rule, theirs.rule), [base.rule, theirs.rule]);
  const both = useMemo(() => merged(base.rule, mine, theirs.rule), [base.rule, mine, theirs.rule]);
  return (
    <Modal opened onClose={saving.closeConflict} title="Somebody else was faster" size="xl" centered>
      <Stack>
        <Text size="sm">
          Version {theirs.version} was saved while you were changing version {base.version}. Nothing of yours is lost.
        </Text>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <section aria-labelledby="conflict-mine">
            <Title order={3} size="h5" id="conflict-mine" mb="xs">
              What you changed
            </Title>
            <Differences changes={ours} />
          </section>
          <section aria-labelledby="conflict-theirs">
            <Title order={3} size="h5" id="conflict-theirs" mb="xs">
              What version {theirs.version} changed
            </Title>
            <Differences changes={others} />
          </section>
        </SimpleGrid>
        {!both && (
          <Alert color="yellow" py="xs">
            <Text size="sm">Both changed the same place, so that they cannot be put together by themselves.</Text>
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => saving.rebase(theirs, theirs.rule)}>
            Take theirs
          </Button>
          <Button
            variant={both ? 'default' : 'filled'}
            loading={saving.save.isPending}
            onClick={() => saving.save.mutate({ over: theirs.version })}
          >
            Save mine over it
          </Button>
          {both && <Button onClick={() => saving.rebase(theirs, both)}>Put both together</Button>}
        </Group>
      </Stack>
    </Modal>
  );
}

import { Alert, Anchor, Button, Group, Text } from '@mantine/core';
import { IconBolt, IconCircleCheck } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Workflow } from '~/api/schema';
import type { Card } from './cache';

/** Leads through the demo: which card to move next, and what is to be seen when it has been moved. */
export function Guide({ project, cards, workflow }: { project: string; cards: Card[]; workflow: Workflow }) {
  const navigate = useNavigate();
  const end = () => void navigate({ to: '.', search: (old) => ({ ...old, guide: undefined }) as never, replace: true });
  const [first, second] = [1, 2].map((number) => cards.find(({ key }) => key === `${project}-${number}`));
  if (!first || !second) return null;
  const name = (status: string) => workflow.statuses.find(({ key }) => key === status)?.name ?? status;
  const done = first.status === 'completed';
  const over = done && second.status === 'in_progress';
  const how = 'Drag it; or press Space on it, the arrow keys and Space again; or use the menu on the card.';
  return (
    <Alert
      mb="sm"
      variant="light"
      icon={over ? <IconCircleCheck aria-hidden /> : <IconBolt aria-hidden />}
      title={over ? 'That is how rules work' : done ? 'A rule has answered' : 'Move a card and watch'}
      withCloseButton
      closeButtonLabel="End the guide"
      onClose={end}
    >
      <Text size="sm" component="output" aria-live="polite" display="block">
        {!done && (
          <>
            Move <b>{first.key}</b>, “{first.title}”, to <b>{name('completed')}</b>. {how}
          </>
        )}
        {done && !over && (
          <>
            The message in the corner says what the rule did, and leads to its run. Now move <b>{second.key}</b>, “
            {second.title}”, to <b>{name('in_progress')}</b>: it is critical, so another rule gives it to you.
          </>
        )}
        {over &&
          'Each answer of a rule is kept as a run, step by step. Change the rules of this project, or make your own.'}
      </Text>
      {over && (
        <Group gap="md" mt="xs">
          <Anchor component={Link} to="/rules" search={{ project } as never} size="sm">
            See the rules
          </Anchor>
          <Anchor component={Link} to="/projects" size="sm">
            Make a project of my own
          </Anchor>
          <Button size="compact-sm" variant="subtle" onClick={end}>
            End the guide
          </Button>
        </Group>
      )}
    </Alert>
  );
}

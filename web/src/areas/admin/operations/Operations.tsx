import { Anchor, Badge, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Installation, RuleTrouble } from '~/api/schema';
import { Loaded } from '~/parts/Loaded';
import { Row, Rows } from '~/parts/Rows';
import { length } from '~/parts/time';
import { AdminPage } from '../AdminPage';
import { DeadLetters } from './DeadLetters';
import { Figure } from './Figure';
import { Queues } from './Queues';
import { operationsQuery } from './queries';
import { Workers } from './Workers';

/** How the machinery stands: what waits, who works, what failed for good, which rules are in trouble. */
export function Operations() {
  const operations = useQuery(operationsQuery);
  return (
    <AdminPage title="Operations" lead="How the machinery stands. The figures are renewed every five seconds.">
      <Loaded query={operations} height={420}>
        {({ installation, dead_letters, failing_rules, slow_rules }) => (
          <>
            {installation && <Figures installation={installation} />}
            {installation && (
              <Part title="Queues">
                <Queues queues={installation.queues} />
              </Part>
            )}
            {installation && (
              <Part title="Nodes">
                <Workers workers={installation.workers} />
              </Part>
            )}
            <Part
              title="Dead letters"
              lead="Jobs that were given up after several tries. Mend the reason, then try them again."
            >
              <DeadLetters
                groups={installation ? installation.dead_letters : dead_letters}
                installation={!!installation}
              />
            </Part>
            <Trouble title="Rules that fail most" rules={failing_rules} figure={(count) => `${count} failed`} />
            <Trouble title="Slowest rules" rules={slow_rules} figure={(ms) => length(ms)} />
          </>
        )}
      </Loaded>
    </AdminPage>
  );
}

function Figures({ installation: { dispatcher, outbox, queues } }: { installation: Installation }) {
  const sum = (of: (queue: (typeof queues)[number]) => number) => queues.reduce((all, queue) => all + of(queue), 0);
  return (
    <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
      <Figure label="Jobs waiting" value={sum(({ ready }) => ready)} />
      <Figure label="Jobs running" value={sum(({ running }) => running)} />
      <Figure label="Events not looked at" value={dispatcher.undispatched} />
      <Figure label="Messages to go out" value={outbox.reduce((all, { due }) => all + due, 0)} />
    </SimpleGrid>
  );
}

function Part({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <div>
        <Title order={2} size="h5">
          {title}
        </Title>
        {lead && (
          <Text size="sm" c="dimmed">
            {lead}
          </Text>
        )}
      </div>
      {children}
    </Stack>
  );
}

function Trouble(props: { title: string; rules?: RuleTrouble[] | null; figure: (figure: number) => string }) {
  if (!props.rules?.length) return null;
  return (
    <Part title={props.title}>
      <Rows label={props.title}>
        {props.rules.map(({ rule, name, figure }) => (
          <Row
            key={rule}
            title={
              <Anchor component={Link} to={`/rules/${rule}/health` as '/'} size="sm" fw={600}>
                {name}
              </Anchor>
            }
            beside={
              <Badge variant="default" tt="none" fw={500}>
                {props.figure(figure)}
              </Badge>
            }
          />
        ))}
      </Rows>
    </Part>
  );
}

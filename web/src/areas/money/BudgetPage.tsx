/** What a project may cost, what it has cost, and what for. */
import { Alert, Badge, Button, Card, Group, Progress, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAlertTriangle, IconCoins, IconPencil, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Fragment } from 'react';
import type { Budget, Project } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { budgetQuery } from '~/areas/planning/queries';
import { projectQuery } from '~/areas/projects/queries';
import { duration } from '~/areas/tasks/fields/duration';
import { Empty } from '~/parts/Empty';
import { Loaded } from '~/parts/Loaded';
import { useManner } from '~/parts/time';
import { useMoney } from '~/parts/useMoney';
import { When } from '~/parts/When';
import { Costs } from './Costs';
import { PlanForm } from './PlanForm';
import { ratesQuery } from './queries';
import { RateForm } from './RateForm';
import { RateRows } from './RateRows';

export function BudgetPage() {
  const { key } = useParams({ strict: false }) as { key: string };
  const { data: project } = useQuery(projectQuery(key));
  const budget = useQuery(budgetQuery(key));
  const may = useMay('budget.edit', key);
  const mayEdit = may && project?.status !== 'archived';
  const [planning, plan] = useDisclosure();
  return (
    <Loaded query={budget} height={260}>
      {(known) => (
        <>
          {known ? (
            <Stack gap="lg">
              <Sums budget={known} edit={mayEdit ? plan.open : undefined} />
              <Costs project={key} currency={known.currency} mayEdit={mayEdit} />
              {project && <ProjectRates project={project} currency={known.currency} mayEdit={mayEdit} />}
            </Stack>
          ) : (
            <Empty
              icon={IconCoins}
              title="Nobody has planned a budget"
              actions={mayEdit && <Button onClick={plan.open}>Plan the budget</Button>}
            >
              Say what the project may cost. What is spent is reckoned from the time that people log and from costs that
              are entered, and you are told when it gets close.
            </Empty>
          )}
          <PlanForm project={key} budget={known ?? undefined} opened={planning} close={plan.close} />
        </>
      )}
    </Loaded>
  );
}

function Sums({ budget, edit }: { budget: Budget; edit?: () => void }) {
  const money = useMoney();
  const { locale } = useManner();
  const sum = (amount: string) => money(amount, budget.currency);
  const used = Number(budget.used_percent ?? 0);
  const planned = Number(budget.planned);
  const part = (amount: string) => (planned > 0 ? Math.min(100, (Number(amount) / planned) * 100) : 0);
  const over = Number(budget.remaining) < 0;
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const reached = budget.reached.filter(({ since }) => since);
  return (
    <Card withBorder padding="md" bg="var(--app-card)" component="section" aria-label="Budget">
      <Group justify="space-between" mb="sm">
        <Group gap="sm">
          <Title order={2} size="h4">
            {percent.format(used / 100)} of {sum(budget.planned)} used
          </Title>
          {over && (
            <Badge color="red" variant="light" c="var(--mantine-color-text)" tt="none">
              Over the budget
            </Badge>
          )}
        </Group>
        {edit && (
          <Button size="xs" variant="default" leftSection={<IconPencil size={14} aria-hidden />} onClick={edit}>
            Change the budget
          </Button>
        )}
      </Group>
      <Progress.Root size="lg" mb="md">
        <Progress.Section
          value={part(budget.actual)}
          color={over ? 'red.7' : 'track.7'}
          aria-label={`Spent: ${sum(budget.actual)} of ${sum(budget.planned)}`}
        />
        <Progress.Section
          value={Math.min(100 - part(budget.actual), part(budget.committed))}
          color={over ? 'red.4' : 'track.3'}
          aria-label={`Promised: ${sum(budget.committed)} of ${sum(budget.planned)}`}
        />
      </Progress.Root>
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
        <Sum label="Time" value={sum(budget.actual_time)} note="logged hours at their rates" />
        <Sum label="Paid" value={sum(budget.actual_costs)} note="costs that are paid" />
        <Sum label="Promised" value={sum(budget.committed)} note="not paid yet" />
        <Sum
          label={over ? 'Too much' : 'Left'}
          value={sum(budget.remaining.replace(/^-/, ''))}
          note={over ? 'more than is planned' : 'of what is planned'}
          bad={over}
        />
      </SimpleGrid>
      {(reached.length > 0 || budget.unpriced_minutes > 0) && (
        <Stack gap="xs" mt="md">
          {reached.length > 0 && (
            <Text size="sm" c="dimmed">
              Reached:{' '}
              {reached.map(({ percent: at, since }, index) => (
                <Fragment key={at}>
                  {index > 0 && ' · '}
                  {at} % <When at={since} />
                </Fragment>
              ))}
            </Text>
          )}
          {budget.unpriced_minutes > 0 && (
            <Alert
              color="yellow"
              icon={<IconAlertTriangle aria-hidden />}
              title={`${duration(budget.unpriced_minutes)} cost nothing yet`}
              styles={{ title: { color: 'var(--mantine-color-text)' } }}
            >
              <Text size="sm">
                No rate in {budget.currency} holds for that time. Add one below, and it is reckoned into the budget.
              </Text>
            </Alert>
          )}
        </Stack>
      )}
    </Card>
  );
}

function Sum({ label, value, note, bad }: { label: string; value: string; note: string; bad?: boolean }) {
  return (
    <div data-sum={label} style={{ minWidth: 0 }}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text
        fz={20}
        fw={650}
        lh={1.3}
        c={bad ? 'var(--mantine-color-error)' : undefined}
        style={{ overflowWrap: 'anywhere' }}
      >
        {value}
      </Text>
      <Text size="xs" c="dimmed">
        {note}
      </Text>
    </div>
  );
}

/** The rates of this project alone. Those of everywhere are looked after in the administration. */
function ProjectRates({ project, currency, mayEdit }: { project: Project; currency: string; mayEdit: boolean }) {
  const rates = useQuery(ratesQuery(project.key));
  const everywhere = useMay('budget.edit');
  const [making, dialog] = useDisclosure();
  return (
    <section aria-label="What an hour costs here">
      <Group justify="space-between" mb="xs" mih={36}>
        <Title order={2} size="h4">
          What an hour costs here
        </Title>
        {mayEdit && (
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
            New rate
          </Button>
        )}
      </Group>
      <Loaded query={rates} height={80}>
        {(items) =>
          items.length === 0 ? (
            <Text size="sm" c="dimmed">
              This project has no rates of its own: those that count everywhere hold here
              {everywhere && ' (Administration, Rates)'}.
            </Text>
          ) : (
            <RateRows rates={items} mayEdit={mayEdit} />
          )
        }
      </Loaded>
      <RateForm project={project.id} currency={currency} opened={making} close={dialog.close} />
    </section>
  );
}

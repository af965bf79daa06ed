/** What a project pays besides the time of people. */
import { Badge, Button, Group, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPencil, IconPlus, IconReceipt, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Cost } from '~/api/schema';
import { dayWords } from '~/areas/time/week';
import { Empty } from '~/parts/Empty';
import { Loaded } from '~/parts/Loaded';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { useManner } from '~/parts/time';
import { useMoney } from '~/parts/useMoney';
import { CostForm } from './CostForm';
import { costsQuery, deleteCost } from './queries';

interface Props {
  project: string;
  currency: string;
  mayEdit: boolean;
}

export function Costs({ project, currency, mayEdit }: Props) {
  const costs = useQuery(costsQuery(project));
  const [adding, add] = useDisclosure();
  const categories = [...new Set((costs.data ?? []).flatMap(({ category }) => category || []))].sort();
  const newest = [...(costs.data ?? [])].sort((a, b) => b.date.localeCompare(a.date));
  const button = mayEdit && (
    <Button size="sm" leftSection={<IconPlus size={16} aria-hidden />} onClick={add.open}>
      Add a cost
    </Button>
  );
  return (
    <section aria-label="Costs">
      <Group justify="space-between" mb="xs" mih={36}>
        <Title order={2} size="h4">
          Costs
        </Title>
        {!!costs.data?.length && button}
      </Group>
      <Loaded query={costs}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={IconReceipt} title="No costs yet" actions={button}>
              Time is reckoned by itself. Enter here what is paid besides: licences, travel, an invoice. What is only
              promised can stand here too, so that it is not spent twice.
            </Empty>
          ) : (
            <Rows label="Costs">
              {newest.map((cost) => (
                <Line key={cost.id} cost={cost} mayEdit={mayEdit} project={project} categories={categories} />
              ))}
            </Rows>
          )
        }
      </Loaded>
      <CostForm project={project} currency={currency} categories={categories} opened={adding} close={add.close} />
    </section>
  );
}

function Line(props: { cost: Cost; mayEdit: boolean; project: string; categories: string[] }) {
  const { cost, mayEdit, project, categories } = props;
  const client = useQueryClient();
  const { locale } = useManner();
  const money = useMoney();
  const [editing, edit] = useDisclosure();
  const name = cost.category || 'Cost';
  const much = money(cost.amount, cost.currency);
  return (
    <Row
      title={name}
      about={
        <>
          {dayWords(locale, { day: 'numeric', month: 'short', year: 'numeric' }).one(cost.date)}
          {cost.note && ` · ${cost.note}`}
        </>
      }
      beside={
        <>
          {cost.state === 'committed' && (
            <Badge variant="light" color="yellow" c="var(--mantine-color-text)" tt="none" fw={500}>
              Promised
            </Badge>
          )}
          <Text size="sm" fw={650} style={{ fontVariantNumeric: 'tabular-nums' }}>
            {much}
          </Text>
        </>
      }
      actions={
        <>
          <RowMenu
            label={`More for ${name}, ${much}`}
            acts={[
              mayEdit && { label: 'Change', icon: IconPencil, run: edit.open },
              mayEdit && {
                label: 'Delete',
                icon: IconTrash,
                run: async () => {
                  await deleteCost(cost);
                  await client.invalidateQueries({ queryKey: ['budgets'] });
                },
                ask: {
                  title: `Delete ${name}?`,
                  text: `${much} are taken out of what the project costs.`,
                  action: 'Delete the cost',
                },
              },
            ]}
          />
          <CostForm
            project={project}
            currency={cost.currency}
            cost={cost}
            categories={categories}
            opened={editing}
            close={edit.close}
          />
        </>
      }
    />
  );
}

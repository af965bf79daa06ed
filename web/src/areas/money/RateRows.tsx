/** What hours cost, rate by rate. */
import { Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Rate } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { dayWords } from '~/areas/time/week';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { useManner } from '~/parts/time';
import { useMoney } from '~/parts/useMoney';
import { deleteRate } from './queries';
import { RateForm } from './RateForm';

export function RateRows({ rates, mayEdit }: { rates: Rate[]; mayEdit: boolean }) {
  return (
    <Rows label="Rates">
      {rates.map((rate) => (
        <Line key={rate.id} rate={rate} mayEdit={mayEdit} />
      ))}
    </Rows>
  );
}

function Line({ rate, mayEdit }: { rate: Rate; mayEdit: boolean }) {
  const client = useQueryClient();
  const people = usePeople();
  const { locale } = useManner();
  const money = useMoney();
  const { data: projects = [] } = useQuery(projectsQuery);
  const [editing, edit] = useDisclosure();
  const days = dayWords(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  const who = rate.user ? (people.get(rate.user)?.name ?? 'Somebody') : 'Everybody';
  const project = projects.find(({ id }) => id === rate.project)?.name;
  const where = rate.project ? `in ${project ?? 'a project that you cannot see'}` : 'in every project';
  const much = money(rate.amount, rate.currency);
  return (
    <Row
      title={
        <>
          {who}{' '}
          <Text span size="sm" c="dimmed">
            {where}
          </Text>
        </>
      }
      about={rate.valid_to ? days.range(rate.valid_from, rate.valid_to) : `since ${days.one(rate.valid_from)}`}
      beside={
        <Text size="sm" fw={650}>
          {much} an hour
        </Text>
      }
      actions={
        <>
          <RowMenu
            label={`More for the rate of ${who}, ${much}`}
            acts={[
              mayEdit && { label: 'Change', icon: IconPencil, run: edit.open },
              mayEdit && {
                label: 'Delete',
                icon: IconTrash,
                run: async () => {
                  await deleteRate(rate);
                  await client.invalidateQueries({ queryKey: ['budgets'] });
                },
                ask: {
                  title: 'Delete the rate?',
                  text: 'The time that it priced gets another rate, if one holds, or none. The figures of budgets change with it.',
                  action: 'Delete the rate',
                },
              },
            ]}
          />
          <RateForm rate={rate} opened={editing} close={edit.close} />
        </>
      }
    />
  );
}

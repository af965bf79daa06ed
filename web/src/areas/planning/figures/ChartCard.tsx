/** A chart with its title, and the same figures as a table: for screen readers always, for others when they ask. */
import { ActionIcon, Card, Group, ScrollArea, Table, Text, Title, Tooltip } from '@mantine/core';
import { IconChartBar, IconTable } from '@tabler/icons-react';
import { type ReactNode, useId, useState } from 'react';

export interface Column {
  label: string;
  values: (string | number)[];
}

interface Props {
  title: string;
  /** What the chart says, in one sentence. */
  lead: string;
  /** The first is what the rows are called. */
  columns: Column[];
  children: ReactNode;
  aside?: ReactNode;
}

export function ChartCard({ title, lead, columns, children, aside }: Props) {
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  const Icon = asTable ? IconChartBar : IconTable;
  const [names, ...series] = columns;
  const table = (
    <Table aria-labelledby={id} fz="sm" stickyHeader>
      <Table.Thead>
        <Table.Tr>
          {columns.map(({ label }) => (
            <Table.Th key={label}>{label}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {names?.values.map((name, row) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" fw={400}>
              {name}
            </Table.Th>
            {series.map(({ label, values }) => (
              <Table.Td key={label}>{values[row]}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
  return (
    <Card withBorder radius="md" padding="md" bg="var(--app-card)">
      <Group justify="space-between" wrap="nowrap" align="flex-start" mb="xs">
        <div>
          <Title order={2} size="h5" id={id}>
            {title}
          </Title>
          <Text size="sm" c="dimmed">
            {lead}
          </Text>
        </div>
        <Group gap={4} wrap="nowrap">
          {aside}
          <Tooltip label={asTable ? 'Show as a chart' : 'Show as a table'}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={28}
              onClick={() => setAsTable(!asTable)}
              aria-pressed={asTable}
              aria-label={`${title} as a table`}
            >
              <Icon size={18} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      {asTable ? (
        <ScrollArea.Autosize mah={280} type="auto">
          {table}
        </ScrollArea.Autosize>
      ) : (
        <>
          <div aria-hidden>{children}</div>
          <div className="sr-only">{table}</div>
        </>
      )}
    </Card>
  );
}

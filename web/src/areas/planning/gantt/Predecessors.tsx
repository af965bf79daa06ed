/** What a task waits for, as a list. */
import { ActionIcon, Button, Group, NumberInput, Select, Stack, Text, Title } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { Dependency, TimelineItem } from '~/api/schema';
import { type DependencyType, TYPES } from './model';
import { RefusalText } from './Refusal';
import type { Dependencies } from './useDependencies';
import { span, type WorkTime } from './worktime';

interface Props {
  item: TimelineItem;
  items: TimelineItem[];
  links: Dependency[];
  work: WorkTime;
  dependencies: Dependencies;
  mayEdit: boolean;
}

const typeLabel = (type: DependencyType) => TYPES.find(({ value }) => value === type)?.label;

export function Predecessors({ item, items, links, work, dependencies, mayEdit }: Props) {
  const mine = links.filter(({ task }) => task === item.id);
  const byId = new Map(items.map((one) => [one.id, one]));
  const { add, remove } = dependencies;
  return (
    <Stack gap="xs">
      <Title order={3} size="h5">
        Waits for
      </Title>
      {mine.length === 0 && (
        <Text size="sm" c="dimmed">
          Nothing. It can start as soon as its dates let it.
        </Text>
      )}
      {mine.map((link) => {
        const before = byId.get(link.predecessor);
        return (
          <Group key={`${link.predecessor} ${link.type}`} justify="space-between" wrap="nowrap">
            <Text size="sm" lineClamp={2}>
              {before?.key} {before?.title}{' '}
              <Text span c="dimmed">
                · {typeLabel(link.type)}
                {link.lag !== 0 && `, ${link.lag > 0 ? '+' : ''}${span(link.lag, work.perDay)}`}
              </Text>
            </Text>
            {mayEdit && (
              <ActionIcon
                variant="subtle"
                color="gray"
                onClick={() => remove.mutate(link)}
                aria-label={`Do not wait for ${before?.title}`}
              >
                <IconTrash size={16} />
              </ActionIcon>
            )}
          </Group>
        );
      })}
      <RefusalText error={remove.error ?? add.error} items={items} />
      {mayEdit && <Add item={item} items={items} perDay={work.perDay} add={add} />}
    </Stack>
  );
}

function Add({
  item,
  items,
  perDay,
  add,
}: {
  item: TimelineItem;
  items: TimelineItem[];
  perDay: number;
  add: Dependencies['add'];
}) {
  const [predecessor, setPredecessor] = useState<string | null>(null);
  const [type, setType] = useState<DependencyType>('FS');
  const [lag, setLag] = useState<number | string>(0);
  return (
    <Group align="flex-end" gap="xs">
      <Select
        label="Task"
        placeholder="Search"
        style={{ flex: '2 1 180px' }}
        searchable
        limit={50}
        nothingFoundMessage="No such task"
        data={items
          .filter(({ id }) => id !== item.id)
          .map(({ id, key, title }) => ({ value: id, label: `${key} ${title}` }))}
        value={predecessor}
        onChange={setPredecessor}
      />
      <Select
        label="Kind"
        style={{ flex: '1 1 140px' }}
        data={TYPES}
        value={type}
        onChange={(value) => value && setType(value as DependencyType)}
        allowDeselect={false}
      />
      <NumberInput label="Days between" w={100} value={lag} onChange={setLag} decimalScale={2} />
      <Button
        variant="default"
        disabled={!predecessor}
        loading={add.isPending}
        onClick={() =>
          predecessor &&
          add.mutate(
            { task: item.id, predecessor, type, lag: Math.round(Number(lag || 0) * perDay) },
            { onSuccess: () => setPredecessor(null) },
          )
        }
      >
        Add
      </Button>
    </Group>
  );
}

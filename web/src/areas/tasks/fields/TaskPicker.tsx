import { Group, Select, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import type { Task } from '~/api/schema';

/** A task to be found by its key or words of its title. */
export function TaskPicker({
  project,
  value,
  except = [],
  onPick,
  clearable,
  ...props
}: {
  /** Only tasks of this project. */
  project?: string;
  /** The task that is chosen now. */
  value?: Pick<Task, 'id' | 'key' | 'title'>;
  /** Ids of tasks that cannot be chosen. */
  except?: string[];
  onPick: (task: Task | null) => void;
  clearable?: boolean;
  id?: string;
  'aria-label'?: string;
  label?: string;
  placeholder?: string;
  autoFocus?: boolean;
  classNames?: { input: string };
}) {
  const [typed, setTyped] = useState('');
  const [words] = useDebouncedValue(typed, 200);
  const chosen = value ? `${value.key} ${value.title}` : '';
  const q = words.trim() === chosen ? '' : words.trim();
  const query = { q: q || undefined, project, limit: 20, sort: q ? undefined : '-updated_at' };
  const { data: found = [], isFetching } = useQuery({
    queryKey: ['tasks', 'picker', query],
    queryFn: () => ask(api.GET('/api/v1/tasks', { params: { query: query as never } })).then(({ items }) => items),
    placeholderData: keepPreviousData,
  });
  const choices = found.filter(({ id }) => !except.includes(id));
  const data = choices.map(({ id, key, title }) => ({ value: id, label: `${key} ${title}` }));
  if (value && !data.some((one) => one.value === value.id)) data.push({ value: value.id, label: chosen });
  return (
    <Select
      size="sm"
      searchable
      clearable={clearable}
      data={data}
      filter={({ options }) => options}
      value={value?.id ?? null}
      onSearchChange={setTyped}
      nothingFoundMessage={isFetching ? 'Looking…' : 'No task is called that.'}
      onChange={(id) => onPick(choices.find((one) => one.id === id) ?? null)}
      renderOption={({ option }) => {
        const [key, ...rest] = option.label.split(' ');
        return (
          <Group gap="xs" wrap="nowrap" style={{ minWidth: 0 }}>
            <Text size="xs" c="dimmed" style={{ flexShrink: 0 }}>
              {key}
            </Text>
            <Text size="sm" truncate>
              {rest.join(' ')}
            </Text>
          </Group>
        );
      }}
      {...props}
    />
  );
}

import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { foundTasksQuery } from './queries';

/** Finds a task by its key or the words of its title. */
export function PickTask({ value, onPick }: { value?: string; onPick: (key: string | undefined) => void }) {
  const [text, setText] = useState(value ?? '');
  const [settled] = useDebouncedValue(text, 250);
  const words = settled.replace(/^([A-Z][A-Z0-9]*-\d+) .*$/, '$1');
  const found = useQuery({ ...foundTasksQuery(words), placeholderData: keepPreviousData });
  const data = found.data ?? [];
  const known = !value || data.some((one) => one.value === value);
  return (
    <Select
      label="Task"
      placeholder="WEB-142, or words of its title"
      searchable
      clearable
      leftSection={<IconSearch size={16} aria-hidden />}
      data={known ? data : [{ value, label: value }, ...data]}
      filter={({ options }) => options}
      searchValue={text}
      onSearchChange={setText}
      value={value ?? null}
      onChange={(key) => onPick(key ?? undefined)}
      nothingFoundMessage={found.isFetching ? 'Looking…' : 'No task has these words'}
      maw={460}
    />
  );
}

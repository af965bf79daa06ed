import { Button, Group, MultiSelect, Popover, Stack, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconFilter, IconSearch, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useActivePeople } from '~/areas/people/queries';
import { labelsQuery } from '~/areas/projects/queries';
import { PRIORITIES } from '~/areas/tasks/look';
import { usePhone } from '~/parts/usePhone';
import { FILTERS, isNarrowed, type ListSearch } from './address';
import type { Shelf } from './columns';

interface Props {
  shelf: Shelf;
  search: ListSearch;
  change: (part: Partial<ListSearch>) => void;
}

/** Which tasks a list shows. On a phone, all but the words are behind a button. */
export function Filters({ shelf, search, change }: Props) {
  const phone = usePhone();
  const [words, setWords] = useState(search.q ?? '');
  const settle = useDebouncedCallback((q: string) => change({ q: q || undefined, view: undefined }), 250);
  useEffect(() => setWords(search.q ?? ''), [search.q]);
  const set = FILTERS.filter((name) => name !== 'q' && search[name]).length;
  return (
    <Group gap="xs" wrap={phone ? 'nowrap' : 'wrap'} flex={1}>
      <TextInput
        type="search"
        aria-label="Find tasks"
        placeholder="Find tasks"
        leftSection={<IconSearch size={16} aria-hidden />}
        w={phone ? undefined : 190}
        flex={phone ? 1 : undefined}
        value={words}
        onChange={({ currentTarget: { value } }) => {
          setWords(value);
          settle(value);
        }}
      />
      <Popover position="bottom-start" width={300} trapFocus withinPortal>
        <Popover.Target>
          <Button variant="default" leftSection={<IconFilter size={16} aria-hidden />}>
            {set > 0 ? `Filters (${set})` : 'Filters'}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Choices shelf={shelf} search={search} change={change} />
        </Popover.Dropdown>
      </Popover>
      {isNarrowed(search) && !phone && (
        <Button
          variant="subtle"
          leftSection={<IconX size={14} aria-hidden />}
          onClick={() => change({ ...Object.fromEntries(FILTERS.map((name) => [name, undefined])), view: undefined })}
        >
          Clear
        </Button>
      )}
    </Group>
  );
}

function Choices({ shelf, search, change }: Props) {
  const people = useActivePeople();
  const { data: labels = [] } = useQuery(labelsQuery(shelf.project));
  const many = (name: (typeof FILTERS)[number], label: string, data: { value: string; label: string }[]) =>
    data.length > 0 && (
      <MultiSelect
        label={label}
        size="sm"
        searchable
        clearable
        hidePickedOptions
        comboboxProps={{ withinPortal: false }}
        data={data}
        value={search[name]?.split(',') ?? []}
        onChange={(values) => change({ [name]: values.join(',') || undefined, view: undefined })}
      />
    );
  const named = (list: { id: string; name: string }[]) => [
    { value: 'none', label: 'None' },
    ...list.map(({ id, name }) => ({ value: id, label: name })),
  ];
  const keyed = (list: { key: string; name: string }[]) => list.map(({ key, name }) => ({ value: key, label: name }));
  return (
    <Stack gap="xs">
      {many('status', 'Status', keyed(shelf.statuses))}
      {many('assignee', 'Assignee', [
        { value: 'me', label: 'Me' },
        { value: 'none', label: 'Nobody' },
        ...people.map(({ id, name }) => ({ value: id, label: name })),
      ])}
      {many('priority', 'Priority', PRIORITIES)}
      {many('type', 'Type', keyed(shelf.types))}
      {many(
        'label',
        'Label',
        labels.map(({ label }) => ({ value: label, label })),
      )}
      {shelf.milestones.length > 0 && many('milestone', 'Milestone', named(shelf.milestones))}
      {shelf.sprints.length > 0 && many('sprint', 'Sprint', named(shelf.sprints))}
    </Stack>
  );
}

import { Button, Group, MultiSelect, Popover, Select, Stack, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconFilter, IconSearch, IconX } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { Member } from '~/api/schema';
import { usePhone } from '~/parts/usePhone';
import type { Card } from './cache';
import { type BoardSearch, type BoardSort, isNarrowed, listed, PRIORITIES, SORTS } from './filter';

interface Props {
  search: BoardSearch;
  change: (part: Partial<BoardSearch>) => void;
  cards: Card[];
  people: Map<string, Member>;
  types: Map<string, string>;
}

/** Narrows and orders the board. On a phone, all but the words are behind a button. */
export function Filters(props: Props) {
  const { search, change } = props;
  const phone = usePhone();
  const [words, setWords] = useState(search.q ?? '');
  const settle = useDebouncedCallback((q: string) => change({ q: q || undefined }), 150);
  const set = [search.assignee, search.label, search.priority, search.type].filter(Boolean).length;
  const clear = () => {
    setWords('');
    change({ q: undefined, assignee: undefined, label: undefined, priority: undefined, type: undefined });
  };
  return (
    <Group gap="xs" mb="sm" wrap={phone ? 'nowrap' : 'wrap'}>
      <TextInput
        aria-label="Find cards"
        placeholder="Find cards"
        type="search"
        size="sm"
        w={{ base: undefined, sm: 200 }}
        style={phone ? { flex: 1 } : undefined}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={words}
        onChange={({ currentTarget: { value } }) => {
          setWords(value);
          settle(value);
        }}
      />
      {phone ? (
        <Popover position="bottom-end" width={300} trapFocus withinPortal>
          <Popover.Target>
            <Button variant="default" px="sm" aria-label={set ? `Filters: ${set} set` : 'Filters'}>
              <IconFilter size={18} aria-hidden />
              {set > 0 && set}
            </Button>
          </Popover.Target>
          <Popover.Dropdown>
            <Stack gap="xs">
              <Choices {...props} inside />
            </Stack>
          </Popover.Dropdown>
        </Popover>
      ) : (
        <Choices {...props} />
      )}
      {isNarrowed(search) && !phone && (
        <Button variant="subtle" size="compact-sm" leftSection={<IconX size={14} aria-hidden />} onClick={clear}>
          Clear
        </Button>
      )}
    </Group>
  );
}

function Choices({ search, change, cards, people, types, inside }: Props & { inside?: boolean }) {
  const { labels, assignees } = useMemo(() => {
    const [labels, assignees] = [new Set<string>(), new Set<string>()];
    for (const card of cards) {
      for (const label of card.labels) labels.add(label);
      for (const id of card.assignees) assignees.add(id);
    }
    return { labels: [...labels].sort(), assignees: [...assignees] };
  }, [cards]);
  const many = (
    name: 'assignee' | 'label' | 'priority' | 'type',
    title: string,
    data: { value: string; label: string }[],
  ) => (
    <MultiSelect
      aria-label={title}
      placeholder={listed(search[name]).length > 0 ? undefined : title}
      size="sm"
      w={inside ? undefined : listed(search[name]).length > 0 ? 220 : 130}
      searchable={data.length > 6}
      clearable
      hidePickedOptions
      comboboxProps={{ withinPortal: !inside, width: inside ? undefined : 220, position: 'bottom-start' }}
      data={data}
      value={listed(search[name])}
      onChange={(values) => change({ [name]: values.join() || undefined })}
    />
  );
  const persons = assignees
    .map((value) => ({ value, label: people.get(value)?.name ?? 'Somebody' }))
    .sort((one, other) => one.label.localeCompare(other.label));
  return (
    <>
      {many('assignee', 'Assignee', [{ value: 'none', label: 'Nobody' }, ...persons])}
      {many(
        'label',
        'Label',
        labels.map((label) => ({ value: label, label })),
      )}
      {many(
        'priority',
        'Priority',
        Object.entries(PRIORITIES).map(([value, { label }]) => ({ value, label })),
      )}
      {many(
        'type',
        'Type',
        [...types].map(([value, label]) => ({ value, label })),
      )}
      <Select
        aria-label="Order of the cards"
        size="sm"
        w={inside ? undefined : 180}
        allowDeselect={false}
        comboboxProps={{ withinPortal: !inside }}
        data={Object.entries(SORTS).map(([value, label]) => ({ value, label }))}
        value={search.sort ?? 'priority'}
        onChange={(value) => change({ sort: value === 'priority' ? undefined : (value as BoardSort) })}
      />
    </>
  );
}

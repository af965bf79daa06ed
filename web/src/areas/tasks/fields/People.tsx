import { Avatar, Group, MultiSelect, Text } from '@mantine/core';
import { useActivePeople, usePeople } from '~/areas/people/queries';
import { Face } from '~/parts/Face';

/** Several people to be chosen. Who has left the workspace stays until taken off. */
export function PeoplePicker({
  value,
  onChange,
  ...props
}: {
  value: string[];
  onChange: (ids: string[]) => void;
  id?: string;
  label?: string;
  'aria-label'?: string;
  placeholder?: string;
  autoFocus?: boolean;
  classNames?: { input: string };
}) {
  const everybody = usePeople();
  const active = useActivePeople();
  const gone = value.filter((id) => !active.some((person) => person.id === id));
  const data = [
    ...active.map(({ id, name }) => ({ value: id, label: name })),
    ...gone.map((id) => ({ value: id, label: everybody.get(id)?.name ?? 'Somebody' })),
  ];
  return (
    <MultiSelect
      size="sm"
      searchable
      hidePickedOptions
      data={data}
      value={value}
      onChange={onChange}
      placeholder={value.length === 0 ? (props.placeholder ?? 'Nobody') : undefined}
      nothingFoundMessage="Nobody is called that."
      renderOption={({ option }) => (
        <Group gap="xs" wrap="nowrap">
          <Face name={option.label} size={22} />
          <Text size="sm">{option.label}</Text>
        </Group>
      )}
      {...props}
    />
  );
}

/** People by their names; nothing to be changed. */
export function PeopleNames({ ids }: { ids: string[] }) {
  const people = usePeople();
  if (ids.length === 0) return '—';
  return (
    <Group gap={6}>
      {ids.map((id) => (
        <Group key={id} gap={6} wrap="nowrap">
          <Face name={people.get(id)?.name ?? 'Somebody'} size={20} />
          <Text size="sm">{people.get(id)?.name ?? 'Somebody'}</Text>
        </Group>
      ))}
    </Group>
  );
}

/** The faces of some people, one over the edge of the other. */
export function Faces({ ids, size = 24, most = 3 }: { ids: string[]; size?: number; most?: number }) {
  const people = usePeople();
  if (ids.length === 0) return null;
  return (
    <Avatar.Group spacing="xs">
      {ids.slice(0, most).map((id) => (
        <Face key={id} name={people.get(id)?.name ?? 'Somebody'} size={size} />
      ))}
      {ids.length > most && (
        <Avatar size={size} aria-label={`and ${ids.length - most} more`}>
          +{ids.length - most}
        </Avatar>
      )}
    </Avatar.Group>
  );
}

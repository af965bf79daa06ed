/** Two versions of the same task, side by side, and a choice. Neither is lost before it is made. */
import { Alert, Button, Group, Table, Text } from '@mantine/core';
import { usePeople } from '~/areas/people/queries';
import { contested, type Entry, fieldName, fieldOf } from './change';
import { outbox } from './outbox';

export function Conflict({ entry }: { entry: Entry }) {
  const people = usePeople();
  const { change, theirs } = entry;
  if (change.kind !== 'patch' || !theirs) return null;
  const shown = (value: unknown): string => {
    if (Array.isArray(value)) return value.map(shown).join(', ') || '—';
    if (value === null || value === undefined || value === '') return '—';
    return people.get(String(value))?.name ?? (typeof value === 'object' ? JSON.stringify(value) : String(value));
  };
  return (
    <Alert color="yellow" title="Somebody else changed the same" mt="xs" c="var(--mantine-color-text)">
      <Table.ScrollContainer minWidth={320}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Field</Table.Th>
              <Table.Th scope="col">Yours</Table.Th>
              <Table.Th scope="col">Theirs</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {contested(change.task, theirs, change.patch).map((field) => (
              <Table.Tr key={field}>
                <Table.Th scope="row">{fieldName(field)}</Table.Th>
                <Table.Td>
                  <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
                    {shown(fieldOf(change.patch, field))}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
                    {shown(fieldOf(theirs, field))}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Group mt="sm">
        <Button size="xs" onClick={() => void outbox.keepMine(entry)}>
          Keep mine
        </Button>
        <Button size="xs" variant="default" onClick={() => void outbox.discard(entry)}>
          Keep theirs
        </Button>
      </Group>
    </Alert>
  );
}

import { Anchor, Box, Group, Paper, Stack, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { RuleHealthLine, RuleInfo } from '~/api/schema';
import { useNames } from '~/areas/builder/queries';
import { usePeople } from '~/areas/people/queries';
import { Face } from '~/parts/Face';
import { When } from '~/parts/When';
import { RuleMenu } from './RuleMenu';
import { StateSwitch } from './StateSwitch';
import { startWords } from './words';

interface Row {
  rule: RuleInfo;
  health?: RuleHealthLine;
}

/** Rules on a desk. */
export function RuleTable({ rules, health }: { rules: RuleInfo[]; health: Map<string, RuleHealthLine> }) {
  return (
    <Paper withBorder bg="var(--app-card)" style={{ overflow: 'hidden' }}>
      <Table.ScrollContainer minWidth={760}>
        <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Rule</Table.Th>
              <Table.Th w={120}>State</Table.Th>
              <Table.Th w={64}>Owner</Table.Th>
              <Table.Th w={110}>Last run</Table.Th>
              <Table.Th w={170}>Last 24 hours</Table.Th>
              <Table.Th w={56}>
                <span className="sr-only">More</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rules.map((rule) => (
              <TableRow key={rule.id} rule={rule} health={health.get(rule.id)} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

function TableRow({ rule, health }: Row) {
  const owner = usePeople().get(rule.owner);
  return (
    <Table.Tr>
      <Table.Td>
        <Name rule={rule} />
      </Table.Td>
      <Table.Td>
        <StateSwitch rule={rule} />
      </Table.Td>
      <Table.Td>{owner && <Face name={owner.name} size={26} />}</Table.Td>
      <Table.Td>
        <Text size="sm" component="div">
          <When at={health?.last_fired_at} none="Never" />
        </Text>
      </Table.Td>
      <Table.Td>
        <Figures rule={rule} health={health} />
      </Table.Td>
      <Table.Td>
        <RuleMenu rule={rule} />
      </Table.Td>
    </Table.Tr>
  );
}

/** A rule on a phone. */
export function RuleCard({ rule, health }: Row) {
  return (
    <Paper withBorder p="sm" bg="var(--app-card)" component="li">
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Box style={{ minWidth: 0 }}>
          <Name rule={rule} />
        </Box>
        <RuleMenu rule={rule} />
      </Group>
      <Group justify="space-between" mt="xs" gap="xs">
        <StateSwitch rule={rule} />
        <Group gap="sm">
          <Figures rule={rule} health={health} />
          {health?.last_fired_at && (
            <Text size="sm" c="dimmed" component="div">
              <When at={health.last_fired_at} />
            </Text>
          )}
        </Group>
      </Group>
    </Paper>
  );
}

function Name({ rule }: { rule: RuleInfo }) {
  const names = useNames();
  return (
    <Stack gap={2}>
      <Anchor component={Link} to={`/rules/${rule.id}` as '/'} fw={600} size="sm" c="var(--mantine-color-text)">
        {rule.name}
      </Anchor>
      <Text size="xs" c="dimmed">
        {startWords(rule.rule, names)}
      </Text>
      {rule.paused_because && (
        <Text size="xs" c="var(--mantine-color-error)" lineClamp={2}>
          Paused: {rule.paused_because}
        </Text>
      )}
    </Stack>
  );
}

/** How often it ran and failed in a day, with the way to the runs that did. */
function Figures({ rule, health }: Row) {
  if (!health) return null;
  if (health.unused) {
    return (
      <Text size="sm" c="dimmed" title="It has been on for more than 30 days and nothing has started it">
        Unused
      </Text>
    );
  }
  if (health.fired === 0) {
    return (
      <Text size="sm" c="dimmed">
        No runs
      </Text>
    );
  }
  return (
    <Group gap={8} wrap="nowrap" style={{ whiteSpace: 'nowrap' }}>
      <Anchor component={Link} to="/runs" search={{ rule: rule.id } as never} size="sm" c="var(--mantine-color-text)">
        {health.fired} {health.fired === 1 ? 'run' : 'runs'}
      </Anchor>
      {health.failed > 0 && (
        <Anchor
          component={Link}
          to="/runs"
          search={{ rule: rule.id, state: 'failed' } as never}
          size="sm"
          c="var(--mantine-color-error)"
          fw={600}
        >
          {health.failed} failed
        </Anchor>
      )}
    </Group>
  );
}

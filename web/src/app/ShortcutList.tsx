import { Group, Kbd, Modal, SimpleGrid, Stack, Switch, Text, Title } from '@mantine/core';
import { type Shortcut, turnShortcuts, useAllShortcuts, useShortcutsOn } from './shortcuts';

const PALETTE: Pick<Shortcut, 'keys' | 'label' | 'group'> = {
  keys: 'Ctrl K',
  label: 'Find and do anything (⌘ K on a Mac)',
  group: 'Everywhere',
};

/** Everything that keys do on this page, and the switch that turns them off. */
export default function ShortcutList({ close }: { close: () => void }) {
  const on = useShortcutsOn();
  const shortcuts = [PALETTE, ...useAllShortcuts()];
  const groups = [...new Set(shortcuts.map(({ group }) => group))];
  return (
    <Modal opened onClose={close} title="Keyboard shortcuts" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Switch
          checked={on}
          onChange={(event) => turnShortcuts(event.currentTarget.checked)}
          label="Shortcuts of single keys"
          description="Turn them off if you use speech input, or press keys by accident. Ctrl K always works."
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {groups.map((group) => (
            <Stack key={group} gap={4} component="section">
              <Title order={3} size="h6">
                {group}
              </Title>
              {shortcuts
                .filter((one) => one.group === group)
                .map(({ keys, label }) => (
                  <Group key={keys} justify="space-between" wrap="nowrap">
                    <Text size="sm">{label}</Text>
                    <Group gap={4} wrap="nowrap">
                      {keys.split(' ').map((key) => (
                        <Kbd key={key}>{key}</Kbd>
                      ))}
                    </Group>
                  </Group>
                ))}
            </Stack>
          ))}
        </SimpleGrid>
      </Stack>
    </Modal>
  );
}

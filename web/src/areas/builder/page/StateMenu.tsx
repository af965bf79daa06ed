/** How the rule stands, and switching it on, off, or only watching. */
import { Badge, Button, Menu, Text } from '@mantine/core';
import { IconChevronDown, IconEye, IconPlayerPause, IconPower } from '@tabler/icons-react';
import type { RuleInfo, RuleState } from '~/api/schema';
import { useBuilder } from '../model/builder';
import type { Saving } from './useSaving';

export const RULE_STATES: Record<RuleState, { name: string; color: string }> = {
  draft: { name: 'Draft', color: 'gray' },
  shadow: { name: 'Watching', color: 'violet' },
  enabled: { name: 'On', color: 'teal' },
  paused: { name: 'Paused', color: 'orange' },
};

export function StateMenu({ saved, saving }: { saved?: RuleInfo; saving: Saving }) {
  const { readOnly } = useBuilder();
  const { name, color } = RULE_STATES[saved?.state ?? 'draft'];
  const dot = <span style={{ width: 8, height: 8, borderRadius: 8, background: `var(--mantine-color-${color}-6)` }} />;
  if (readOnly || !saved)
    return (
      <Badge variant="default" size="lg" leftSection={dot} tt="none">
        {saved ? name : 'Not saved yet'}
      </Badge>
    );
  const turn = async (to: Exclude<RuleState, 'draft'>) => {
    // What could not be saved is not switched on either; the page says why.
    const ready = !saving.dirty || (await saving.save.mutateAsync({}).catch(() => undefined));
    if (ready) saving.turn.mutate(to);
  };
  const first = saving.dirty ? 'Saves your changes first. ' : '';
  return (
    <Menu position="bottom-end" width={290}>
      <Menu.Target>
        <Button
          variant="default"
          px="sm"
          leftSection={dot}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          loading={saving.turn.isPending}
          aria-label={`State: ${name}`}
        >
          {name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {saved.paused_because && <Menu.Label>{saved.paused_because}</Menu.Label>}
        <Menu.Item
          leftSection={<IconPower size={18} aria-hidden />}
          disabled={saved.state === 'enabled' && !saving.dirty}
          onClick={() => turn('enabled')}
        >
          Switch on
          <Text size="xs" c="dimmed">
            {first}It does what it says from now on.
          </Text>
        </Menu.Item>
        <Menu.Item
          leftSection={<IconEye size={18} aria-hidden />}
          disabled={saved.state === 'shadow' && !saving.dirty}
          onClick={() => turn('shadow')}
        >
          Only watch
          <Text size="xs" c="dimmed">
            {first}Records what it would do, and does nothing.
          </Text>
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPlayerPause size={18} aria-hidden />}
          disabled={saved.state === 'paused' || saved.state === 'draft'}
          onClick={() => turn('paused')}
        >
          Pause
          <Text size="xs" c="dimmed">
            Starts nothing new, and drops what has not begun.
          </Text>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

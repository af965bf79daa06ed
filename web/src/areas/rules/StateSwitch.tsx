import { Button, Menu, Text } from '@mantine/core';
import { IconChevronDown, IconEye, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import type { RuleState } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { useSwitchRule } from './queries';
import { Dot, RuleStateMark } from './RuleStateMark';
import { STATE_WORDS } from './words';

const CHOICES = [
  { state: 'enabled', verb: 'Switch on', icon: IconPlayerPlay },
  { state: 'shadow', verb: 'Only watch', icon: IconEye },
  { state: 'paused', verb: 'Pause', icon: IconPlayerPause },
] as const;

/** How a rule stands, and the way to another state for whoever may change it. */
export function StateSwitch({ rule }: { rule: { id: string; name: string; state: RuleState } }) {
  const may = useMay('rule.edit');
  const change = useSwitchRule();
  if (!may) return <RuleStateMark state={rule.state} />;
  const { label, color } = STATE_WORDS[rule.state];
  return (
    <Menu position="bottom-start" width={270} withinPortal>
      <Menu.Target>
        <Button
          size="compact-sm"
          variant="default"
          fw={500}
          leftSection={<Dot color={color} />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          aria-label={`${rule.name}: ${label}. Change`}
          style={{ flexShrink: 0 }}
        >
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {CHOICES.filter(({ state }) => state !== rule.state && !(rule.state === 'draft' && state === 'paused')).map(
          ({ state, verb, icon: Icon }) => (
            <Menu.Item
              key={state}
              leftSection={<Icon size={16} aria-hidden />}
              onClick={() => change.mutate({ rule, state })}
            >
              {verb}
              <Text size="xs" c="dimmed" component="span" display="block">
                {STATE_WORDS[state].says}
              </Text>
            </Menu.Item>
          ),
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

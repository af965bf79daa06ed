/** The head of the builder: the rule's name, how it stands, and what can be done with the whole. */
import { ActionIcon, Anchor, Button, Group, Menu, Text, TextInput, Title, Tooltip } from '@mantine/core';
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconChevronLeft,
  IconDotsVertical,
  IconHeartbeat,
  IconHelpCircle,
  IconHistory,
  IconHistoryToggle,
  IconPlayerPlay,
  IconRun,
  IconSettings,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { RuleInfo, Verdict } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { useBuilder } from '../model/builder';
import type { RuleHistory } from '../model/history';
import { Findings } from './Findings';
import { StateMenu } from './StateMenu';
import type { Saving } from './useSaving';
import type { Side } from './Workshop';

interface Props {
  saved?: RuleInfo;
  saving: Saving;
  history: RuleHistory;
  verdict?: Verdict;
  checking: boolean;
  side?: Side;
  onSide(side: Side | undefined): void;
}

export function Toolbar({ saved, saving, history, verdict, checking, side, onSide }: Props) {
  const { rule, set, readOnly } = useBuilder();
  const mayAsk = useMay('run.view');
  const toggle = (which: Side) => onSide(side === which ? undefined : which);
  return (
    <Group justify="space-between" gap="xs" align="center">
      <Group gap={6} wrap="nowrap" style={{ flex: '1 1 260px', minWidth: 0 }}>
        <Tooltip label="All rules">
          <Anchor component={Link} to={'/rules' as '/'} aria-label="All rules" c="dimmed" lh={0}>
            <IconChevronLeft size={22} aria-hidden className="flip" />
          </Anchor>
        </Tooltip>
        <Title order={1} size="h3" className="sr-only">
          {rule.name || 'New rule'}
        </Title>
        <TextInput
          aria-label="Name of the rule"
          placeholder="Give the rule a name"
          value={rule.name}
          onChange={(event) => set(['name'], event.currentTarget.value)}
          readOnly={readOnly}
          variant="unstyled"
          size="md"
          styles={{
            root: { flex: 1, minWidth: 0 },
            input: { fontWeight: 650, fontSize: 20, textOverflow: 'ellipsis' },
          }}
        />
      </Group>
      <Group gap={6}>
        {!readOnly && (
          <Group gap={2} wrap="nowrap">
            <Tooltip label="Undo (Ctrl+Z)">
              <ActionIcon
                variant="subtle"
                color="gray"
                size={34}
                aria-label="Undo"
                disabled={!history.canUndo}
                onClick={history.undo}
              >
                <IconArrowBackUp size={19} aria-hidden />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="Redo (Ctrl+Shift+Z)">
              <ActionIcon
                variant="subtle"
                color="gray"
                size={34}
                aria-label="Redo"
                disabled={!history.canRedo}
                onClick={history.redo}
              >
                <IconArrowForwardUp size={19} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </Group>
        )}
        <Findings verdict={verdict} checking={checking} />
        <Button
          variant={side === 'trial' ? 'light' : 'default'}
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          onClick={() => toggle('trial')}
          aria-pressed={side === 'trial'}
          px="sm"
        >
          Try it
        </Button>
        <StateMenu saved={saved} saving={saving} />
        {!readOnly && (
          <Button
            onClick={() => saving.save.mutate({})}
            loading={saving.save.isPending}
            disabled={!saving.dirty && saved !== undefined}
          >
            {saved && !saving.dirty ? 'Saved' : 'Save'}
          </Button>
        )}
        {/* Where there is room beside the rule, this stands there for as long as no card is chosen. */}
        <ActionIcon
          hiddenFrom="md"
          variant="default"
          size={36}
          aria-label="Settings of the rule"
          onClick={() => onSide('whole')}
        >
          <IconSettings size={18} aria-hidden />
        </ActionIcon>
        <Menu position="bottom-end" width={210}>
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label="More for this rule">
              <IconDotsVertical size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconHistoryToggle size={16} aria-hidden />} onClick={() => toggle('backtest')}>
              Test against the past
            </Menu.Item>
            {saved && (
              <>
                <Menu.Item leftSection={<IconHistory size={16} aria-hidden />} onClick={() => toggle('versions')}>
                  Versions
                </Menu.Item>
                <Menu.Item
                  component={Link}
                  to={'/runs' as '/'}
                  search={{ rule: saved.id } as never}
                  leftSection={<IconRun size={16} aria-hidden />}
                >
                  Runs
                </Menu.Item>
                <Menu.Item
                  component={Link}
                  to={`/rules/${saved.id}/health` as '/'}
                  leftSection={<IconHeartbeat size={16} aria-hidden />}
                >
                  How it does
                </Menu.Item>
                {mayAsk && (
                  <Menu.Item
                    component={Link}
                    to={`/rules/${saved.id}/why-not` as '/'}
                    leftSection={<IconHelpCircle size={16} aria-hidden />}
                  >
                    Why did it not run?
                  </Menu.Item>
                )}
                <Menu.Divider />
                <Menu.Label>
                  <Text size="xs">Version {saved.version}</Text>
                </Menu.Label>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      </Group>
    </Group>
  );
}

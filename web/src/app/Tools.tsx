/** What stands at the right of the header: whether the page is live, and one's own menu. */
import { ActionIcon, Badge, Button, Group, Kbd, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import {
  IconKeyboard,
  IconLogout,
  IconMoonStars,
  IconSearch,
  IconSun,
  IconUser,
  IconUserCog,
} from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link as PlaceLink } from '@tanstack/react-router';
import { api } from '~/api/client';
import { session } from '~/api/session';
import { useMe } from '~/areas/account/queries';
import { AddTaskButton } from '~/areas/board/AddTaskButton';
import { useLinkState } from '~/live/live';
import { OutboxButton } from '~/offline/OutboxButton';
import { forgetRead } from '~/offline/persist';
import { Face } from '~/parts/Face';
import { openOver } from './palette';

export function Tools() {
  return (
    <Group gap="xs" wrap="nowrap">
      <Link />
      <Find />
      <OutboxButton />
      <AddTaskButton />
      <OwnMenu />
    </Group>
  );
}

/** Says when what is shown may be old. */
function Link() {
  const state = useLinkState();
  return (
    <output aria-live="polite">
      {state === 'lost' && (
        <Tooltip label="You can go on working. What others do appears when the connection is back.">
          <Badge color="yellow" variant="light" c="var(--mantine-color-text)">
            Reconnecting…
          </Badge>
        </Tooltip>
      )}
    </output>
  );
}

/** Opens the command palette. */
function Find() {
  return (
    <>
      <Button
        visibleFrom="sm"
        variant="default"
        size="sm"
        c="dimmed"
        fw={400}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={<Kbd size="xs">Ctrl K</Kbd>}
        onClick={() => openOver('palette')}
      >
        Find or do
      </Button>
      <ActionIcon
        hiddenFrom="sm"
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Find or do"
        onClick={() => openOver('palette')}
      >
        <IconSearch size={20} />
      </ActionIcon>
    </>
  );
}

function OwnMenu() {
  const { data: me } = useMe();
  const client = useQueryClient();
  const { colorScheme, toggleColorScheme } = useMantineColorScheme();
  const signOut = async () => {
    const refresh_token = session.refreshToken;
    if (refresh_token) await api.POST('/api/v1/auth/logout', { body: { refresh_token } }).catch(() => undefined);
    session.end(true);
    client.clear();
    await forgetRead();
  };
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" radius="xl" aria-label="Your menu">
          {me ? <Face name={me.user.name} /> : <IconUser aria-hidden />}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me?.user.name} · {me?.workspace.name}
        </Menu.Label>
        <Menu.Item
          leftSection={colorScheme === 'dark' ? <IconSun size={16} /> : <IconMoonStars size={16} />}
          onClick={toggleColorScheme}
          closeMenuOnClick={false}
        >
          {colorScheme === 'dark' ? 'Light colours' : 'Dark colours'}
        </Menu.Item>
        <Menu.Item leftSection={<IconUserCog size={16} />} component={PlaceLink} to={'/account' as '/'}>
          Your account
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={() => openOver('shortcuts')}>
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={signOut}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

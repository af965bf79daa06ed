import { Box, Group, Text, UnstyledButton } from '@mantine/core';
import { IconMenu2 } from '@tabler/icons-react';
import { Link, useLocation } from '@tanstack/react-router';
import { UnreadBadge } from '~/areas/inbox/UnreadBadge';
import { PLACES } from './places';

const look = { flex: 1, textAlign: 'center', minHeight: 48, paddingTop: 6, textDecoration: 'none' } as const;

/** The bar at the bottom of a phone: the four places that are gone to most, and the menu. */
export function ThumbBar({ openMenu }: { openMenu: () => void }) {
  const { pathname } = useLocation();
  return (
    <Group component="nav" aria-label="Main places" gap={0} wrap="nowrap" h="100%">
      {PLACES.filter(({ thumb }) => thumb).map(({ to, label, icon: Icon }) => {
        const here = to === pathname;
        return (
          <UnstyledButton
            key={to}
            component={Link}
            to={to as '/'}
            style={look}
            c={here ? 'var(--mantine-color-anchor)' : 'dimmed'}
            aria-current={here ? 'page' : undefined}
          >
            <Box pos="relative" w={22} h={22} mx="auto">
              <Icon size={22} stroke={1.8} aria-hidden />
              {to === '/notifications' && (
                <Box pos="absolute" top={-6} style={{ insetInlineStart: 14 }}>
                  <UnreadBadge />
                </Box>
              )}
            </Box>
            <Text size="xs">{label}</Text>
          </UnstyledButton>
        );
      })}
      <UnstyledButton style={look} c="dimmed" onClick={openMenu}>
        <Box w={22} h={22} mx="auto">
          <IconMenu2 size={22} stroke={1.8} aria-hidden />
        </Box>
        <Text size="xs">More</Text>
      </UnstyledButton>
    </Group>
  );
}

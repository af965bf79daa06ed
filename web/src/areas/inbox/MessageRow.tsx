import { ActionIcon, Menu, Text, ThemeIcon, Tooltip } from '@mantine/core';
import { IconBellPlus, IconCheck, IconClockPause } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Notification } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { Row } from '~/parts/Rows';
import { useManner } from '~/parts/time';
import { When } from '~/parts/When';
import { useRead, useSnooze } from './queries';
import { snoozeChoices } from './snooze';
import { kindOf, leadsTo } from './words';

/** A message: what it says, and where it leads. */
export function MessageRow({ item }: { item: Notification }) {
  const { timeZone } = useManner();
  const people = usePeople();
  const read = useRead();
  const snooze = useSnooze();
  const { icon: Icon, label } = kindOf(item.kind);
  const place = leadsTo(item);
  const unread = !item.read_at;
  const actor = item.actor ? people.get(item.actor)?.name : undefined;
  const open = () => {
    if (unread) read.mutate([item.id]);
  };
  return (
    <Row
      before={
        <ThemeIcon variant={unread ? 'filled' : 'default'} radius="xl" size={32} aria-hidden>
          <Icon size={17} stroke={1.8} />
        </ThemeIcon>
      }
      title={
        place ? (
          <Text
            component={Link}
            to={place.to as '/'}
            search={((old: object) => (place.search ? { ...old, ...place.search } : {})) as never}
            onClick={open}
            size="sm"
            fw={unread ? 650 : 400}
            c="var(--mantine-color-text)"
          >
            {item.message}
          </Text>
        ) : (
          <Text span size="sm" fw={unread ? 650 : 400}>
            {item.message}
          </Text>
        )
      }
      about={
        <>
          {label}
          {actor && ` · ${actor}`}
          {item.times > 1 && ` · ${item.times} times`}
          {' · '}
          {item.snoozed_until ? (
            <>
              back <When at={item.snoozed_until} />
            </>
          ) : (
            <When at={item.last_at ?? item.created_at} />
          )}
        </>
      }
      actions={
        <>
          {unread && !item.snoozed_until && (
            <Tooltip label="Mark as read">
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label={`Mark as read: ${item.message}`}
                onClick={() => read.mutate([item.id])}
              >
                <IconCheck size={18} aria-hidden />
              </ActionIcon>
            </Tooltip>
          )}
          {item.snoozed_until ? (
            <Tooltip label="Show it now">
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label={`Show now: ${item.message}`}
                onClick={() => snooze.mutate({ id: item.id })}
              >
                <IconBellPlus size={18} aria-hidden />
              </ActionIcon>
            </Tooltip>
          ) : (
            <Menu position="bottom-end" width={190}>
              <Menu.Target>
                <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Put off: ${item.message}`}>
                  <IconClockPause size={18} aria-hidden />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Label>Put off until later</Menu.Label>
                {snoozeChoices(timeZone).map(({ label: when, until }) => (
                  <Menu.Item key={when} onClick={() => snooze.mutate({ id: item.id, until })}>
                    {when}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    />
  );
}

import { ActionIcon, Menu } from '@mantine/core';
import { IconDots, type TablerIcon } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Confirm } from './Confirm';

export interface Act {
  label: string;
  icon: TablerIcon;
  run: () => unknown;
  /** What is asked first, where it cannot be taken back. */
  ask?: { title: string; text: ReactNode; action: string };
}

/** What can be done with one thing of a list. What cannot be taken back is asked about first. */
export function RowMenu({ label, acts }: { label: string; acts: (Act | false | undefined)[] }) {
  const [asked, setAsked] = useState<Act>();
  const [asking, setAsking] = useState(false);
  const doing = useMutation({ mutationFn: async (act: Act) => act.run() });
  const offered = acts.filter((act): act is Act => !!act);
  if (offered.length === 0) return null;
  const choose = (act: Act) => {
    if (!act.ask) return doing.mutate(act);
    setAsked(act);
    setAsking(true);
  };
  return (
    <>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} loading={doing.isPending}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {offered.map((act) => (
            <Menu.Item
              key={act.label}
              leftSection={<act.icon size={16} aria-hidden />}
              c={act.ask ? 'var(--mantine-color-error)' : undefined}
              onClick={() => choose(act)}
            >
              {act.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {asked?.ask && (
        <Confirm
          opened={asking}
          close={() => setAsking(false)}
          title={asked.ask.title}
          action={asked.ask.action}
          run={async () => asked.run()}
        >
          {asked.ask.text}
        </Confirm>
      )}
    </>
  );
}

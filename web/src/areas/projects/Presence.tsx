import { Avatar, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { useLinkState, useSocket, useTopic } from '~/live/live';

/** How often one says that one is here, and after how long one is no longer thought to be. */
const [SAY, FORGET] = [20_000, 50_000];

interface Word {
  /** The tab, since one person may have several. */
  tab: string;
  state: 'here' | 'new' | 'gone';
}

const tab = crypto.randomUUID();

/** Who else looks at this project at the moment. */
export function Presence({ topic }: { topic: string }) {
  const socket = useSocket();
  const link = useLinkState();
  const { data: me } = useMe();
  const people = usePeople();
  const [seen, setSeen] = useState<Map<string, { user: string; at: number }>>(new Map());
  useTopic(topic, {
    onSignal: ({ kind, from, data }) => {
      const word = data as Partial<Word> | null;
      if (kind !== 'presence' || !word?.tab || word.tab === tab) return;
      const { tab: other, state } = word;
      setSeen((before) => {
        const now = new Map(before);
        if (state === 'gone') now.delete(other);
        else now.set(other, { user: from, at: Date.now() });
        return now;
      });
      // Whoever has just come knows of nobody.
      if (state === 'new') socket.signal(topic, 'presence', { tab, state: 'here' });
    },
  });
  useEffect(() => {
    if (link !== 'live') return;
    const say = (state: Word['state']) => socket.signal(topic, 'presence', { tab, state });
    say('new');
    const clock = setInterval(() => {
      say('here');
      setSeen((before) => new Map([...before].filter(([, { at }]) => Date.now() - at < FORGET)));
    }, SAY);
    const leave = () => say('gone');
    window.addEventListener('pagehide', leave);
    return () => {
      clearInterval(clock);
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, [socket, topic, link]);
  const others = [...new Set([...seen.values()].map(({ user }) => user))].filter((id) => id !== me?.user.id);
  const names = others.map((id) => people.get(id)?.name ?? 'Somebody');
  if (names.length === 0) return null;
  return (
    <Tooltip label={`Here now: ${names.join(', ')}`}>
      <Avatar.Group role="img" aria-label={`Here now: ${names.join(', ')}`} style={{ flexShrink: 0 }}>
        {names.slice(0, 4).map((name) => (
          <Avatar key={name} name={name} size={28} color="track" variant="filled" alt="" />
        ))}
        {names.length > 4 && (
          <Avatar size={28} variant="filled" color="track">
            +{names.length - 4}
          </Avatar>
        )}
      </Avatar.Group>
    </Tooltip>
  );
}

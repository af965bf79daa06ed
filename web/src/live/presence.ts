/** Who else is here, and who is writing: signals on a topic, which are not kept. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { useMe } from '~/areas/account/queries';
import { useLinkState, useSocket, useTopic } from './live';
import type { Signal } from './socket';

const BEAT = 20_000;
/** How long one counts as here after the last word. */
const HERE = 50_000;
const WRITING = 6_000;

/** When each person was last heard of, and forgets them in time. */
function useHeard(lasting: number) {
  const [heard, setHeard] = useState<ReadonlyMap<string, number>>(new Map());
  const note = (user: string, gone = false) =>
    setHeard((before) => {
      const after = new Map(before);
      if (gone) after.delete(user);
      else after.set(user, Date.now());
      return after;
    });
  useEffect(() => {
    if (heard.size === 0) return;
    const oldest = Math.min(...heard.values());
    const due = setTimeout(
      () => setHeard((all) => new Map([...all].filter(([, at]) => Date.now() - at < lasting))),
      Math.max(50, oldest + lasting - Date.now()),
    );
    return () => clearTimeout(due);
  }, [heard, lasting]);
  return [heard, note] as const;
}

/** The ids of the others who look at the same topic, and of those who are writing there. `writing()` says that one is. */
export function usePresence(topic: string | undefined) {
  const socket = useSocket();
  const state = useLinkState();
  const { data: me } = useMe();
  const own = me?.user.id;
  const [here, noteHere] = useHeard(HERE);
  const [writers, noteWriter] = useHeard(WRITING);
  const lastWord = useRef(0);

  const onSignal = ({ kind, from, data }: Signal) => {
    if (from === own || !topic) return;
    const { gone, hello } = (data ?? {}) as { gone?: boolean; hello?: boolean };
    if (kind === 'typing') noteWriter(from, gone);
    if (kind === 'presence') {
      noteHere(from, gone);
      if (hello) socket.signal(topic, 'presence', {});
    }
  };
  // Before the topic is left, since only who listens to it may say something there.
  useEffect(
    () => () => {
      if (topic) socket.signal(topic, 'presence', { gone: true });
    },
    [socket, topic],
  );
  useTopic(topic, { onSignal });

  useEffect(() => {
    if (!topic || state !== 'live') return;
    socket.signal(topic, 'presence', { hello: true });
    const beat = setInterval(() => socket.signal(topic, 'presence', {}), BEAT);
    return () => clearInterval(beat);
  }, [socket, topic, state]);

  return useMemo(
    () => ({
      here: [...here.keys()],
      writers: [...writers.keys()],
      writing(done = false) {
        if (!topic || (!done && Date.now() - lastWord.current < WRITING / 2)) return;
        lastWord.current = done ? 0 : Date.now();
        socket.signal(topic, 'typing', done ? { gone: true } : {});
      },
    }),
    [here, writers, socket, topic],
  );
}

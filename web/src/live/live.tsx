/** The page's socket for components, and what the app reads anew because of what it hears. */
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { session } from '~/api/session';
import { useMe } from '~/areas/account/queries';
import { freshen, renew } from './freshen';
import { type LinkState, type Listener, LiveSocket } from './socket';

const Context = createContext<LiveSocket | undefined>(undefined);

function address() {
  const url = new URL('/ws', window.location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  return url.href;
}

/** Keeps the socket open while somebody is signed in, and everything that is shown as it is now. */
export function Live({ children }: { children: ReactNode }) {
  const [socket] = useState(() => new LiveSocket(address(), () => session.token()));
  const client = useQueryClient();
  const { data: me } = useMe();
  const workspace = me?.workspace.id;
  // All else is read after this, so what changed before the line stood is told, too.
  const position = useRef(me?.position);
  position.current ??= me?.position;
  useEffect(() => {
    if (!workspace) return;
    socket.start();
    const leave = socket.subscribe(
      `workspace:${workspace}`,
      {
        onEvent: (event) => freshen(client, event),
        onBegin: (resumed) => resumed || renew(client),
      },
      position.current,
    );
    // How many are unread is told when it changes, and not afterwards.
    const count = () => renew(client, ['notifications']);
    const unread = socket.subscribe('notifications', { onBegin: count, onUnread: count });
    return () => {
      leave();
      unread();
      socket.stop();
    };
  }, [socket, client, workspace]);
  return <Context.Provider value={socket}>{children}</Context.Provider>;
}

export function useSocket(): LiveSocket {
  const socket = useContext(Context);
  if (!socket) throw new Error('There is no <Live> around this component.');
  return socket;
}

/** Listens to a topic while the component is there. */
export function useTopic(topic: string | undefined, listener: Listener) {
  const socket = useSocket();
  const newest = useRef(listener);
  newest.current = listener;
  useEffect(() => {
    if (!topic) return;
    return socket.subscribe(topic, {
      onEvent: (event) => newest.current.onEvent?.(event),
      onBegin: (resumed) => newest.current.onBegin?.(resumed),
      onSignal: (signal) => newest.current.onSignal?.(signal),
    });
  }, [socket, topic]);
}

export function useLinkState(): LinkState {
  const socket = useSocket();
  return useSyncExternalStore(
    (tell) => socket.onState(tell),
    () => socket.state,
  );
}

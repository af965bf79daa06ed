import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { useMe } from '~/areas/account/queries';
import { useLinkState } from '~/live/live';
import type { Entry } from './change';
import { outbox } from './outbox';
import { store } from './store';

/** What waits on this device, oldest first. Sends it whenever the network or the server is back. */
export function useOutbox(): Entry[] {
  const client = useQueryClient();
  const { data: me } = useMe();
  const user = me?.user.id;
  const link = useLinkState();
  const kept = useSyncExternalStore(store.onChange, () => store.entries);

  useEffect(() => {
    if (user) outbox.begin(user, () => void client.invalidateQueries({ queryKey: ['tasks'] }));
  }, [user, client]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a line that is live again is a reason to send.
  useEffect(() => {
    const flush = () => void outbox.flush();
    flush();
    window.addEventListener('online', flush);
    // A server that was away does not say when it is back to a browser whose network was there all along.
    const again = setInterval(flush, 15_000);
    return () => {
      window.removeEventListener('online', flush);
      clearInterval(again);
    };
  }, [link]);

  return kept.filter((entry) => entry.user === user);
}

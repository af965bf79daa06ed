/** What one has said of how one wants to be told, and saying it. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import type { Channel, Choice, Kind, Preferences, ShownPreferences, When } from '~/api/schema';
import { preferencesQuery } from './queries';

/** What holds for a kind on a channel everywhere: the person's choice, or what is usual. */
export function whenOf(said: ShownPreferences, channel: Channel, kind: Kind): When {
  const own = (said.choices ?? []).filter((choice) => choice.channel === channel && !choice.project);
  const choice = own.find((each) => each.kind === kind) ?? own.find((each) => !each.kind);
  return choice?.when ?? said.usual.find((usual) => usual.kind === kind)?.[channel] ?? 'at_once';
}

/** The choices with another one for a kind on a channel. What was chosen for single projects stays. */
export function choose(choices: Choice[], channel: Channel, kind: Kind, when: When): Choice[] {
  const others = choices.filter(
    (choice) => choice.project || choice.channel !== channel || (choice.kind ?? undefined) !== kind,
  );
  return [...others, { channel, kind, when }];
}

const stored = ({ quiet_hours, paused_until, digest_at, digest_day, choices }: ShownPreferences): Preferences => ({
  quiet_hours,
  paused_until,
  digest_at,
  digest_day,
  choices,
});

/**
 * Changes preferences: shown at once, saved one after the other, since the server takes only all of them together.
 * What failed is shown as the server has it.
 */
export function useSavePreferences() {
  const client = useQueryClient();
  const { queryKey } = preferencesQuery;
  const save = useMutation({
    scope: { id: 'notification-preferences' },
    mutationFn: async () => {
      const now = client.getQueryData(queryKey);
      if (!now) return undefined;
      return ask(api.PUT('/api/v1/notification-preferences', { body: stored(now) }));
    },
    onError: () => void client.invalidateQueries({ queryKey }),
    onSuccess: () => {
      // Reading anew settles what the server made of it, once nothing else waits to be saved.
      if (client.isMutating({ mutationKey: ['preferences'] }) <= 1) void client.invalidateQueries({ queryKey });
    },
    mutationKey: ['preferences'],
  });
  const change = (how: (now: ShownPreferences) => Partial<Preferences>) => {
    void client.cancelQueries({ queryKey });
    client.setQueryData(queryKey, (now) => now && { ...now, ...how(now) });
    save.mutate();
  };
  return { change, saving: save.isPending, saved: save.isSuccess };
}

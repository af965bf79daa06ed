/**
 * What was typed and not saved: kept on this device until it is saved or thrown away, so that it outlives a reload and
 * the end of a session.
 */
import { useCallback, useState } from 'react';
import { useMe } from '~/areas/account/queries';

export interface Draft<Base = undefined> {
  text: string;
  /** What it was begun on, for what is changed rather than added. */
  base?: Base;
}

const read = <Base>(key: string): Draft<Base> | undefined => {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
};

/** The draft called `name`, one's own; `undefined` when nothing was typed. */
export function useDraft<Base = undefined>(name: string) {
  const { data: me } = useMe();
  const key = `trackside.draft.${me?.user.id}.${name}`;
  const [held, hold] = useState<{ key: string; draft?: Draft<Base> }>();
  const draft = held?.key === key ? held.draft : read<Base>(key);
  const keep = useCallback(
    (draft: Draft<Base> | undefined) => {
      if (draft) localStorage.setItem(key, JSON.stringify(draft));
      else localStorage.removeItem(key);
      hold({ key, draft });
    },
    [key],
  );
  return [draft, keep] as const;
}

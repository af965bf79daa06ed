import { fromNow, moment, useManner, useNow } from './time';

/** A moment as people say it, “5 min. ago”, with the whole date for whoever points at it. */
export function When({ at, none = '—' }: { at: string | null | undefined; none?: string }) {
  const manner = useManner();
  const now = useNow();
  if (!at) return none;
  const past = new Date(at).getTime() <= Date.now();
  return (
    <time dateTime={at} title={moment(at, manner, true)} style={{ whiteSpace: 'nowrap' }}>
      {fromNow(at, past ? Math.max(now, new Date(at).getTime()) : now, manner)}
    </time>
  );
}

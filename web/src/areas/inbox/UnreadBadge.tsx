import { Badge } from '@mantine/core';
import { useUnread } from './queries';

/** How many messages one has not read, on the way to the inbox. It follows what happens. */
export function UnreadBadge() {
  const count = useUnread();
  if (count === 0) return null;
  return (
    <Badge size="sm" circle={count < 10} aria-label={`${count} unread`} role="img">
      {count > 99 ? '99+' : count}
    </Badge>
  );
}

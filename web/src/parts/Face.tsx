import { Avatar, Tooltip } from '@mantine/core';

/** A person, as their initials. */
export function Face({ name, size = 28 }: { name: string; size?: number }) {
  return (
    <Tooltip label={name} openDelay={300}>
      <Avatar name={name} size={size} color="track" variant="filled" alt={name} />
    </Tooltip>
  );
}

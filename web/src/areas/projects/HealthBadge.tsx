import { Badge, Tooltip } from '@mantine/core';
import type { Health, ProjectStatus } from '~/api/schema';

/** What people read for each health, in order from good to bad. */
export const HEALTHS: Record<Health, { label: string; color: string }> = {
  on_track: { label: 'On track', color: 'green' },
  at_risk: { label: 'At risk', color: 'yellow' },
  off_track: { label: 'Off track', color: 'red' },
};

/** What people read for each way in which a project can stand. */
export const STATUSES: Record<ProjectStatus, string> = {
  active: 'Active',
  on_hold: 'On hold',
  completed: 'Completed',
  archived: 'Archived',
};

/** How a project does, with the reason when one points at it. */
export function HealthBadge({ health, note }: { health: Health; note?: string }) {
  const { label, color } = HEALTHS[health];
  return (
    <Tooltip label={note} disabled={!note} multiline maw={320}>
      <Badge
        variant="dot"
        color={color}
        tt="none"
        fw={500}
        style={{ flexShrink: 0 }}
        tabIndex={note ? 0 : undefined}
        aria-label={note ? `${label}: ${note}` : undefined}
        role={note ? 'note' : undefined}
      >
        {label}
      </Badge>
    </Tooltip>
  );
}

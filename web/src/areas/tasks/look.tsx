/** How the state of a task looks wherever one is shown. */
import { Group, Text, Tooltip } from '@mantine/core';
import {
  IconAlertOctagonFilled,
  IconChevronDown,
  IconChevronsUp,
  IconCircle,
  IconCircleCheckFilled,
  IconCircleHalf2,
  IconCircleX,
  IconEqual,
  type TablerIcon,
} from '@tabler/icons-react';
import type { Category, Priority } from '~/api/schema';

const CATEGORY: Record<Category, [TablerIcon, string]> = {
  todo: [IconCircle, 'var(--mantine-color-dimmed)'],
  in_progress: [IconCircleHalf2, 'var(--mantine-color-anchor)'],
  done: [IconCircleCheckFilled, 'light-dark(#1e7d43, #5bd38a)'],
  cancelled: [IconCircleX, 'var(--mantine-color-dimmed)'],
};

/** What a status means, at a glance. */
export function StatusIcon({ category, size = 16 }: { category: Category; size?: number }) {
  const [Icon, color] = CATEGORY[category];
  return <Icon size={size} color={color} aria-hidden style={{ flexShrink: 0 }} />;
}

export const PRIORITIES: { value: Priority; label: string }[] = [
  { value: 'critical', label: 'Critical' },
  { value: 'high', label: 'High' },
  { value: 'medium', label: 'Medium' },
  { value: 'low', label: 'Low' },
];

const PRIORITY: Record<Priority, [TablerIcon, string]> = {
  critical: [IconAlertOctagonFilled, 'light-dark(#c01f1f, #ff8a8a)'],
  high: [IconChevronsUp, 'light-dark(#b34700, #ffb066)'],
  medium: [IconEqual, 'var(--mantine-color-dimmed)'],
  low: [IconChevronDown, 'var(--mantine-color-dimmed)'],
};

export const priorityName = (priority: Priority) => PRIORITIES.find(({ value }) => value === priority)!.label;

/** How urgent a task is; `named` also says it in words. */
export function PriorityIcon({ priority, size = 16 }: { priority: Priority; size?: number }) {
  const [Icon, color] = PRIORITY[priority];
  return (
    <Tooltip label={`${priorityName(priority)} priority`} openDelay={300}>
      <Icon
        size={size}
        color={color}
        role="img"
        aria-label={`${priorityName(priority)} priority`}
        style={{ flexShrink: 0 }}
      />
    </Tooltip>
  );
}

export function StatusName({ category, name }: { category: Category; name: string }) {
  return (
    <Group gap={6} wrap="nowrap" style={{ minWidth: 0 }}>
      <StatusIcon category={category} />
      <Text size="sm" truncate>
        {name}
      </Text>
    </Group>
  );
}

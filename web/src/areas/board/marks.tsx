/** The small signs on cards. */
import {
  IconArrowDown,
  IconArrowUp,
  IconBug,
  IconChecklist,
  IconChevronsUp,
  IconFileText,
  IconMinus,
  IconPuzzle,
  IconSparkles,
  IconTool,
  type TablerIcon,
} from '@tabler/icons-react';
import type { Priority } from '~/api/schema';
import { PRIORITIES } from './filter';

const TYPES: Record<string, TablerIcon> = {
  task: IconChecklist,
  bug: IconBug,
  feature: IconSparkles,
  improvement: IconTool,
  documentation: IconFileText,
};

/** What kind of work it is, as a picture with its name for those who do not see it. */
export function TypeMark({ type, name = type }: { type: string; name?: string }) {
  const Icon = TYPES[type] ?? IconPuzzle;
  return <Icon size={15} stroke={1.8} role="img" aria-label={name} color="var(--mantine-color-dimmed)" />;
}

const URGENCY: Record<Priority, { icon: TablerIcon; color: string }> = {
  critical: { icon: IconChevronsUp, color: 'var(--app-critical)' },
  high: { icon: IconArrowUp, color: 'var(--app-high)' },
  medium: { icon: IconMinus, color: 'var(--mantine-color-dimmed)' },
  low: { icon: IconArrowDown, color: 'var(--app-low)' },
};

/** How urgent it is. */
export function PriorityMark({ priority }: { priority: Priority }) {
  const { icon: Icon, color } = URGENCY[priority];
  return <Icon size={16} stroke={2.4} role="img" aria-label={`${PRIORITIES[priority].label} priority`} color={color} />;
}

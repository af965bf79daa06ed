/** The ways of looking at one project. */
import {
  IconBolt,
  IconCalendar,
  IconChartBar,
  IconCoins,
  IconLayoutKanban,
  IconList,
  IconRun,
  IconSettings,
  IconTimeline,
  type TablerIcon,
} from '@tabler/icons-react';

export interface Tab {
  label: string;
  icon: TablerIcon;
  /** The address behind the project's own; a tab without one leads to the project's rules. */
  path?: string;
  /** What one must be allowed to do in the project to see it. */
  needs?: string;
}

export const TABS: Tab[] = [
  { label: 'Board', icon: IconLayoutKanban, path: '' },
  { label: 'List', icon: IconList, path: '/list' },
  { label: 'Timeline', icon: IconTimeline, path: '/timeline' },
  { label: 'Calendar', icon: IconCalendar, path: '/calendar' },
  { label: 'Figures', icon: IconChartBar, path: '/figures' },
  { label: 'Budget', icon: IconCoins, path: '/budget', needs: 'budget.view' },
  { label: 'Sprints', icon: IconRun, path: '/sprints' },
  { label: 'Rules', icon: IconBolt },
  { label: 'Settings', icon: IconSettings, path: '/settings' },
];

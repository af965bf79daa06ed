/** Where one can go from everywhere: the side bar, the bar at the bottom of a phone, and the command palette. */
import {
  IconBell,
  IconBolt,
  IconBriefcase,
  IconChecklist,
  IconClockHour4,
  IconFolders,
  IconHome,
  IconPlayerPlay,
  IconSettings,
  IconThumbUp,
  IconUsers,
  type TablerIcon,
} from '@tabler/icons-react';

export interface Place {
  to: string;
  label: string;
  icon: TablerIcon;
  /** What one must be allowed to do for the place to be of use. */
  needs?: string;
  /** Whether it has a place in the bar at the bottom of a phone; the others are behind "More". */
  thumb?: boolean;
  /** The second key after `g` that leads there. */
  key?: string;
}

export const PLACES: Place[] = [
  { to: '/', label: 'Home', icon: IconHome, thumb: true, key: 'h' },
  { to: '/my-work', label: 'My work', icon: IconChecklist, thumb: true, key: 'm' },
  { to: '/projects', label: 'Projects', icon: IconFolders, thumb: true, key: 'p' },
  { to: '/notifications', label: 'Inbox', icon: IconBell, thumb: true, key: 'i' },
  { to: '/portfolio', label: 'Portfolio', icon: IconBriefcase, key: 'o' },
  { to: '/workload', label: 'Workload', icon: IconUsers, needs: 'resource.view', key: 'w' },
  { to: '/time', label: 'Time', icon: IconClockHour4, needs: 'time.log', key: 't' },
  { to: '/approvals', label: 'Approvals', icon: IconThumbUp, key: 'a' },
  { to: '/rules', label: 'Rules', icon: IconBolt, needs: 'rule.view', key: 'r' },
  { to: '/runs', label: 'Runs', icon: IconPlayerPlay, needs: 'run.view', key: 'u' },
  { to: '/admin', label: 'Administration', icon: IconSettings, needs: 'access.view', key: 's' },
];

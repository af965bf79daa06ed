/** Where one can go from everywhere: the side bar, the bar at the bottom of a phone, and the command palette. */
import {
  IconBell,
  IconBolt,
  IconChecklist,
  IconFolders,
  IconHome,
  IconPlayerPlay,
  IconSettings,
  IconThumbUp,
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
  { to: '/approvals', label: 'Approvals', icon: IconThumbUp, key: 'a' },
  { to: '/rules', label: 'Rules', icon: IconBolt, needs: 'rule.view', key: 'r' },
  { to: '/runs', label: 'Runs', icon: IconPlayerPlay, needs: 'run.view', key: 'u' },
  { to: '/admin', label: 'Administration', icon: IconSettings, needs: 'access.view', key: 's' },
];

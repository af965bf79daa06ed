/** What templates are about, as people say it, with a sign for each. */
import {
  IconBellRinging,
  IconCalendarStats,
  IconChartBar,
  IconFilter,
  IconPlugConnected,
  IconRocket,
  IconSparkles,
  IconStairsUp,
  IconUserCheck,
  IconUsers,
  type TablerIcon,
} from '@tabler/icons-react';
import type { RuleTemplateCategory } from '~/api/schema';

export const CATEGORIES: Record<RuleTemplateCategory, { label: string; icon: TablerIcon }> = {
  triage: { label: 'Triage', icon: IconFilter },
  assignment: { label: 'Assignment', icon: IconUserCheck },
  follow_up: { label: 'Follow-up', icon: IconBellRinging },
  escalation: { label: 'Escalation', icon: IconStairsUp },
  reporting: { label: 'Reports', icon: IconChartBar },
  planning: { label: 'Planning', icon: IconCalendarStats },
  release: { label: 'Release', icon: IconRocket },
  people: { label: 'People', icon: IconUsers },
  integration: { label: 'Other services', icon: IconPlugConnected },
  housekeeping: { label: 'Tidying up', icon: IconSparkles },
};

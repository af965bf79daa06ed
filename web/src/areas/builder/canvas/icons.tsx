import {
  IconArrowsSplit2,
  IconBell,
  IconBolt,
  IconBrandGithub,
  IconBrandSlack,
  IconCalendar,
  IconCheckbox,
  IconClock,
  IconCode,
  IconColumns3,
  IconFilter,
  IconFlag,
  IconFolder,
  IconHandStop,
  IconHelp,
  IconHourglass,
  IconLink,
  IconPlayerPlay,
  IconRefresh,
  IconRepeat,
  IconRun,
  IconStopwatch,
  IconThumbUp,
  IconTrendingUp,
  IconUser,
  IconWallet,
  IconWebhook,
  IconWorld,
  type TablerIcon,
} from '@tabler/icons-react';
import type { Step, Trigger } from '~/api/schema';
import { kindOf, type StepKind } from '../model/steps';
import { triggerKind } from '../words/trigger';

const KINDS: Record<Exclude<StepKind, 'action'>, TablerIcon> = {
  if: IconArrowsSplit2,
  for_each: IconRepeat,
  wait: IconHourglass,
  approve: IconThumbUp,
  parallel: IconColumns3,
  call: IconPlayerPlay,
  script: IconCode,
  stop: IconHandStop,
  unknown: IconHelp,
};

const AREAS: Record<string, TablerIcon> = {
  task: IconCheckbox,
  notify: IconBell,
  http: IconWorld,
  slack: IconBrandSlack,
  github: IconBrandGithub,
  milestone: IconFlag,
  project: IconFolder,
  sprint: IconRun,
  budget: IconWallet,
  absence: IconCalendar,
  allocation: IconCalendar,
  member: IconUser,
  access: IconUser,
  time: IconStopwatch,
  timer: IconStopwatch,
  timesheet: IconStopwatch,
  recurrence: IconRefresh,
};

export const actionIcon = (action: string): TablerIcon => AREAS[action.split('.')[0] ?? ''] ?? IconBolt;

export const kindIcon = (kind: StepKind): TablerIcon => (kind === 'action' ? IconBolt : KINDS[kind]);

export function stepIcon(step: Step): TablerIcon {
  const kind = kindOf(step);
  return kind === 'action' ? actionIcon(step.action!) : KINDS[kind];
}

export function triggerIcon(trigger: Trigger): TablerIcon {
  switch (triggerKind(trigger)) {
    case 'schedule':
      return IconClock;
    case 'date':
      return IconCalendar;
    case 'manual':
      return IconPlayerPlay;
    case 'threshold':
      return IconTrendingUp;
    case 'hook':
      return IconWebhook;
    default:
      return IconBolt;
  }
}

export const ConditionIcon = IconFilter;
export const LinkIcon = IconLink;

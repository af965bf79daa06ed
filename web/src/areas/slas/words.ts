/** Policies in words. */
import type { SlaPolicy } from '~/api/schema';

export const PRIORITIES = ['critical', 'high', 'medium', 'low', 'default'] as const;

export const PRIORITY_LABELS: Record<(typeof PRIORITIES)[number], string> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  default: 'All others',
};

const STOPS = { done: 'done', first_response: 'answered' } as const;

/** “Done within: critical 4h, high 8h, in working time”. */
export function targetWords({ targets, stop, clock }: SlaPolicy): string {
  const what = stop === 'first_response' ? STOPS.first_response : STOPS.done;
  const given = PRIORITIES.filter((priority) => targets[priority]).map(
    (priority) => `${PRIORITY_LABELS[priority].toLowerCase()} ${targets[priority]}`,
  );
  return `To be ${what} within: ${given.join(', ')}${clock === 'wall' ? '' : ', in working time'}`;
}

/** How approvals stand and who is asked, in words. */
import type { Approval, ApprovalState, Member } from '~/api/schema';

export const APPROVAL_STATES: Record<ApprovalState, { label: string; color: string }> = {
  pending: { label: 'Waiting', color: 'violet' },
  approved: { label: 'Approved', color: 'green' },
  rejected: { label: 'Declined', color: 'red' },
  timed_out: { label: 'Nobody answered', color: 'orange' },
  withdrawn: { label: 'Taken back', color: 'gray' },
};

/** `user:user_…`, `role:project_manager`, `group:Board` as people say it. */
export function askedWords(by: string, people: Map<string, Member>, groups: Map<string, string>): string {
  const [what, ...rest] = by.split(':');
  const who = rest.join(':');
  switch (what) {
    case 'user':
      return people.get(who)?.name ?? who;
    case 'role':
      return `every ${who.replaceAll('_', ' ')}`;
    case 'group':
      return `the group ${groups.get(who) ?? who}`;
    case 'oncall':
      return `whoever is on call (${who})`;
    default:
      return by === 'owner' ? "the rule's owner" : by;
  }
}

/** How many must agree. */
export function needWords({ need }: Approval): string {
  if (need === 'any') return 'The first answer settles it';
  if (need === 'all') return 'Everybody must agree';
  return `${need} people must agree`;
}

import type { Role } from '~/api/schema';

/** What the roles are called that every workspace has, from the least to the most. */
export const ROLES: Record<Role, string> = {
  guest: 'Guest',
  viewer: 'Viewer',
  team_member: 'Team member',
  project_manager: 'Project manager',
  admin: 'Administrator',
};

/** The same as choices of a list. */
export const ROLE_CHOICES = (Object.keys(ROLES) as Role[]).map((value) => ({ value, label: ROLES[value] }));

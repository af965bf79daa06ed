import {
  IconActivity,
  IconCalendarTime,
  IconCoins,
  IconHistory,
  IconLock,
  IconPlugConnected,
  IconRobot,
  IconShield,
  IconUsers,
  IconUsersGroup,
  IconVariable,
  IconWebhook,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useMayEach } from '~/areas/account/queries';
import { Page } from '~/parts/Page';
import { Sections } from '~/parts/Sections';

const SECTIONS = [
  { to: '/admin/members', label: 'Members', icon: IconUsers, needs: 'member.view' },
  { to: '/admin/roles', label: 'Roles', icon: IconShield, needs: 'access.view' },
  { to: '/admin/groups', label: 'Groups', icon: IconUsersGroup, needs: 'access.view' },
  { to: '/admin/tokens', label: 'Service accounts', icon: IconRobot, needs: 'member.manage' },
  { to: '/admin/hooks', label: 'Webhooks', icon: IconWebhook, needs: 'hook.view' },
  { to: '/admin/secrets', label: 'Secrets', icon: IconLock, needs: 'secret.use' },
  { to: '/admin/variables', label: 'Variables', icon: IconVariable, needs: 'variable.manage' },
  { to: '/admin/connections', label: 'Connections', icon: IconPlugConnected, needs: 'connection.manage' },
  { to: '/admin/calendar', label: 'Working time', icon: IconCalendarTime, needs: 'project.edit' },
  { to: '/admin/rates', label: 'Rates', icon: IconCoins, needs: 'budget.edit' },
  { to: '/admin/operations', label: 'Operations', icon: IconActivity, needs: 'operations.manage' },
  { to: '/admin/audit', label: 'Audit log', icon: IconHistory, needs: 'audit.view' },
];

const NEEDS = [...new Set(SECTIONS.map(({ needs }) => needs))];

/** The frame of the pages of administration: only those stand at its side that are of use to whoever looks. */
export function AdminPage(props: { title: string; lead?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  const may = useMayEach(NEEDS);
  return (
    <Sections label="Administration" sections={SECTIONS.filter(({ needs }) => may.has(needs))}>
      <Page {...props} tab={`${props.title} · Administration`} />
    </Sections>
  );
}

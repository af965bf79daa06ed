import { IconBell, IconKey, IconShieldLock, IconUser } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useMay } from '~/areas/account/queries';
import { Page } from '~/parts/Page';
import { Sections } from '~/parts/Sections';

const SECTIONS = [
  { to: '/account', label: 'Profile', icon: IconUser },
  { to: '/account/notifications', label: 'Notifications', icon: IconBell },
  { to: '/account/security', label: 'Sign-in', icon: IconShieldLock },
  { to: '/account/tokens', label: 'Tokens', icon: IconKey, needs: 'token.create' },
];

/** The frame of one's own pages. */
export function OwnPage(props: { title: string; lead?: string; actions?: ReactNode; children: ReactNode }) {
  const mayToken = useMay('token.create');
  const sections = SECTIONS.filter(({ needs }) => !needs || mayToken);
  return (
    <Sections label="Your account" sections={sections}>
      <Page {...props} />
    </Sections>
  );
}

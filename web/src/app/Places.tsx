import { Badge, NavLink } from '@mantine/core';
import { Link, useLocation } from '@tanstack/react-router';
import { useMay } from '~/areas/account/queries';
import { useWaitingApprovals } from '~/areas/approvals/queries';
import { UnreadBadge } from '~/areas/inbox/UnreadBadge';
import { PLACES, type Place } from './places';

const isHere = (to: string, path: string) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`));

/** The links of the side bar. */
export function Places() {
  return PLACES.map((place) => <PlaceLink key={place.to} place={place} />);
}

function PlaceLink({ place }: { place: Place }) {
  const { pathname } = useLocation();
  const may = useMay(place.needs ?? 'project.view');
  if (place.needs && !may) return null;
  const here = isHere(place.to, pathname);
  return (
    <NavLink
      component={Link}
      to={place.to as '/'}
      label={place.label}
      rightSection={<Count of={place.to} />}
      leftSection={<place.icon size={18} stroke={1.8} aria-hidden />}
      active={here}
      aria-current={here ? 'page' : undefined}
      style={{ borderRadius: 8 }}
    />
  );
}

/** What waits at a place. */
function Count({ of }: { of: string }) {
  if (of === '/approvals') return <WaitingApprovals />;
  if (of === '/notifications') return <UnreadBadge />;
  return null;
}

/** How many approvals wait for one's own answer. */
function WaitingApprovals() {
  const count = useWaitingApprovals();
  if (count === 0) return null;
  return (
    <Badge size="sm" circle={count < 10} aria-label={`${count} waiting for you`} role="img">
      {count > 99 ? '99+' : count}
    </Badge>
  );
}

import { NavLink } from '@mantine/core';
import type { TablerIcon } from '@tabler/icons-react';
import { Link, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import css from './Sections.module.css';

export interface Section {
  to: string;
  label: string;
  icon: TablerIcon;
}

/** Pages that belong together: a list at the side on a desk, a row above on a phone. */
export function Sections({ label, sections, children }: { label: string; sections: Section[]; children: ReactNode }) {
  const { pathname } = useLocation();
  return (
    <div className={css.sections}>
      <nav aria-label={label} className={css.list}>
        {sections.map(({ to, label: name, icon: Icon }) => (
          <NavLink
            key={to}
            component={Link}
            to={to as '/'}
            label={name}
            leftSection={<Icon size={16} stroke={1.8} aria-hidden />}
            active={pathname === to}
            aria-current={pathname === to ? 'page' : undefined}
            className={css.link}
          />
        ))}
      </nav>
      <div className={css.content}>{children}</div>
    </div>
  );
}

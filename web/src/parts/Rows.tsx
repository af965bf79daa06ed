import { Group, Paper, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import css from './Rows.module.css';

/** A list of things in one frame. Each line folds where there is no room, so the same list serves a phone. */
export function Rows({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Paper withBorder component="ul" className={css.rows} aria-label={label} bg="var(--app-card)">
      {children}
    </Paper>
  );
}

/** One thing of a list: what it is called, what is to be known of it, and what can be done with it. */
export function Row({
  title,
  about,
  before,
  beside,
  actions,
}: {
  title: ReactNode;
  about?: ReactNode;
  /** What stands before the title: a face, a dot. */
  before?: ReactNode;
  /** Figures and choices between the title and the menu. */
  beside?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <li className={css.row}>
      {before}
      <div className={css.body}>
        <div className={css.words}>
          <Text size="sm" fw={600} component="div" style={{ overflowWrap: 'anywhere' }}>
            {title}
          </Text>
          {about && (
            <Text size="sm" c="dimmed" component="div" style={{ overflowWrap: 'anywhere' }}>
              {about}
            </Text>
          )}
        </div>
        {beside && <Group gap="sm">{beside}</Group>}
      </div>
      {actions && (
        <Group gap={4} wrap="nowrap">
          {actions}
        </Group>
      )}
    </li>
  );
}

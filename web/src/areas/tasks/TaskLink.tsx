import { Anchor, type AnchorProps } from '@mantine/core';
import { Link, useLocation, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/** What opens a task over the page that one is on, and on the page of a task the page of the other. */
export function useOpenTask() {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  return (key: string) =>
    pathname.startsWith('/tasks/')
      ? navigate({ to: '/tasks/$id', params: { id: key } } as never)
      : navigate({ to: '.', search: ((old: object) => ({ ...old, task: key })) as never });
}

/** A link to a task, which a click opens over the page, and a click with the middle button in a page of its own. */
export function TaskLink({
  task: key,
  children,
  ...props
}: { task: string; children: ReactNode } & AnchorProps & {
    onClick?: () => void;
    tabIndex?: number;
    'aria-label'?: string;
  }) {
  const open = useOpenTask();
  return (
    <Anchor
      component={Link}
      to={`/tasks/${key}` as '/'}
      preload={false}
      {...props}
      onClick={(event: React.MouseEvent) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        props.onClick?.();
        void open(key);
      }}
    >
      {children}
    </Anchor>
  );
}

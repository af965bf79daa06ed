import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';

const Rendered = lazy(() => import('./MarkdownText'));

/** Markdown as it is meant to look. HTML in it is shown as text, and links that could run a script lead nowhere. */
export function Markdown({ children }: { children: string }) {
  return (
    <Suspense fallback={<Skeleton height={14} width="60%" />}>
      <Rendered text={children} />
    </Suspense>
  );
}

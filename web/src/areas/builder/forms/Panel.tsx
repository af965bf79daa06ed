import type { ReactNode } from 'react';
export function Panel(_props: { drawer?: boolean; covered?: ReactNode; onCoverClose?(): void }) {
  return null;
}

/** Says how many changes wait on this device, and opens them. */
import { Button, Indicator } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCloudUp } from '@tabler/icons-react';
import { lazy, Suspense, useEffect } from 'react';
import { useOutbox } from './useOutbox';

const Outbox = lazy(() => import('./Outbox'));

export function OutboxButton() {
  const entries = useOutbox();
  const [opened, list] = useDisclosure();
  const asking = entries.filter(({ state }) => state !== 'queued').length;
  // What only the person can settle is put before them.
  useEffect(() => {
    if (asking > 0) list.open();
  }, [asking, list.open]);
  if (entries.length === 0) return null;
  const label = entries.length === 1 ? '1 change waits' : `${entries.length} changes wait`;
  return (
    <>
      <span className="sr-only" role="status">
        {label}
      </span>
      <Indicator color="red" disabled={asking === 0} withBorder>
        <Button size="xs" variant="default" leftSection={<IconCloudUp size={16} aria-hidden />} onClick={list.open}>
          {label}
        </Button>
      </Indicator>
      <Suspense>{opened && <Outbox entries={entries} close={list.close} />}</Suspense>
    </>
  );
}

import { Button, Group } from '@mantine/core';
import { IconEyeOff } from '@tabler/icons-react';
import { Link, useRouter } from '@tanstack/react-router';
import { Problem } from '~/api/problem';
import { Empty } from './Empty';

/** Whether a page cannot be shown because it is not there, or not for whoever asks: the server does not tell which. */
export const isHidden = (error: unknown) => error instanceof Problem && (error.status === 404 || error.status === 403);

/** What stands in place of a page that one may not see, with a way back. */
export function CannotSee({ what, to, toLabel }: { what: string; to: string; toLabel: string }) {
  const router = useRouter();
  return (
    <Empty
      icon={IconEyeOff}
      title={`You cannot see this ${what}`}
      actions={
        <Group gap="xs" justify="center">
          <Button variant="default" onClick={() => router.history.back()}>
            Back
          </Button>
          <Button component={Link} to={to as '/'}>
            {toLabel}
          </Button>
        </Group>
      }
    >
      It is not there any more, its address is another one, or it is not shared with you. Whoever sent you here can let
      you in.
    </Empty>
  );
}

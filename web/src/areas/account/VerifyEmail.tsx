import { Anchor, Loader, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, ask } from '~/api/client';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { Entrance } from './Entrance';
import { fragment } from './fragment';

/** Where the link of a letter leads that asks whether an address is one's own. */
export function VerifyEmail() {
  const token = fragment('token') ?? '';
  const verified = useQuery({
    queryKey: ['verify-email', token],
    // A link is good once, so it is not asked a second time.
    queryFn: async () => {
      await ask(api.POST('/api/v1/auth/email/verify', { body: { token } }));
      return true;
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return (
    <Entrance title="Your address">
      {verified.isPending && <Loader aria-label="Checking" />}
      {verified.data && <Text role="status">Thank you, your address is confirmed.</Text>}
      <ProblemAlert error={verified.error} />
      <Anchor component={Link} to="/">
        Go to Trackside
      </Anchor>
    </Entrance>
  );
}

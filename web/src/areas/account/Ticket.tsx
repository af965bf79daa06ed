import { Anchor, Loader } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { api, ask } from '~/api/client';
import { session } from '~/api/session';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { Entrance } from './Entrance';
import { fragment } from './fragment';

/** Where an identity provider's page leads back to, with a ticket that is traded for a session. */
export function Ticket() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const ticket = fragment('ticket');
  const traded = useQuery({
    queryKey: ['ticket', ticket],
    queryFn: async () => {
      if (!ticket) throw new Error('The provider did not sign you in. Begin again, or sign in another way.');
      const answer = await ask(api.POST('/api/v1/auth/oidc/ticket', { body: { ticket } }));
      client.removeQueries({ queryKey: ['me'] });
      session.begin(answer);
      void navigate({ to: '/', replace: true });
      return true;
    },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Entrance title="Signing in">
      {traded.isPending && <Loader aria-label="Signing in" />}
      <ProblemAlert error={traded.error} />
      {traded.error && (
        <Anchor component={Link} to="/login">
          Back to sign-in
        </Anchor>
      )}
    </Entrance>
  );
}

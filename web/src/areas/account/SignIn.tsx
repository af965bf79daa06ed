import { Anchor, Button, Divider, PasswordInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { api, ask } from '~/api/client';
import type { Problem } from '~/api/problem';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { Entrance } from './Entrance';
import { SecondFactor } from './SecondFactor';
import { useEntry } from './useEntry';

export function SignIn() {
  const navigate = useNavigate();
  const { to, ended } = useSearch({ strict: false }) as { to?: string; ended?: boolean };
  const [challenge, setChallenge] = useState<string>();
  const enter = () => void navigate({ href: to?.startsWith('/') && !to.startsWith('//') ? to : '/', replace: true });
  const { form, submit, pending, failed } = useEntry(
    { email: '', password: '' },
    (body) =>
      ask(api.POST('/api/v1/auth/login', { body })).catch((problem: Problem) => {
        if (!problem.challenge) throw problem;
        setChallenge(problem.challenge);
        return undefined;
      }),
    enter,
  );
  const providers = useQuery({
    queryKey: ['sign-in-providers'],
    queryFn: () => ask(api.GET('/api/v1/auth/oidc')),
    retry: false,
  });
  if (challenge) return <SecondFactor challenge={challenge} done={enter} back={() => setChallenge(undefined)} />;
  return (
    <Entrance
      title="Sign in"
      lead={ended ? 'Your session has ended. What you typed is kept on this device.' : undefined}
    >
      <form onSubmit={submit} style={{ display: 'contents' }}>
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          autoFocus
          {...form.getInputProps('email')}
        />
        <PasswordInput label="Password" autoComplete="current-password" required {...form.getInputProps('password')} />
        <ProblemAlert error={failed} />
        <Button type="submit" loading={pending}>
          Sign in
        </Button>
      </form>
      <Anchor component={Link} to="/forgot" size="sm">
        Forgot your password?
      </Anchor>
      {(providers.data?.items.length ?? 0) > 0 && <Divider label="or" />}
      {providers.data?.items.map(({ id, name }) => (
        <Button key={id} variant="default" component="a" href={`/api/v1/auth/oidc/${id}/start`}>
          Sign in with {name}
        </Button>
      ))}
    </Entrance>
  );
}

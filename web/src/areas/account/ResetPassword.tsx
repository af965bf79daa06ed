import { Button, PasswordInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, ask } from '~/api/client';
import { Problem } from '~/api/problem';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { Entrance } from './Entrance';
import { fragment } from './fragment';

/** Where the link of a letter leads whose password is forgotten. */
export function ResetPassword() {
  const navigate = useNavigate();
  const form = useForm({ mode: 'uncontrolled', initialValues: { password: '' } });
  const reset = useMutation({
    mutationFn: ({ password }: { password: string }) =>
      ask(api.POST('/api/v1/auth/password/reset', { body: { token: fragment('token') ?? '', password } })),
    meta: { quiet: true },
    onError: (error) => error instanceof Problem && form.setErrors(error.byField()),
    onSuccess: () => {
      say('Your new password is set. Sign in with it.');
      void navigate({ to: '/login' });
    },
  });
  return (
    <Entrance title="Set a new password">
      <form onSubmit={form.onSubmit((values) => reset.mutate(values))} style={{ display: 'contents' }}>
        <PasswordInput
          label="New password"
          description="At least 10 characters."
          autoComplete="new-password"
          minLength={10}
          required
          autoFocus
          {...form.getInputProps('password')}
        />
        <ProblemAlert error={reset.error} />
        <Button type="submit" loading={reset.isPending}>
          Set it
        </Button>
      </form>
    </Entrance>
  );
}

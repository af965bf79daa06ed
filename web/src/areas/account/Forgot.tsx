import { Anchor, Button, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, ask } from '~/api/client';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { Entrance } from './Entrance';

export function Forgot() {
  const form = useForm({ mode: 'uncontrolled', initialValues: { email: '' } });
  const letter = useMutation({
    mutationFn: (body: { email: string }) => ask(api.POST('/api/v1/auth/password/forgot', { body })),
    meta: { quiet: true },
  });
  return (
    <Entrance title="Forgot your password?">
      {letter.isSuccess ? (
        <Text role="status">
          If we know that address, a letter is on its way with a link that is good for an hour. Where no mail is sent,
          an administrator can make you a link.
        </Text>
      ) : (
        <form onSubmit={form.onSubmit((values) => letter.mutate(values))} style={{ display: 'contents' }}>
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            required
            autoFocus
            {...form.getInputProps('email')}
          />
          <ProblemAlert error={letter.error} />
          <Button type="submit" loading={letter.isPending}>
            Send me a link
          </Button>
        </form>
      )}
      <Anchor component={Link} to="/login" size="sm">
        Back to sign-in
      </Anchor>
    </Entrance>
  );
}

import { Button, PasswordInput, Text, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { api, ask } from '~/api/client';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { Entrance } from './Entrance';
import { fragment } from './fragment';
import { useEntry } from './useEntry';

/** Where an invitation leads: somebody new says their name and a password, somebody known only the password. */
export function Invitation() {
  const navigate = useNavigate();
  const { form, submit, pending, failed } = useEntry(
    { name: '', password: '' },
    ({ name, password }) =>
      ask(
        api.POST('/api/v1/invitations/accept', {
          body: { token: fragment('token') ?? '', name: name || null, password: password || null },
        }),
      ),
    () => void navigate({ to: '/' }),
  );
  return (
    <Entrance title="You are invited" lead="Join the workspace that sent you here.">
      <form onSubmit={submit} style={{ display: 'contents' }}>
        <TextInput label="Your name" autoComplete="name" {...form.getInputProps('name')} />
        <PasswordInput label="Password" autoComplete="new-password" {...form.getInputProps('password')} />
        <Text size="sm" c="dimmed">
          If you have an account here already, leave the name empty and type its password.
        </Text>
        <ProblemAlert error={failed} />
        <Button type="submit" loading={pending}>
          Join
        </Button>
      </form>
    </Entrance>
  );
}

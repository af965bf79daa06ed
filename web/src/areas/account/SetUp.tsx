import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { api, ask } from '~/api/client';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { Entrance } from './Entrance';
import { useEntry } from './useEntry';

export function SetUp() {
  const navigate = useNavigate();
  const { form, submit, pending, failed } = useEntry(
    { workspace: '', name: '', email: '', password: '' },
    (body) => ask(api.POST('/api/v1/setup', { body })),
    () => void navigate({ to: '/welcome' }),
  );
  return (
    <Entrance
      title="Welcome to Trackside"
      lead="Name your workspace and make its first account. It can do everything here."
    >
      <form onSubmit={submit} style={{ display: 'contents' }}>
        <TextInput label="Workspace" placeholder="Acme" required autoFocus {...form.getInputProps('workspace')} />
        <TextInput
          label="Your name"
          placeholder="Ada Lovelace"
          autoComplete="name"
          required
          {...form.getInputProps('name')}
        />
        <TextInput label="E-mail" type="email" autoComplete="email" required {...form.getInputProps('email')} />
        <PasswordInput
          label="Password"
          description="At least 10 characters."
          autoComplete="new-password"
          required
          minLength={10}
          {...form.getInputProps('password')}
        />
        <ProblemAlert error={failed} />
        <Button type="submit" loading={pending}>
          Set up Trackside
        </Button>
      </form>
    </Entrance>
  );
}

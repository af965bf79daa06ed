import { Badge, Button, Group, PasswordInput, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { api, ask } from '~/api/client';
import type { Me } from '~/api/schema';
import { FormModal } from '~/parts/FormModal';
import { Panel } from '~/parts/Panel';

/** The address that one signs in with and letters go to. A new one counts once the letter's link was followed. */
export function ChangeAddress({ me }: { me: Me }) {
  const [opened, dialog] = useDisclosure();
  return (
    <Panel title="E-mail address" lead="You sign in with it, and letters go to it.">
      <Group justify="space-between">
        <Group gap="xs">
          <Text size="sm">{me.user.email}</Text>
          <Badge variant="default" tt="none" fw={500}>
            {me.email_verified_at ? 'Confirmed' : 'Not confirmed'}
          </Badge>
        </Group>
        <Button variant="default" onClick={dialog.open}>
          {me.email_verified_at ? 'Change' : 'Change or confirm'}
        </Button>
      </Group>
      <FormModal
        opened={opened}
        close={dialog.close}
        title="Change your e-mail address"
        initial={{ email: me.user.email, password: '' }}
        action="Send the letter"
        run={(body) => ask(api.POST('/api/v1/me/email', { body }))}
        touches="me"
        after={({ email, mailed }) => (
          <Text size="sm">
            {mailed
              ? `A letter is on its way to ${email}. Follow its link, and the address counts.`
              : `No letter could be sent to ${email}: this Trackside has no mail server. Ask an administrator.`}
          </Text>
        )}
      >
        {(form) => (
          <>
            <TextInput
              label="Address"
              description="Leave it as it is to confirm the one you have."
              type="email"
              autoComplete="email"
              required
              data-autofocus
              {...form.getInputProps('email')}
            />
            <PasswordInput
              label="Your password"
              autoComplete="current-password"
              required
              {...form.getInputProps('password')}
            />
          </>
        )}
      </FormModal>
    </Panel>
  );
}

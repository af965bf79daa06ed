import {
  Alert,
  Button,
  Code,
  CopyButton,
  Group,
  Modal,
  PasswordInput,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { renderSVG } from 'uqr';
import { api, ask } from '~/api/client';
import type { FactorSetup } from '~/api/schema';
import { Copyable } from '~/parts/Copyable';
import { ProblemAlert } from '~/parts/ProblemAlert';

/** Three steps: the password, the picture for the app and its first code, and the codes for when the phone is lost. */
export function SetUpFactor({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="Set up the second factor" closeOnClickOutside={false}>
      <Steps close={close} />
    </Modal>
  );
}

function Steps({ close }: { close: () => void }) {
  const client = useQueryClient();
  const begin = useMutation({
    mutationFn: (password: string) => ask(api.POST('/api/v1/me/second-factor', { body: { password } })),
    meta: { quiet: true },
  });
  const confirm = useMutation({
    mutationFn: (code: string) => ask(api.POST('/api/v1/me/second-factor/confirm', { body: { code } })),
    meta: { quiet: true },
    onSuccess: () => void client.invalidateQueries({ queryKey: ['factor'] }),
  });
  if (confirm.data) return <Recovery codes={confirm.data.recovery_codes} close={close} />;
  if (begin.data) return <Scan setup={begin.data} confirm={confirm} />;
  return <AskPassword begin={begin} />;
}

interface Step {
  mutate: (value: string) => void;
  isPending: boolean;
  error: Error | null;
}

function AskPassword({ begin }: { begin: Step }) {
  const form = useForm({ initialValues: { password: '' } });
  return (
    <form onSubmit={form.onSubmit(({ password }) => begin.mutate(password))}>
      <Stack>
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          required
          data-autofocus
          {...form.getInputProps('password')}
        />
        <ProblemAlert error={begin.error} />
        <Group justify="flex-end">
          <Button type="submit" loading={begin.isPending}>
            Go on
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Scan({ setup, confirm }: { setup: FactorSetup; confirm: Step }) {
  const form = useForm({ initialValues: { code: '' } });
  const picture = useMemo(
    () => `data:image/svg+xml;utf8,${encodeURIComponent(renderSVG(setup.otpauth_url, { border: 2 }))}`,
    [setup],
  );
  return (
    <form onSubmit={form.onSubmit(({ code }) => confirm.mutate(code.trim()))}>
      <Stack>
        <Text size="sm">Scan this with an authenticator app, or type the key into it.</Text>
        <img
          src={picture}
          width={200}
          height={200}
          alt="QR code for your authenticator app"
          style={{ alignSelf: 'center' }}
        />
        <Copyable value={setup.secret} label="Key" />
        <TextInput
          label="Code that the app shows"
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          {...form.getInputProps('code')}
        />
        <ProblemAlert error={confirm.error} />
        <Group justify="flex-end">
          <Button type="submit" loading={confirm.isPending}>
            Turn it on
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Recovery({ codes, close }: { codes: string[]; close: () => void }) {
  return (
    <Stack>
      <Alert
        color="yellow"
        title="Keep these recovery codes"
        styles={{ title: { color: 'var(--mantine-color-text)' } }}
      >
        <Text size="sm">Each lets you in once without your phone. They are not shown again.</Text>
      </Alert>
      <SimpleGrid cols={2} spacing="xs" role="group" aria-label="Recovery codes">
        {codes.map((code) => (
          <Code key={code} ta="center" fz="sm">
            {code}
          </Code>
        ))}
      </SimpleGrid>
      <Group justify="flex-end" gap="xs">
        <CopyButton value={codes.join('\n')}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy all'}
            </Button>
          )}
        </CopyButton>
        <Button onClick={close}>I have kept them</Button>
      </Group>
    </Stack>
  );
}

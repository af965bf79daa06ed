import { Group, PasswordInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { api, ask } from '~/api/client';
import type { CreatedHook, HookScheme } from '~/api/schema';
import { Copyable, ShownOnce } from '~/parts/Copyable';
import { FormModal } from '~/parts/FormModal';
import { SCHEME_CHOICES, SCHEMES } from './schemes';

const EMPTY = {
  name: '',
  scheme: 'github' as keyof typeof SCHEMES,
  secret: '',
  header: 'X-Signature',
  algorithm: 'sha256' as 'sha256' | 'sha1',
  encoding: 'hex' as 'hex' | 'base64',
  prefix: '',
};

/** Asks who posts and how that is proved, and shows the address and the secret. */
export function NewHook({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <FormModal
      opened={opened}
      close={close}
      title="New webhook"
      initial={EMPTY}
      action="Make the webhook"
      touches="hooks"
      run={({ name, secret, ...how }) =>
        ask(api.POST('/api/v1/hooks', { body: { name, scheme: schemeOf(how), secret: secret || undefined } }))
      }
      after={(hook) => <Made hook={hook} />}
    >
      {(form) => {
        const { scheme } = form.values;
        return (
          <>
            <TextInput
              label="Name"
              description="Rules know it by this name."
              placeholder="GitHub"
              required
              maxLength={200}
              data-autofocus
              {...form.getInputProps('name')}
            />
            <Select
              label="How its posts are proved"
              description={SCHEMES[scheme].about}
              allowDeselect={false}
              data={SCHEME_CHOICES}
              {...form.getInputProps('scheme')}
            />
            {scheme === 'hmac' && (
              <Stack gap="sm">
                <TextInput label="Header" required {...form.getInputProps('header')} />
                <Group grow>
                  <Select
                    label="Hash"
                    allowDeselect={false}
                    data={['sha256', 'sha1']}
                    {...form.getInputProps('algorithm')}
                  />
                  <Select
                    label="Written as"
                    allowDeselect={false}
                    data={['hex', 'base64']}
                    {...form.getInputProps('encoding')}
                  />
                  <TextInput label="Before it" placeholder="sha256=" {...form.getInputProps('prefix')} />
                </Group>
              </Stack>
            )}
            {scheme !== 'none' && (
              <PasswordInput
                label="Secret"
                description={scheme === 'slack' ? 'Slack has made it.' : 'Made for you when you leave it empty.'}
                autoComplete="off"
                {...form.getInputProps('secret')}
              />
            )}
          </>
        );
      }}
    </FormModal>
  );
}

function schemeOf({ scheme, header, algorithm, encoding, prefix }: Omit<typeof EMPTY, 'name' | 'secret'>): HookScheme {
  if (scheme !== 'hmac') return scheme as HookScheme;
  return { scheme, header, algorithm, encoding, prefix: prefix || undefined } as HookScheme;
}

/** The address, and the secret for the only time. */
export function Made({ hook }: { hook: CreatedHook }) {
  return (
    <Stack gap="sm">
      <div>
        <Text size="sm" mb={4}>
          Let the service post JSON to this address:
        </Text>
        <Copyable value={window.location.origin + hook.path} label="Address" />
      </div>
      {hook.secret && <ShownOnce value={hook.secret} label="Secret" />}
    </Stack>
  );
}

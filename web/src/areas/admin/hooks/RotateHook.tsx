import { PasswordInput, Text } from '@mantine/core';
import { api, ask } from '~/api/client';
import type { Hook } from '~/api/schema';
import { FormModal } from '~/parts/FormModal';
import { Made } from './NewHook';

/** Gives a webhook a new secret. The one before counts no more. */
export function RotateHook({ hook, close }: { hook: Hook; close: () => void }) {
  return (
    <FormModal
      opened
      close={close}
      title={`A new secret for ${hook.name}`}
      initial={{ secret: '' }}
      action="Give it a new secret"
      touches="hooks"
      run={({ secret }) =>
        ask(
          api.POST('/api/v1/hooks/{id}/rotate', {
            params: { path: { id: hook.id } },
            body: { secret: secret || undefined },
          }),
        )
      }
      after={(made) => <Made hook={made} />}
    >
      {(form) => (
        <>
          <Text size="sm">What is posted with the secret so far is refused from then on.</Text>
          <PasswordInput
            label="New secret"
            description="Made for you when you leave it empty."
            autoComplete="off"
            {...form.getInputProps('secret')}
          />
        </>
      )}
    </FormModal>
  );
}

import { Button, TextInput } from '@mantine/core';
import { api, ask } from '~/api/client';
import type { SignedIn } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { Entrance } from './Entrance';
import { useEntry } from './useEntry';

/** The second half of a sign-in: what the app on one's phone shows, or a recovery code. */
export function SecondFactor(props: { challenge: string; done: (answer: SignedIn) => void; back: () => void }) {
  const { form, submit, pending, failed } = useEntry(
    { code: '' },
    ({ code }) => ask(api.POST('/api/v1/auth/login/second-factor', { body: { challenge: props.challenge, code } })),
    props.done,
  );
  return (
    <Entrance title="One more step" lead="Type the code that your authenticator app shows, or a recovery code.">
      <form onSubmit={submit} style={{ display: 'contents' }}>
        <TextInput label="Code" autoComplete="one-time-code" required autoFocus {...form.getInputProps('code')} />
        <ProblemAlert error={failed} />
        <Button type="submit" loading={pending}>
          Go on
        </Button>
        <Button variant="subtle" onClick={props.back}>
          Back
        </Button>
      </form>
    </Entrance>
  );
}

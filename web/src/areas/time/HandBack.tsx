import { Textarea } from '@mantine/core';
import { api, ask } from '~/api/client';
import { FormModal } from '~/parts/FormModal';
import { say } from '~/parts/toast';

/** Hands a week back to its person, who is told why. */
export function HandBack({
  opened,
  close,
  user,
  week,
}: {
  opened: boolean;
  close: () => void;
  user: string;
  week: string;
}) {
  return (
    <FormModal
      opened={opened}
      close={close}
      title="Hand the week back"
      initial={{ reason: '' }}
      action="Hand it back"
      touches="times"
      run={async ({ reason }) => {
        await ask(api.POST('/api/v1/timesheets/reject', { body: { user, week, reason } }));
        say('The week is handed back');
      }}
    >
      {(form) => (
        <Textarea
          label="What is to be corrected?"
          placeholder="Tuesday is missing"
          required
          autosize
          minRows={3}
          maxLength={2000}
          data-autofocus
          {...form.getInputProps('reason')}
        />
      )}
    </FormModal>
  );
}

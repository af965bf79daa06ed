import { Button, Group, Modal, Stack } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Problem } from '~/api/problem';
import { ProblemAlert } from './ProblemAlert';
import { usePhone } from './usePhone';

interface Asked<V, R> {
  close: () => void;
  initial: V;
  /** What the button says: a verb. */
  action: string;
  run: (values: V) => Promise<R>;
  /** The area whose lists are read anew afterwards. */
  touches: string;
  /** What is shown after it worked, instead of closing: a secret, a link. */
  after?: (result: R) => ReactNode;
  children: (form: UseFormReturnType<V>) => ReactNode;
}

/** A form in a dialog. What the server says of a field stands at the field; what was typed is kept when it fails. */
export function FormModal<V extends Record<string, unknown>, R>({
  opened,
  title,
  size,
  ...asked
}: Asked<V, R> & { opened: boolean; title: string; size?: string }) {
  const phone = usePhone();
  return (
    <Modal opened={opened} onClose={asked.close} title={title} size={size} fullScreen={phone && size !== undefined}>
      <Form {...asked} />
    </Modal>
  );
}

function Form<V extends Record<string, unknown>, R>(props: Asked<V, R>) {
  const { close, initial, action, run, touches, after, children } = props;
  const client = useQueryClient();
  const form = useForm<V>({ initialValues: initial });
  const doing = useMutation({
    mutationFn: run,
    meta: { quiet: true },
    onError: (error) => {
      if (error instanceof Problem) form.setErrors(error.byField());
    },
    onSuccess: (result) => {
      void client.invalidateQueries({ queryKey: [touches] });
      if (!after?.(result)) close();
    },
  });
  const shown = doing.isSuccess ? after?.(doing.data) : undefined;
  if (shown) {
    return (
      <Stack>
        {shown}
        <Group justify="flex-end">
          <Button onClick={close}>Done</Button>
        </Group>
      </Stack>
    );
  }
  const atFields = doing.error instanceof Problem && doing.error.errors.every(({ pointer }) => shows(form, pointer));
  const failed = atFields && doing.error instanceof Problem && doing.error.errors.length > 0 ? null : doing.error;
  return (
    <form onSubmit={form.onSubmit((values) => doing.mutate(values as V))}>
      <Stack>
        {children(form)}
        <ProblemAlert error={failed} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={doing.isPending}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Whether the form has a field at which the message can stand. */
const shows = <V extends Record<string, unknown>>(form: UseFormReturnType<V>, pointer: string) =>
  (pointer.slice(1).split('/')[0] ?? '') in form.values;

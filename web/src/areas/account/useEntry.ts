import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Problem } from '~/api/problem';
import type { SignedIn } from '~/api/schema';
import { session } from '~/api/session';

/** A form that ends with somebody signed in. What the server says of a field stands at the field. */
export function useEntry<T extends Record<string, string>>(
  initialValues: T,
  enter: (values: T) => Promise<SignedIn | undefined>,
  done: (answer: SignedIn) => void,
) {
  const client = useQueryClient();
  const form = useForm<T>({ mode: 'uncontrolled', initialValues });
  const entry = useMutation({
    mutationFn: enter,
    meta: { quiet: true },
    onError: (error) => {
      if (error instanceof Problem) form.setErrors(error.byField());
    },
    onSuccess: (answer) => {
      if (!answer) return;
      client.clear();
      session.begin(answer);
      done(answer);
    },
  });
  const failed = entry.error instanceof Problem && entry.error.errors.length > 0 ? undefined : entry.error;
  return { form, submit: form.onSubmit((values) => entry.mutate(values as T)), pending: entry.isPending, failed };
}

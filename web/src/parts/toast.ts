/** Short messages in the corner. */
import { notifications } from '@mantine/notifications';
import { Problem } from '~/api/problem';

/** Says what went wrong and what can be done about it. */
export function complain(error: unknown, title = 'That did not work') {
  const message = error instanceof Error ? error.message : String(error);
  const id = error instanceof Problem && error.unreachable ? 'unreachable' : undefined;
  notifications.show({ id, title, message, color: 'red', autoClose: 10_000, role: 'alert' });
}

export function say(message: string, title?: string) {
  notifications.show({ title, message, autoClose: 5_000, role: 'status' });
}

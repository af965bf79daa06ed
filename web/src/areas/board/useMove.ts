import { notifications } from '@mantine/notifications';
import { createElement, useCallback } from 'react';
import type { Task } from '~/api/schema';
import { useChangeTask } from '~/areas/tasks/queries';
import { UndoMessage } from '~/parts/UndoMessage';
import type { Card } from './cache';

/** Moves a card to another status; with `undo` the toast that says so can take it back. */
export function useMove() {
  const { mutate } = useChangeTask();
  return useCallback(
    (card: Card, status: { key: string; name: string }, undo = false) => {
      // A card has what is compared when somebody else was faster.
      const task = card as Task;
      mutate(
        { task, patch: { status: status.key } },
        {
          onSuccess: (moved) => {
            if (!undo) return;
            const id = `moved-${card.id}`;
            const message = createElement(UndoMessage, {
              id,
              text: `${card.key} is in ${status.name}.`,
              undo: () => mutate({ task: moved, patch: { status: card.status } }),
            });
            notifications.show({ id, message, autoClose: 6_000 });
          },
        },
      );
    },
    [mutate],
  );
}

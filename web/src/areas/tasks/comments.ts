import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ask, ifMatch } from '~/api/client';
import type { Comment } from '~/api/schema';
import { outbox } from '~/offline/outbox';

/** Says something about a task, changes it and takes it back. */
export function useComments(task: { id: string; key: string }) {
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: ['tasks', 'comments', task.id] });
  const add = useMutation({
    meta: { quiet: true },
    mutationFn: (body: string) => outbox.addComment(task, body),
    onSettled,
  });
  const change = useMutation({
    meta: { quiet: true },
    mutationFn: ({ comment, body }: { comment: Comment; body: string }) =>
      ask(
        api.PATCH('/api/v1/comments/{id}', {
          params: { path: { id: comment.id }, header: ifMatch(comment.version) },
          body: { body },
        }),
      ),
    onSettled,
  });
  const remove = (comment: Comment) =>
    ask(api.DELETE('/api/v1/comments/{id}', { params: { path: { id: comment.id } } })).then(onSettled);
  return { add, change, remove };
}

/** What people say about a task. */
import { ActionIcon, Group, Menu, Modal, Skeleton, Stack, Text } from '@mantine/core';
import { IconDots, IconHistory, IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Comment, Task } from '~/api/schema';
import { useMe } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { Confirm } from '~/parts/Confirm';
import { Face } from '~/parts/Face';
import { Markdown } from '~/parts/Markdown';
import { MarkdownEditor } from '~/parts/MarkdownEditor';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { When } from '~/parts/When';
import { useComments } from '../comments';
import { commentHistoryQuery, commentsQuery } from '../details';
import { useDraft } from '../draft';
import type { Rights } from '../useRights';
import { CheckIn } from './CheckIn';
import classes from './task.module.css';

interface Props {
  task: Task;
  rights: Rights;
  writing: (done?: boolean) => void;
  writers: string[];
  onFiles: (files: File[]) => void;
}

export function Comments({ task, rights, writing, writers, onFiles }: Props) {
  const { data: comments, error, refetch } = useQuery(commentsQuery(task.id));
  return (
    <Stack gap="sm">
      {error && <ProblemAlert error={error} retry={refetch} />}
      {!comments && !error && <Skeleton height={60} />}
      {comments?.length === 0 && (
        <Text size="sm" c="dimmed">
          {rights.comment ? 'Nobody has said anything yet. Write the first comment.' : 'Nobody has said anything yet.'}
        </Text>
      )}
      <Stack gap="xs" role="log" aria-label="Comments">
        {comments?.map((comment) => (
          <Said key={comment.id} comment={comment} task={task} rights={rights} />
        ))}
      </Stack>
      <Writers ids={writers} />
      {rights.comment && <Compose task={task} writing={writing} onFiles={onFiles} />}
    </Stack>
  );
}

/** Who is writing at the moment. */
function Writers({ ids }: { ids: string[] }) {
  const people = usePeople();
  const names = ids.map((id) => people.get(id)?.name.split(' ')[0] ?? 'Somebody');
  return (
    <Text size="xs" c="dimmed" mih={18} aria-live="polite" component="output">
      {names.length === 1 && `${names[0]} is writing …`}
      {names.length > 1 && `${names.join(' and ')} are writing …`}
    </Text>
  );
}

function Compose({ task, writing, onFiles }: Pick<Props, 'task' | 'writing' | 'onFiles'>) {
  const [draft, keep] = useDraft(`${task.id}.comment`);
  const { add } = useComments(task);
  const text = draft?.text ?? '';
  const send = () => {
    if (!text.trim() || add.isPending) return;
    add.mutate(text.trim(), {
      onSuccess: (sent) => {
        keep(undefined);
        writing(true);
        if (!sent) say('It is sent when the connection is back.');
      },
    });
  };
  const type = (next: string) => keep(next ? { text: next } : undefined);
  return (
    <Stack gap="xs">
      <ProblemAlert error={add.error} />
      <MarkdownEditor
        label="Write a comment"
        placeholder="Write a comment. @ names somebody."
        saveLabel="Comment"
        minRows={2}
        value={text}
        saving={add.isPending}
        onChange={(next) => {
          type(next);
          writing();
        }}
        onSave={send}
        onFiles={onFiles}
      >
        <CheckIn onText={(where) => type(text ? `${text.trimEnd()}\n\n${where}` : where)} />
      </MarkdownEditor>
    </Stack>
  );
}

function Said({ comment, task, rights }: { comment: Comment; task: Task; rights: Rights }) {
  const people = usePeople();
  const { data: me } = useMe();
  const [draft, keep] = useDraft<number>(`${comment.id}.edit`);
  const [open, setOpen] = useState(false);
  const [asking, setAsking] = useState<'delete' | 'history'>();
  const { change, remove } = useComments(task);
  const name = comment.author ? (people.get(comment.author)?.name ?? 'Somebody') : 'Trackside';
  const own = comment.author === me?.user.id && rights.comment;
  const editing = open || draft !== undefined;
  const end = () => {
    keep(undefined);
    setOpen(false);
    change.reset();
  };
  if (comment.deleted_at) {
    return (
      <Group className={classes.comment} gap="xs">
        <Text size="sm" c="dimmed" fs="italic" flex={1}>
          A comment of {name} was deleted.
        </Text>
        {rights.moderate && <More history={() => setAsking('history')} />}
        {asking === 'history' && <History comment={comment} close={() => setAsking(undefined)} />}
      </Group>
    );
  }
  return (
    <article className={classes.comment} aria-label={`Comment of ${name}`} id={comment.id}>
      <Group gap="xs" mb={4} wrap="nowrap">
        <Face name={name} size={24} />
        <Text size="sm" fw={600} truncate>
          {name}
        </Text>
        <Text size="xs" c="dimmed" flex={1} truncate>
          <When at={comment.created_at} />
          {comment.edited_at && ' · edited'}
        </Text>
        {(own || rights.moderate) && (
          <More
            edit={own ? () => setOpen(true) : undefined}
            history={rights.moderate ? () => setAsking('history') : undefined}
            remove={() => setAsking('delete')}
          />
        )}
      </Group>
      {editing ? (
        <Stack gap="xs">
          <ProblemAlert error={change.error} />
          <MarkdownEditor
            label="Change the comment"
            value={draft?.text ?? comment.body}
            autoFocus={open}
            saving={change.isPending}
            onChange={(text) => keep({ text, base: draft?.base ?? comment.version })}
            onSave={() => {
              const body = (draft?.text ?? comment.body).trim();
              if (!body || body === comment.body) return end();
              change.mutate({ comment, body }, { onSuccess: end });
            }}
            onCancel={end}
          />
        </Stack>
      ) : (
        <Markdown>{comment.body}</Markdown>
      )}
      <Confirm
        opened={asking === 'delete'}
        close={() => setAsking(undefined)}
        title="Delete this comment?"
        action="Delete the comment"
        run={() => remove(comment)}
      >
        Its text goes away for everybody, and its place stays. This cannot be undone.
      </Confirm>
      {asking === 'history' && <History comment={comment} close={() => setAsking(undefined)} />}
    </article>
  );
}

function More({ edit, history, remove }: { edit?: () => void; history?: () => void; remove?: () => void }) {
  return (
    <Menu position="bottom-end" width={180}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label="What can be done with the comment">
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {edit && (
          <Menu.Item leftSection={<IconPencil size={14} />} onClick={edit}>
            Edit
          </Menu.Item>
        )}
        {history && (
          <Menu.Item leftSection={<IconHistory size={14} />} onClick={history}>
            Earlier versions
          </Menu.Item>
        )}
        {remove && (
          <Menu.Item leftSection={<IconTrash size={14} />} c="var(--mantine-color-error)" onClick={remove}>
            Delete
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function History({ comment, close }: { comment: Comment; close: () => void }) {
  const people = usePeople();
  const { data, error, refetch } = useQuery(commentHistoryQuery(comment.id));
  return (
    <Modal opened onClose={close} title="Earlier versions" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        {error && <ProblemAlert error={error} retry={refetch} />}
        {!data && !error && <Skeleton height={60} />}
        {data?.items.length === 0 && <Text size="sm">It was never changed.</Text>}
        {data?.items.map(({ version, body, replaced_at, replaced_by }) => (
          <div key={version} className={classes.comment}>
            <Text size="xs" c="dimmed" mb={4}>
              Until <When at={replaced_at} />, changed by {(replaced_by && people.get(replaced_by)?.name) || 'somebody'}
            </Text>
            <Markdown>{body}</Markdown>
          </div>
        ))}
      </Stack>
    </Modal>
  );
}

import { ActionIcon, Button, FileButton, Group, Image, Progress, Stack, Text } from '@mantine/core';
import { IconCamera, IconDownload, IconFile, IconPaperclip, IconRefresh, IconTrash, IconX } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, ask, raw } from '~/api/client';
import type { Attachment, Task } from '~/api/schema';
import { Confirm } from '~/parts/Confirm';
import { complain } from '~/parts/toast';
import { usePhone } from '~/parts/usePhone';
import { When } from '~/parts/When';
import { attachmentsQuery } from '../details';
import type { Upload, useUploads } from '../upload';
import { Section } from './Section';
import classes from './task.module.css';

const SIZES = ['B', 'kB', 'MB', 'GB'];

export function bytes(size: number): string {
  const step = Math.min(SIZES.length - 1, Math.floor(Math.log10(Math.max(size, 1)) / 3));
  return `${(size / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${SIZES[step]}`;
}

async function save({ id, name }: Attachment) {
  const answer = await raw(`/api/v1/attachments/${id}/content`);
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The files of a task. They are put there by choosing, dropping, pasting, or with the camera of a phone. */
export function Attachments({ task, may, files }: { task: Task; may: boolean; files: ReturnType<typeof useUploads> }) {
  const { data: attachments = [] } = useQuery(attachmentsQuery(task.id));
  const phone = usePhone();
  const choose = useRef<() => void>(null);
  const photo = useRef<() => void>(null);
  if (attachments.length === 0 && !may) return null;
  return (
    <Section
      title="Files"
      count={attachments.length}
      action={
        may && (
          <Group gap={4}>
            {phone && (
              <FileButton
                accept="image/*"
                capture="environment"
                resetRef={photo}
                onChange={(file) => {
                  if (file) files.add([file]);
                  photo.current?.();
                }}
              >
                {(button) => (
                  <Button {...button} size="compact-sm" variant="subtle" leftSection={<IconCamera size={16} />}>
                    Take a photo
                  </Button>
                )}
              </FileButton>
            )}
            <FileButton
              multiple
              resetRef={choose}
              onChange={(chosen) => {
                files.add(chosen);
                choose.current?.();
              }}
            >
              {(button) => (
                <Button
                  {...button}
                  size="compact-sm"
                  variant="subtle"
                  leftSection={<IconPaperclip size={14} />}
                  aria-label="Add a file"
                >
                  Add
                </Button>
              )}
            </FileButton>
          </Group>
        )
      }
    >
      <div>
        {attachments.map((one) => (
          <Kept key={one.id} file={one} may={may} />
        ))}
      </div>
      {files.uploads.map((upload) => (
        <OnItsWay key={upload.id} upload={upload} again={() => files.again(upload)} />
      ))}
    </Section>
  );
}

function Kept({ file, may }: { file: Attachment; may: boolean }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const get = useMutation({ mutationFn: () => save(file), meta: { quiet: true }, onError: (error) => complain(error) });
  const remove = async () => {
    await ask(api.DELETE('/api/v1/attachments/{id}', { params: { path: { id: file.id } } }));
    await client.invalidateQueries({ queryKey: ['tasks', 'attachments', file.task] });
  };
  return (
    <div className={classes.item}>
      <Thumbnail file={file} />
      <div style={{ flex: 1, minWidth: 0 }}>
        <Text size="sm" truncate title={file.name}>
          {file.name}
        </Text>
        <Text size="xs" c="dimmed">
          {bytes(file.size)} · <When at={file.created_at} />
        </Text>
      </div>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Download ${file.name}`}
        loading={get.isPending}
        onClick={() => get.mutate()}
      >
        <IconDownload size={16} />
      </ActionIcon>
      {may && (
        <ActionIcon variant="subtle" color="gray" aria-label={`Delete ${file.name}`} onClick={() => setAsking(true)}>
          <IconTrash size={16} />
        </ActionIcon>
      )}
      <Confirm
        opened={asking}
        close={() => setAsking(false)}
        title={`Delete ${file.name}?`}
        action="Delete the file"
        run={remove}
      >
        The file is taken off the task for everybody. This cannot be undone.
      </Confirm>
    </div>
  );
}

const SHOWN = /^image\/(png|jpeg|gif|webp|avif)$/;

/** A small picture of what is one, read with the rights of whoever is signed in. */
function Thumbnail({ file }: { file: Attachment }) {
  const wanted = SHOWN.test(file.content_type) && file.size < 5_000_000;
  const { data } = useQuery({
    queryKey: ['files', file.id],
    queryFn: () => raw(`/api/v1/attachments/${file.id}/content`).then((answer) => answer.blob()),
    enabled: wanted,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 5 * 60_000,
  });
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!data) return;
    const made = URL.createObjectURL(data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [data]);
  if (!url) return <IconFile size={20} stroke={1.5} aria-hidden style={{ width: 36, flexShrink: 0 }} />;
  return <Image src={url} alt="" w={36} h={36} radius="sm" fit="cover" />;
}

function OnItsWay({ upload, again }: { upload: Upload; again: () => void }) {
  const { file, done, error, cancel } = upload;
  const percent = Math.round(done * 100);
  return (
    <Stack gap={4} className={classes.drop}>
      <Group gap="xs" wrap="nowrap">
        <Text size="sm" truncate flex={1}>
          {file.name || 'Picture'}
        </Text>
        <Text size="xs" c="dimmed" role="status">
          {error ? '' : `${percent} %`}
        </Text>
        {error && (
          <ActionIcon variant="subtle" aria-label={`Try ${file.name} again`} onClick={again}>
            <IconRefresh size={16} />
          </ActionIcon>
        )}
        <ActionIcon variant="subtle" color="gray" aria-label={`Cancel ${file.name}`} onClick={cancel}>
          <IconX size={16} />
        </ActionIcon>
      </Group>
      {error ? (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {error.message}
        </Text>
      ) : (
        <Progress value={percent} size="xs" aria-label={`${file.name}: ${percent} % sent`} />
      )}
    </Stack>
  );
}

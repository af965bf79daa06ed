import { ActionIcon, Button, Group, Stack, Textarea, Title, type TitleOrder } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import type { Task } from '~/api/schema';
import { Dictate } from '~/parts/Dictate';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useTextEdit } from '../useTextEdit';
import { Both } from './Both';
import classes from './task.module.css';

/** What is to be done. A click on it, or the pen beside it, changes it. */
export function TaskTitle({ task, order, may }: { task: Task; order: TitleOrder; may: boolean }) {
  const edit = useTextEdit(task, 'title');
  if (!may || !edit.editing) {
    return (
      <Group gap={4} wrap="nowrap" align="flex-start">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: a short cut; the button beside it does the same. */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: likewise. */}
        <div
          className={may ? `${classes.title} ${classes.editable}` : classes.title}
          onClick={may ? edit.begin : undefined}
        >
          <Title order={order} size="h3" dir="auto">
            {task.title}
          </Title>
        </div>
        {may && (
          <ActionIcon variant="subtle" color="gray" aria-label="Edit title" onClick={edit.begin}>
            <IconPencil size={16} />
          </ActionIcon>
        )}
      </Group>
    );
  }
  return (
    <Stack gap="xs">
      <Title order={order} className="sr-only">
        {task.title}
      </Title>
      <Textarea
        aria-label="Title"
        autoFocus
        autosize
        minRows={1}
        maxLength={500}
        dir="auto"
        value={edit.text}
        data-mantine-stop-propagation="true"
        styles={{ input: { fontSize: 18, fontWeight: 650 } }}
        onChange={(event) => edit.type(event.currentTarget.value.replaceAll('\n', ' '))}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault();
            edit.save();
          }
          if (event.key === 'Escape') edit.cancel();
        }}
      />
      <Both edit={edit} what="title" />
      <ProblemAlert error={edit.failure} />
      <Group gap="xs" justify="flex-end">
        <Dictate onText={(said) => edit.type(`${edit.text} ${said}`.trim())} label="Dictate the title" />
        <Button size="xs" variant="default" onClick={edit.cancel}>
          Cancel
        </Button>
        <Button size="xs" onClick={edit.save} loading={edit.saving} disabled={!edit.text.trim()}>
          Save
        </Button>
      </Group>
    </Stack>
  );
}

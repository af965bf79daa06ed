import { Alert, Button, Text } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import type { Task } from '~/api/schema';
import { Markdown } from '~/parts/Markdown';
import { MarkdownEditor } from '~/parts/MarkdownEditor';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useTextEdit } from '../useTextEdit';
import { Both } from './Both';
import { Section } from './Section';

/** More about what is to be done, in Markdown. */
export function Description({
  task,
  may,
  writing,
  onFiles,
}: {
  task: Task;
  may: boolean;
  writing: () => void;
  onFiles: (files: File[]) => void;
}) {
  const edit = useTextEdit(task, 'description');
  if (may && edit.editing) {
    return (
      <Section title="Description">
        {edit.restored && (
          <Alert color="blue" py="xs" role="status">
            This was not saved the last time. Go on, save it, or throw it away with “Cancel”.
          </Alert>
        )}
        <Both edit={edit} what="description" />
        <ProblemAlert error={edit.failure} />
        <MarkdownEditor
          label="Description"
          autoFocus={!edit.restored}
          minRows={5}
          value={edit.text}
          saving={edit.saving}
          onChange={(text) => {
            edit.type(text);
            writing();
          }}
          onSave={edit.save}
          onCancel={edit.cancel}
          onFiles={onFiles}
          placeholder="What is it about? **Markdown** works, and @ names somebody."
        />
      </Section>
    );
  }
  return (
    <Section
      title="Description"
      action={
        may &&
        task.description && (
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconPencil size={14} />}
            onClick={edit.begin}
            aria-label="Edit description"
          >
            Edit
          </Button>
        )
      }
    >
      {task.description ? (
        <Markdown>{task.description}</Markdown>
      ) : may ? (
        <Button variant="default" onClick={edit.begin} justify="flex-start" fw={400} c="dimmed">
          Add a description…
        </Button>
      ) : (
        <Text size="sm" c="dimmed">
          There is no description.
        </Text>
      )}
    </Section>
  );
}

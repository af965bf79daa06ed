import { Badge, Button, Group, Skeleton, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Field, Project } from '~/api/schema';
import { Confirm } from '~/parts/Confirm';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { fieldsQuery } from '../queries';
import { FIELD_TYPES, FieldForm } from './FieldForm';
import { useDeleteField } from './queries';
import { Section } from './Section';
import classes from './settings.module.css';

/** What else a project wants to know of its tasks. */
export function Fields({ project, mayEdit }: { project: Project; mayEdit: boolean }) {
  const fields = useQuery(fieldsQuery(project.key));
  const remove = useDeleteField(project.key);
  const [open, setOpen] = useState<Field | 'new'>();
  const [going, setGoing] = useState<Field>();
  return (
    <Section
      title="Custom fields"
      lead="What else is to be known of each task. From the first one on, tasks of this project take no other fields."
    >
      {fields.isPending && <Skeleton h={120} />}
      {fields.isError && !fields.data && <ProblemAlert error={fields.error} retry={() => void fields.refetch()} />}
      {fields.data?.length === 0 && (
        <Text size="sm" c="dimmed">
          There is none yet. Add one for what you would otherwise write into descriptions, such as a severity, a
          customer or a price.
        </Text>
      )}
      <ul className={classes.lines}>
        {fields.data?.map((field) => (
          <li key={field.key} className={classes.line}>
            <div className={classes.grow}>
              <Text size="sm" fw={500}>
                {field.name}
              </Text>
              <Text size="xs" c="dimmed">
                {FIELD_TYPES[field.type]}
                {field.options.length > 0 && `: ${field.options.map(({ name }) => name).join(', ')}`}
                {field.currency && ` in ${field.currency}`}
              </Text>
            </div>
            {field.required && (
              <Badge variant="default" tt="none" fw={400}>
                Required
              </Badge>
            )}
            {field.sensitive && (
              <Badge variant="default" tt="none" fw={400}>
                Sensitive
              </Badge>
            )}
            {mayEdit && (
              <Group gap={4}>
                <Button size="compact-sm" variant="subtle" onClick={() => setOpen(field)}>
                  Change
                </Button>
                <Button size="compact-sm" variant="subtle" color="red" onClick={() => setGoing(field)}>
                  Delete
                </Button>
              </Group>
            )}
          </li>
        ))}
      </ul>
      {mayEdit && (
        <Button
          mt="sm"
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => setOpen('new')}
        >
          Add a field
        </Button>
      )}
      {open && (
        <FieldForm
          project={project.key}
          field={open === 'new' ? undefined : open}
          taken={fields.data?.map(({ key }) => key) ?? []}
          close={() => setOpen(undefined)}
        />
      )}
      {going && (
        <Confirm
          opened
          close={() => setGoing(undefined)}
          title={`Delete the field ${going.name}?`}
          action="Delete field"
          run={() => remove.mutateAsync(going.key)}
        >
          What tasks hold in it is deleted as well, and cannot be brought back.
        </Confirm>
      )}
    </Section>
  );
}

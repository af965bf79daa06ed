import { Badge, Button, Group, Select, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Label, Project, TypeInfo } from '~/api/schema';
import { Confirm } from '~/parts/Confirm';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { labelsQuery, typesQuery } from '../queries';
import { keyOf } from './keyOf';
import { useAddType, useDeleteType, useRenameLabel, useRenameType } from './queries';
import { Renamed } from './Renamed';
import { Section } from './Section';
import classes from './settings.module.css';

/** What kinds of work there are, and the labels that tasks have. */
export function TypesAndLabels({ project, mayEdit }: { project: Project; mayEdit: boolean }) {
  return (
    <>
      <Types project={project.key} mayEdit={mayEdit} />
      <Labels project={project.key} mayEdit={mayEdit} />
    </>
  );
}

function Types({ project, mayEdit }: { project: string; mayEdit: boolean }) {
  const types = useQuery(typesQuery(project));
  const add = useAddType(project);
  const rename = useRenameType(project);
  const [name, setName] = useState('');
  const [going, setGoing] = useState<TypeInfo>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const key = keyOf(
      name,
      types.data?.map(({ key }) => key),
    );
    add.mutate({ key, name: name.trim() }, { onSuccess: () => setName('') });
  };
  return (
    <Section title="Types of tasks" lead="Every project has the usual ones, and up to fifty of its own.">
      {!types.data && <Skeleton h={120} />}
      <ul className={classes.lines}>
        {types.data?.map((type) => (
          <li key={type.key} className={classes.line}>
            {type.builtin || !mayEdit ? (
              <Text size="sm" className={classes.grow}>
                {type.name}
              </Text>
            ) : (
              <Renamed
                value={type.name}
                label={`Name of the type ${type.name}`}
                rename={(to) => rename.mutateAsync({ key: type.key, name: to })}
              />
            )}
            {type.builtin ? (
              <Badge variant="default" tt="none" fw={400}>
                In every project
              </Badge>
            ) : (
              mayEdit && (
                <Button size="compact-sm" variant="subtle" color="red" onClick={() => setGoing(type)}>
                  Delete
                </Button>
              )
            )}
          </li>
        ))}
      </ul>
      {mayEdit && (
        <form onSubmit={submit}>
          <Group gap="xs" mt="sm" align="flex-end">
            <TextInput
              label="Another type"
              placeholder="Incident"
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" loading={add.isPending} disabled={name.trim() === ''}>
              Add type
            </Button>
          </Group>
        </form>
      )}
      <Stack mt="xs">
        <ProblemAlert error={add.error ?? rename.error} />
      </Stack>
      {going && (
        <DeleteType project={project} type={going} types={types.data ?? []} close={() => setGoing(undefined)} />
      )}
    </Section>
  );
}

function DeleteType(props: { project: string; type: TypeInfo; types: TypeInfo[]; close: () => void }) {
  const { project, type, types, close } = props;
  const remove = useDeleteType(project);
  const [replacement, setReplacement] = useState('task');
  return (
    <Confirm
      opened
      close={close}
      title={`Delete the type ${type.name}?`}
      action="Delete type"
      run={() => remove.mutateAsync({ key: type.key, replacement })}
    >
      <Select
        label="Its tasks become"
        allowDeselect={false}
        data={types.filter(({ key }) => key !== type.key).map(({ key, name }) => ({ value: key, label: name }))}
        value={replacement}
        onChange={(value) => value && setReplacement(value)}
      />
    </Confirm>
  );
}

function Labels({ project, mayEdit }: { project: string; mayEdit: boolean }) {
  const labels = useQuery(labelsQuery(project));
  const rename = useRenameLabel(project);
  const [going, setGoing] = useState<Label>();
  return (
    <Section
      title="Labels"
      lead="Labels come to be when a task is given one. Here they get another name on all tasks at once, or are taken off."
    >
      {!labels.data && <Skeleton h={80} />}
      {labels.data?.length === 0 && (
        <Text size="sm" c="dimmed">
          No task of this project has a label yet.
        </Text>
      )}
      <ul className={classes.lines}>
        {labels.data?.map((label) => (
          <li key={label.label} className={classes.line}>
            {mayEdit ? (
              <Renamed
                value={label.label}
                label={`Name of the label ${label.label}`}
                maxLength={64}
                rename={async (to) => {
                  const { tasks } = await rename.mutateAsync({ from: label.label, to });
                  say(`${tasks} ${tasks === 1 ? 'task has' : 'tasks have'} the label ${to} now.`);
                }}
              />
            ) : (
              <Text size="sm" className={classes.grow}>
                {label.label}
              </Text>
            )}
            <Text size="sm" c="dimmed">
              {label.tasks} {label.tasks === 1 ? 'task' : 'tasks'}
            </Text>
            {mayEdit && (
              <Button size="compact-sm" variant="subtle" color="red" onClick={() => setGoing(label)}>
                Take off
              </Button>
            )}
          </li>
        ))}
      </ul>
      <ProblemAlert error={rename.error} />
      {going && (
        <Confirm
          opened
          close={() => setGoing(undefined)}
          title={`Take the label ${going.label} off?`}
          action="Take it off"
          run={() => rename.mutateAsync({ from: going.label, to: null })}
        >
          {going.tasks} {going.tasks === 1 ? 'task loses' : 'tasks lose'} it. The tasks stay.
        </Confirm>
      )}
    </Section>
  );
}

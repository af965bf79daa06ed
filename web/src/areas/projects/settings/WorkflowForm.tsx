import { Button, Group, Radio, Select, Skeleton, Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Project, Status, Transition, Workflow } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { workflowQuery } from '../queries';
import { keyOf } from './keyOf';
import { useSaveWorkflow } from './queries';
import { Section } from './Section';
import { StatusLines } from './StatusLines';
import classes from './settings.module.css';
import { WayTable } from './WayTable';

/** The statuses of a project's tasks, their order, and the ways between them. */
export function WorkflowForm({ project, mayEdit }: { project: Project; mayEdit: boolean }) {
  const workflow = useQuery(workflowQuery(project.key));
  if (workflow.isError && !workflow.data)
    return <ProblemAlert error={workflow.error} retry={() => workflow.refetch()} />;
  if (!workflow.data) return <Skeleton h={360} />;
  return <Form project={project} workflow={workflow.data} mayEdit={mayEdit} />;
}

/** A status that goes away, and where its tasks go. */
interface Leaving {
  status: Status;
  to: string;
}

function Form({ project, workflow, mayEdit }: { project: Project; workflow: Workflow; mayEdit: boolean }) {
  const [seen, setSeen] = useState(workflow);
  const [statuses, setStatuses] = useState(workflow.statuses);
  const [ways, setWays] = useState(workflow.transitions);
  const [initial, setInitial] = useState(workflow.initial);
  const [leaving, setLeaving] = useState<Leaving[]>([]);
  const save = useSaveWorkflow(project.key);
  const takeNew = (now: Workflow) => {
    setSeen(now);
    setStatuses(now.statuses);
    setWays(now.transitions);
    setInitial(now.initial);
    setLeaving([]);
    save.reset();
  };
  const edited = { statuses, transitions: ways, initial };
  const dirty = JSON.stringify(edited) !== JSON.stringify(seen);
  const meanwhile = JSON.stringify(workflow) !== JSON.stringify(seen);
  const add = () => {
    const taken = [...statuses, ...leaving.map(({ status }) => status)].map(({ key }) => key);
    setStatuses([...statuses, { key: keyOf('new status', taken), name: 'New status', category: 'in_progress' }]);
  };
  const remove = (status: Status) => {
    const rest = statuses.filter(({ key }) => key !== status.key);
    setStatuses(rest);
    if (initial === status.key) setInitial(rest[0]?.key ?? '');
    if (Array.isArray(ways)) setWays(ways.filter(({ from, to }) => from !== status.key && to !== status.key));
    const known = seen.statuses.some(({ key }) => key === status.key);
    const alike = rest.find(({ category }) => category === status.category) ?? rest[0];
    if (known && alike) setLeaving([...leaving, { status, to: alike.key }]);
  };
  const submit = () =>
    save.mutate(
      {
        ...edited,
        // What is new is kept by a key that is made of its name, once.
        ...withKeys(edited, seen),
        replace: Object.fromEntries(leaving.map(({ status, to }) => [status.key, to])),
      },
      {
        onSuccess: (saved) => {
          takeNew(saved);
          say('The workflow is saved.');
        },
      },
    );
  const options = statuses.map(({ key, name }) => ({ value: key, label: name }));
  return (
    <>
      <Section
        title="Statuses"
        lead="The columns of the board, in the order in which work goes. The meaning decides what counts as open or done."
      >
        <StatusLines statuses={statuses} change={setStatuses} remove={remove} mayEdit={mayEdit} />
        {mayEdit && (
          <Button mt="sm" variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
            Add a status
          </Button>
        )}
        {leaving.length > 0 && (
          <Stack gap="xs" mt="md">
            {leaving.map(({ status, to }) => (
              <Group key={status.key} gap="xs">
                <Text size="sm">Tasks in “{status.name}” go to</Text>
                <Select
                  aria-label={`Where tasks in ${status.name} go`}
                  size="xs"
                  allowDeselect={false}
                  data={options}
                  value={to}
                  onChange={(value) =>
                    setLeaving(
                      leaving.map((one) => (one.status.key === status.key ? { ...one, to: value ?? to } : one)),
                    )
                  }
                />
              </Group>
            ))}
          </Stack>
        )}
        <Select
          mt="md"
          label="A new task begins in"
          maw={260}
          allowDeselect={false}
          disabled={!mayEdit}
          data={options}
          value={initial}
          onChange={(value) => value && setInitial(value)}
        />
      </Section>
      <Section title="Ways" lead="Which way a card may go. What is closed here is closed to people and rules alike.">
        <Radio.Group
          aria-label="Which ways are open"
          value={ways === 'any' ? 'any' : 'some'}
          onChange={(value) => setWays(value === 'any' ? 'any' : everyWay(statuses))}
        >
          <Stack gap="xs">
            <Radio value="any" label="From any status to any other" disabled={!mayEdit} />
            <Radio value="some" label="Only the ways that are ticked" disabled={!mayEdit} />
          </Stack>
        </Radio.Group>
        {ways !== 'any' && (
          <div className={classes.ways}>
            <WayTable statuses={statuses} ways={ways} change={setWays} mayEdit={mayEdit} />
          </div>
        )}
      </Section>
      {meanwhile && !save.isPending && (
        <Group mb="sm" role="status">
          <Text size="sm">Somebody else changed the workflow meanwhile.</Text>
          <Button size="compact-sm" variant="default" onClick={() => takeNew(workflow)}>
            Show it as it is now
          </Button>
        </Group>
      )}
      <ProblemAlert error={save.error} />
      {mayEdit && (
        <Button mt="xs" loading={save.isPending} disabled={!dirty} onClick={submit}>
          Save
        </Button>
      )}
    </>
  );
}

const everyWay = (statuses: Status[]): Transition[] =>
  statuses.flatMap(({ key: from }) => statuses.filter(({ key }) => key !== from).map(({ key: to }) => ({ from, to })));

/** New statuses with a key after their name, also where ways and the beginning speak of them. */
function withKeys({ statuses, transitions, initial }: Workflow, seen: Workflow): Workflow {
  const keys = new Map<string, string>();
  const old = seen.statuses.map(({ key }) => key);
  for (const { key, name } of statuses)
    keys.set(key, old.includes(key) ? key : keyOf(name, [...old, ...keys.values()]));
  const now = (key: string) => keys.get(key) ?? key;
  return {
    statuses: statuses.map((status) => ({ ...status, key: now(status.key) })),
    transitions:
      transitions === 'any' ? transitions : transitions.map(({ from, to }) => ({ from: now(from), to: now(to) })),
    initial: now(initial),
  };
}

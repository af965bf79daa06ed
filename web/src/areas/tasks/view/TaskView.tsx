/** A task with all that hangs on it: in a drawer over any page, and as a page of its own. */
import { Button, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type DragEvent, useEffect, useState } from 'react';
import { Problem } from '~/api/problem';
import type { Task } from '~/api/schema';
import { freshen } from '~/live/freshen';
import { useTopic } from '~/live/live';
import { usePresence } from '~/live/presence';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { PeopleNames } from '../fields/People';
import { Row } from '../fields/Row';
import { TaskPicker } from '../fields/TaskPicker';
import { taskQuery, useChangeTask } from '../queries';
import { useUploads } from '../upload';
import { useRights } from '../useRights';
import { Attachments } from './Attachments';
import { Comments } from './Comments';
import { Description } from './Description';
import { Fields } from './Fields';
import { Head } from './Head';
import { History } from './History';
import { Relations } from './Relations';
import { RuleButtons } from './RuleButtons';
import { Section } from './Section';
import { Slas } from './Slas';
import { Subtasks } from './Subtasks';
import { TaskTitle } from './TaskTitle';
import { TimeSpent } from './TimeSpent';
import classes from './task.module.css';

interface Props {
  /** The key or the id. */
  id: string;
  /** Closes the drawer; left out on the page of the task. */
  close?: () => void;
  /** What happens once the task is deleted. */
  gone: () => void;
}

export function TaskView({ id, close, gone }: Props) {
  const { data: task, error, refetch } = useQuery(taskQuery(id));
  useEffect(() => {
    if (!task) return;
    const before = document.title;
    document.title = `${task.key} ${task.title} · Trackside`;
    return () => {
      document.title = before;
    };
  }, [task]);
  if (error && !task) {
    const missing = error instanceof Problem && error.status === 404;
    return (
      <Stack>
        <ProblemAlert
          error={missing ? new Error(`There is no task ${id}, or none that you may see.`) : error}
          retry={missing ? undefined : refetch}
        />
        {close && (
          <Button variant="default" onClick={close}>
            Close
          </Button>
        )}
      </Stack>
    );
  }
  if (!task) {
    return (
      <Stack aria-busy="true" aria-label="Loading the task">
        <Skeleton height={20} width="40%" />
        <Skeleton height={32} />
        <Skeleton height={120} />
        <Skeleton height={200} />
      </Stack>
    );
  }
  return <Loaded key={task.id} task={task} close={close} gone={gone} />;
}

function Loaded({ task, close, gone }: Omit<Props, 'id'> & { task: Task }) {
  const client = useQueryClient();
  const rights = useRights(task.id);
  const topic = `task:${task.id}`;
  useTopic(rights.seeEvents ? topic : undefined, { onEvent: (event) => freshen(client, event) });
  const { here, writers, writing } = usePresence(rights.seeEvents ? topic : undefined);
  const files = useUploads(task.id);
  const [over, setOver] = useState(false);
  const takes = rights.edit && ((event: DragEvent) => event.dataTransfer.types.includes('Files'));
  const drag = takes
    ? {
        onDragOver: (event: DragEvent) => {
          if (!takes(event)) return;
          event.preventDefault();
          setOver(true);
        },
        onDragLeave: () => setOver(false),
        onDrop: (event: DragEvent) => {
          if (!takes(event)) return;
          event.preventDefault();
          setOver(false);
          files.add([...event.dataTransfer.files]);
        },
      }
    : {};
  return (
    <div className={classes.frame} {...drag}>
      <Stack gap="md">
        <Head task={task} rights={rights} here={here} close={close} gone={gone} />
        <TaskTitle task={task} order={close ? 2 : 1} may={rights.edit} />
        {rights.runRules && <RuleButtons task={task} />}
        {over && (
          <Text className={classes.drop} data-over size="sm" ta="center">
            Let go to add the files to {task.key}
          </Text>
        )}
        <div className={classes.columns}>
          <Stack gap="lg" style={{ minWidth: 0 }}>
            <Description task={task} may={rights.edit} writing={writing} onFiles={files.add} />
            <Subtasks task={task} may={rights.edit && rights.create} />
            <Relations task={task} may={rights.edit} />
            <Attachments task={task} may={rights.edit} files={files} />
            <TimeSpent task={task} rights={rights} />
          </Stack>
          <Stack gap="lg" className={classes.side}>
            <Fields task={task} may={rights.edit} />
            <More task={task} may={rights.edit} />
            {rights.seeSla && <Slas task={task} />}
          </Stack>
        </div>
        <Talk task={task} rights={rights} writing={writing} writers={writers} onFiles={files.add} />
      </Stack>
    </div>
  );
}

/** What is changed more rarely: the parent task, and who watches. */
function More({ task, may }: { task: Task; may: boolean }) {
  const change = useChangeTask();
  const { data: parent } = useQuery({ ...taskQuery(task.parent ?? ''), enabled: !!task.parent });
  return (
    <div>
      <Row
        label="Part of"
        read={parent && `${parent.key} ${parent.title}`}
        edit={
          may
            ? (control) => (
                <TaskPicker
                  {...control}
                  clearable
                  placeholder="None"
                  project={task.project}
                  value={task.parent ? parent : undefined}
                  except={[task.id]}
                  onPick={(next) => change.mutate({ task, patch: { parent: next?.id ?? null } })}
                />
              )
            : undefined
        }
      />
      <Row label="Watchers" read={task.watchers.length > 0 && <PeopleNames ids={task.watchers} />} />
    </div>
  );
}

function Talk(props: React.ComponentProps<typeof Comments>) {
  const [tab, setTab] = useState('comments');
  return (
    <Section
      title={tab === 'comments' ? 'Comments' : 'Activity'}
      action={
        <SegmentedControl
          size="xs"
          aria-label="Comments or activity"
          value={tab}
          onChange={setTab}
          data={[
            { value: 'comments', label: 'Comments' },
            { value: 'activity', label: 'Activity' },
          ]}
        />
      }
    >
      {tab === 'comments' ? <Comments {...props} /> : <History task={props.task} rights={props.rights} />}
    </Section>
  );
}

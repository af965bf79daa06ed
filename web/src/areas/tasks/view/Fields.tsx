/** The fields of a task at its side. */
import { Group, Select, Stack, TagsInput, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Status, Task, TaskPatch, Workflow } from '~/api/schema';
import {
  fieldsQuery,
  labelsQuery,
  milestonesQuery,
  sprintsQuery,
  typesQuery,
  workflowQuery,
} from '~/areas/projects/queries';
import { When } from '~/parts/When';
import { CustomField, FigureEdit, TextEdit } from '../fields/Custom';
import { duration, parseDuration } from '../fields/duration';
import { PeopleNames, PeoplePicker } from '../fields/People';
import { Row } from '../fields/Row';
import { MomentPicker } from '../fields/When';
import { PRIORITIES, PriorityIcon, priorityName, StatusIcon, StatusName } from '../look';
import { useChangeTask } from '../queries';
import { Labels, Moment } from './values';

/** The statuses that a task may take from where it stands, that one included. */
export function waysFrom(workflow: Workflow | undefined, from: string): Status[] {
  const { statuses = [], transitions } = workflow ?? {};
  return statuses.filter(
    ({ key }) =>
      key === from || !Array.isArray(transitions) || transitions.some((way) => way.from === from && way.to === key),
  );
}

export function Fields({ task, may }: { task: Task; may: boolean }) {
  const change = useChangeTask();
  const save = (patch: TaskPatch) => change.mutate({ task, patch });
  const { data: workflow } = useQuery(workflowQuery(task.project));
  const { data: types = [] } = useQuery(typesQuery(task.project));
  const { data: labels = [] } = useQuery(labelsQuery(task.project));
  const { data: fields = [] } = useQuery(fieldsQuery(task.project));
  const statuses = workflow?.statuses ?? [];
  const ways = waysFrom(workflow, task.status);
  const statusName = statuses.find(({ key }) => key === task.status)?.name ?? task.status;
  const typeName = types.find(({ key }) => key === task.type)?.name ?? task.type;
  const category = (key: string) => statuses.find((one) => one.key === key)?.category ?? task.category;

  return (
    <Stack gap={0} role="group" aria-label="Fields">
      <Row
        label="Status"
        read={<StatusName category={task.category} name={statusName} />}
        edit={
          may
            ? (control) => (
                <Select
                  {...control}
                  allowDeselect={false}
                  leftSection={<StatusIcon category={category(task.status)} />}
                  data={ways.map(({ key, name }) => ({ value: key, label: name }))}
                  value={task.status}
                  onChange={(status) => status && save({ status })}
                  renderOption={({ option }) => <StatusName category={category(option.value)} name={option.label} />}
                />
              )
            : undefined
        }
      />
      <Row
        label="Priority"
        read={
          <Group gap={6}>
            <PriorityIcon priority={task.priority} />
            <Text size="sm">{priorityName(task.priority)}</Text>
          </Group>
        }
        edit={
          may
            ? (control) => (
                <Select
                  {...control}
                  allowDeselect={false}
                  leftSection={<PriorityIcon priority={task.priority} />}
                  data={PRIORITIES}
                  value={task.priority}
                  onChange={(priority) => priority && save({ priority: priority as Task['priority'] })}
                />
              )
            : undefined
        }
      />
      <Row
        label="Type"
        read={typeName}
        edit={
          may
            ? (control) => (
                <Select
                  {...control}
                  allowDeselect={false}
                  data={types.map(({ key, name }) => ({ value: key, label: name }))}
                  value={task.type}
                  onChange={(type) => type && save({ type })}
                />
              )
            : undefined
        }
      />
      <Row
        label="Assignees"
        read={<PeopleNames ids={task.assignees} />}
        edit={
          may
            ? (control) => (
                <PeoplePicker {...control} value={task.assignees} onChange={(assignees) => save({ assignees })} />
              )
            : undefined
        }
      />
      <Row
        label="Due"
        read={<Moment at={task.due_at} />}
        edit={
          may
            ? (control) => <MomentPicker {...control} value={task.due_at} onChange={(due_at) => save({ due_at })} />
            : undefined
        }
      />
      <Row
        label="Start"
        read={<Moment at={task.start_at} />}
        edit={
          may
            ? (control) => (
                <MomentPicker {...control} value={task.start_at} onChange={(start_at) => save({ start_at })} />
              )
            : undefined
        }
      />
      <Row
        label="Labels"
        read={<Labels labels={task.labels} />}
        edit={
          may
            ? (control) => (
                <TagsInput
                  {...control}
                  placeholder={task.labels.length === 0 ? 'None' : undefined}
                  data={labels.map(({ label }) => label)}
                  maxTags={50}
                  value={task.labels}
                  onChange={(next) => save({ labels: next.map((label) => label.slice(0, 64)) })}
                />
              )
            : undefined
        }
      />
      <Row
        label="Estimate"
        read={task.estimate == null ? undefined : duration(task.estimate)}
        edit={
          may
            ? (control) => (
                <TextEdit
                  control={control}
                  hint="Such as 2h, 1d or 90m. A day is 8 hours."
                  value={task.estimate == null ? '' : duration(task.estimate)}
                  check={(text) =>
                    !text.trim() || parseDuration(text) !== undefined ? undefined : 'Write it as 2h, 1d or 90m.'
                  }
                  save={(text) => save({ estimate: text ? (parseDuration(text) ?? null) : null })}
                />
              )
            : undefined
        }
      />
      <Row
        label="Points"
        read={task.points ?? undefined}
        edit={
          may
            ? (control) => (
                <FigureEdit
                  control={control}
                  value={task.points ?? ''}
                  decimals={0}
                  min={0}
                  max={1000}
                  save={(points) => save({ points })}
                />
              )
            : undefined
        }
      />
      <PlanFields task={task} save={may ? save : undefined} />
      {fields.map((field) => (
        <CustomField
          key={field.id}
          field={field}
          value={task.custom[field.key]}
          save={may ? (value) => save({ custom: { [field.key]: value } }) : undefined}
        />
      ))}
      <Row label="Created" read={<When at={task.created_at} />} />
      <Row label="Updated" read={<When at={task.updated_at} />} />
    </Stack>
  );
}

/** Where the task stands in the plan: its milestone and its sprint. */
function PlanFields({ task, save }: { task: Task; save?: (patch: TaskPatch) => void }) {
  const { data: milestones = [] } = useQuery({ ...milestonesQuery(task.project), retry: false });
  const { data: sprints = [] } = useQuery({ ...sprintsQuery(task.project), retry: false });
  const open = sprints.filter(({ id, state }) => state !== 'closed' || id === task.sprint);
  return (
    <>
      {milestones.length > 0 && (
        <Row
          label="Milestone"
          read={milestones.find(({ id }) => id === task.milestone)?.name}
          edit={
            save &&
            ((control) => (
              <Select
                {...control}
                clearable
                searchable
                placeholder="None"
                data={milestones.map(({ id, name }) => ({ value: id, label: name }))}
                value={task.milestone ?? null}
                onChange={(milestone) => save({ milestone })}
              />
            ))
          }
        />
      )}
      {sprints.length > 0 && (
        <Row
          label="Sprint"
          read={sprints.find(({ id }) => id === task.sprint)?.name}
          edit={
            save &&
            ((control) => (
              <Select
                {...control}
                clearable
                placeholder="None"
                data={open.map(({ id, name }) => ({ value: id, label: name }))}
                value={task.sprint ?? null}
                onChange={(sprint) => save({ sprint })}
              />
            ))
          }
        />
      )}
    </>
  );
}

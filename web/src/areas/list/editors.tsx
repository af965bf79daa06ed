/** What a cell becomes while it is changed. Each saves by itself; `done` ends the changing. */
import { Select, TagsInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Task, TaskPatch } from '~/api/schema';
import { labelsQuery, workflowQuery } from '~/areas/projects/queries';
import { CustomEdit, FigureEdit, TextEdit } from '~/areas/tasks/fields/Custom';
import { duration, parseDuration } from '~/areas/tasks/fields/duration';
import { PeoplePicker } from '~/areas/tasks/fields/People';
import { MomentPicker } from '~/areas/tasks/fields/When';
import { PRIORITIES, StatusName } from '~/areas/tasks/look';
import { waysFrom } from '~/areas/tasks/view/Fields';
import type { Column, Shelf } from './columns';

export interface Editing {
  task: Task;
  column: Column;
  shelf: Shelf;
  save: (patch: TaskPatch) => void;
  done: () => void;
}

export function Editor(props: Editing) {
  const { task, column, shelf, save, done } = props;
  const label = `${column.label} of ${task.key}`;
  const control = { 'aria-label': label, autoFocus: true };
  const one = (
    data: { value: string; label: string }[],
    value: string | null | undefined,
    field: string,
    clear = false,
  ) => (
    <Choice
      data={data}
      value={value ?? null}
      label={label}
      clear={clear}
      done={done}
      save={(next) => save({ [field]: next })}
    />
  );
  const named = (list: { id: string; name: string }[]) => list.map(({ id, name }) => ({ value: id, label: name }));
  switch (column.key) {
    case 'title':
      return <TextEdit control={control} value={task.title} save={(title) => title && save({ title })} />;
    case 'status':
      return <StatusChoice {...props} label={label} />;
    case 'priority':
      return one(PRIORITIES, task.priority, 'priority');
    case 'type':
      return one(
        shelf.types.map(({ key, name }) => ({ value: key, label: name })),
        task.type,
        'type',
      );
    case 'milestone':
      return one(named(shelf.milestones), task.milestone, 'milestone', true);
    case 'sprint':
      return one(named(shelf.sprints.filter(({ state }) => state !== 'closed')), task.sprint, 'sprint', true);
    case 'assignees':
      return <PeopleEdit {...props} label={label} />;
    case 'labels':
      return <LabelsEdit {...props} label={label} />;
    case 'due_at':
    case 'start_at':
      return (
        <MomentPicker
          aria-label={label}
          value={task[column.key]}
          onChange={(moment) => save({ [column.key]: moment })}
        />
      );
    case 'estimate':
      return (
        <TextEdit
          control={control}
          value={task.estimate == null ? '' : duration(task.estimate)}
          check={(text) => (!text.trim() || parseDuration(text) !== undefined ? undefined : '2h, 1d or 90m')}
          save={(text) => save({ estimate: text ? (parseDuration(text) ?? null) : null })}
        />
      );
    case 'points':
      return (
        <FigureEdit
          control={control}
          value={task.points ?? ''}
          decimals={0}
          min={0}
          save={(points) => save({ points })}
        />
      );
    default:
      if (!column.field) return null;
      return (
        <CustomEdit
          field={column.field}
          value={task.custom[column.field.key]}
          save={(value) => save({ custom: { [column.field!.key]: value } })}
          control={control}
        />
      );
  }
}

interface ChoiceProps {
  data: { value: string; label: string }[];
  value: string | null;
  label: string;
  clear?: boolean;
  save: (value: string | null) => void;
  done: () => void;
  option?: React.ComponentProps<typeof Select>['renderOption'];
}

function Choice({ data, value, label, clear, save, done, option }: ChoiceProps) {
  return (
    <Select
      aria-label={label}
      autoFocus
      searchable={data.length > 8}
      defaultDropdownOpened
      allowDeselect={clear}
      clearable={clear}
      data={data}
      value={value}
      renderOption={option}
      comboboxProps={{ width: 200, position: 'bottom-start' }}
      onChange={(next) => {
        if (next !== null || clear) save(next);
      }}
      onDropdownClose={done}
    />
  );
}

function StatusChoice({ task, shelf, save, done, label }: Editing & { label: string }) {
  const { data: workflow } = useQuery(workflowQuery(shelf.project));
  const ways = waysFrom(workflow, task.status);
  return (
    <Choice
      label={label}
      data={ways.map(({ key, name }) => ({ value: key, label: name }))}
      value={task.status}
      done={done}
      save={(status) => save({ status })}
      option={({ option }) => (
        <StatusName category={ways.find(({ key }) => key === option.value)?.category ?? 'todo'} name={option.label} />
      )}
    />
  );
}

function PeopleEdit({ task, save, label }: Editing & { label: string }) {
  const [ids, setIds] = useState(task.assignees);
  return (
    <PeoplePicker
      aria-label={label}
      autoFocus
      value={ids}
      onChange={(assignees) => {
        setIds(assignees);
        save({ assignees });
      }}
    />
  );
}

function LabelsEdit({ task, shelf, save, label }: Editing & { label: string }) {
  const { data: known = [] } = useQuery(labelsQuery(shelf.project));
  const [labels, setLabels] = useState(task.labels);
  return (
    <TagsInput
      aria-label={label}
      autoFocus
      data={known.map((one) => one.label)}
      value={labels}
      maxTags={50}
      onChange={(next) => {
        setLabels(next);
        save({ labels: next });
      }}
    />
  );
}

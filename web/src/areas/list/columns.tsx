/** The columns that a list can have: what each is called, shows, sorts by and is changed with. */
import { Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Field, Sprint, Status, Task, TypeInfo } from '~/api/schema';
import { fieldsQuery, milestonesQuery, sprintsQuery, typesQuery, workflowQuery } from '~/areas/projects/queries';
import { CustomValue } from '~/areas/tasks/fields/Custom';
import { duration } from '~/areas/tasks/fields/duration';
import { Faces } from '~/areas/tasks/fields/People';
import { PriorityIcon, priorityName, StatusName } from '~/areas/tasks/look';
import { Due, Labels } from '~/areas/tasks/view/values';
import { When } from '~/parts/When';

/** What is known of the project whose tasks are listed. */
export interface Shelf {
  project: string;
  statuses: Status[];
  types: TypeInfo[];
  fields: Field[];
  milestones: { id: string; name: string }[];
  sprints: Sprint[];
}

export interface Column {
  key: string;
  label: string;
  width: number;
  /** The name that the server sorts by. */
  sort?: string;
  /** Whether it can be changed where it stands. */
  editable: boolean;
  field?: Field;
  show: (task: Task, shelf: Shelf) => ReactNode;
}

const text = (value: ReactNode) => (
  <Text size="sm" truncate>
    {value}
  </Text>
);

const FIXED: Column[] = [
  {
    key: 'status',
    label: 'Status',
    width: 150,
    sort: 'status',
    editable: true,
    show: ({ status, category }, { statuses }) => (
      <StatusName category={category} name={statuses.find(({ key }) => key === status)?.name ?? status} />
    ),
  },
  {
    key: 'priority',
    label: 'Priority',
    width: 110,
    sort: 'priority',
    editable: true,
    show: ({ priority }) => (
      <>
        <PriorityIcon priority={priority} />
        {text(priorityName(priority))}
      </>
    ),
  },
  {
    key: 'assignees',
    label: 'Assignees',
    width: 130,
    editable: true,
    show: ({ assignees }) => <Faces ids={assignees} size={24} />,
  },
  { key: 'due_at', label: 'Due', width: 120, sort: 'due_at', editable: true, show: (task) => <Due task={task} /> },
  {
    key: 'labels',
    label: 'Labels',
    width: 170,
    editable: true,
    show: ({ labels }) => (labels.length > 0 ? <Labels labels={labels} /> : null),
  },
  {
    key: 'type',
    label: 'Type',
    width: 130,
    editable: true,
    show: ({ type }, { types }) => text(types.find(({ key }) => key === type)?.name ?? type),
  },
  {
    key: 'estimate',
    label: 'Estimate',
    width: 100,
    editable: true,
    show: ({ estimate }) => estimate != null && text(duration(estimate)),
  },
  { key: 'points', label: 'Points', width: 80, editable: true, show: ({ points }) => points != null && text(points) },
  {
    key: 'start_at',
    label: 'Start',
    width: 120,
    editable: true,
    show: ({ start_at }) => start_at && text(<When at={start_at} />),
  },
  {
    key: 'milestone',
    label: 'Milestone',
    width: 150,
    editable: true,
    show: ({ milestone }, { milestones }) => milestone && text(milestones.find(({ id }) => id === milestone)?.name),
  },
  {
    key: 'sprint',
    label: 'Sprint',
    width: 150,
    editable: true,
    show: ({ sprint }, { sprints }) => sprint && text(sprints.find(({ id }) => id === sprint)?.name),
  },
  {
    key: 'created_at',
    label: 'Created',
    width: 120,
    sort: 'created_at',
    editable: false,
    show: ({ created_at }) => text(<When at={created_at} />),
  },
  {
    key: 'updated_at',
    label: 'Updated',
    width: 120,
    sort: 'updated_at',
    editable: false,
    show: ({ updated_at }) => text(<When at={updated_at} />),
  },
];

export const TITLE: Column = {
  key: 'title',
  label: 'Title',
  width: 220,
  sort: 'title',
  editable: true,
  show: ({ title }) => title,
};

const custom = (field: Field): Column => ({
  key: `custom.${field.key}`,
  label: field.name,
  width: 140,
  sort: `custom.${field.key}`,
  editable: true,
  field,
  show: (task) => {
    const value = task.custom[field.key];
    return value == null ? null : text(<CustomValue field={field} value={value} />);
  },
});

const DEFAULT = ['status', 'priority', 'assignees', 'due_at', 'labels'];

/** What the project knows of its tasks. */
export function useShelf(project: string): Shelf {
  const { data: workflow } = useQuery(workflowQuery(project));
  const { data: types = [] } = useQuery(typesQuery(project));
  const { data: fields = [] } = useQuery(fieldsQuery(project));
  const { data: milestones = [] } = useQuery({ ...milestonesQuery(project), retry: false });
  const { data: sprints = [] } = useQuery({ ...sprintsQuery(project), retry: false });
  return { project, statuses: workflow?.statuses ?? [], types, fields, milestones, sprints };
}

/** The columns that there are, and those that are chosen; the choice is kept on this device. */
export function useColumns(shelf: Shelf) {
  const [chosen, choose] = useLocalStorage<string[]>({
    key: `trackside.columns.${shelf.project}`,
    defaultValue: DEFAULT,
    getInitialValueInEffect: false,
  });
  const all = [...FIXED, ...shelf.fields.map(custom)];
  return { all, chosen, choose, shown: [TITLE, ...all.filter(({ key }) => chosen.includes(key))] };
}

import { Select, type SelectProps } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { projectsQuery } from '~/areas/projects/queries';

/** Where something of rules counts: in the whole workspace, or in one project. */
export function PlaceSelect(props: SelectProps) {
  const { data = [] } = useQuery(projectsQuery);
  return (
    <Select
      label="Where it counts"
      description="A project's hides the workspace's of the same name."
      placeholder="Everywhere"
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'Everywhere' }}
      data={data.map(({ key, name }) => ({ value: key, label: name }))}
      {...props}
    />
  );
}

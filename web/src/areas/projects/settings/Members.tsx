import { Button, Group, Select, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Project, ProjectMember } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { Confirm } from '~/parts/Confirm';
import { Face } from '~/parts/Face';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { projectMembersQuery, rolesQuery, useRemoveMember, useSetMember } from './queries';
import { Section } from './Section';
import classes from './settings.module.css';

/** Who has a role in this project beyond the one they have in the workspace. */
export function Members({ project }: { project: Project; mayEdit: boolean }) {
  const mayShare = useMay('project.share', project.key);
  const members = useQuery(projectMembersQuery(project.key));
  const roles = useQuery({ ...rolesQuery, enabled: mayShare });
  const people = usePeople();
  const set = useSetMember(project.key);
  const remove = useRemoveMember(project.key);
  const [going, setGoing] = useState<ProjectMember>();
  const [user, setUser] = useState<string | null>(null);
  const [role, setRole] = useState('team_member');
  const options = (roles.data ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const nameOf = (id: string) => people.get(id)?.name ?? 'Somebody';
  const inside = new Set(members.data?.map((member) => member.user));
  const others = [...people.values()].filter(({ id, state }) => state === 'active' && !inside.has(id));
  return (
    <Section
      title="Members"
      lead="Everybody sees and does here what their role in the workspace allows. A role given here adds to that, in this project alone: so a guest is let in."
    >
      {members.isPending && <Skeleton h={100} />}
      {members.isError && !members.data && <ProblemAlert error={members.error} retry={() => void members.refetch()} />}
      {members.data?.length === 0 && (
        <Text size="sm" c="dimmed">
          Nobody has a role of their own here.
        </Text>
      )}
      <ul className={classes.lines}>
        {members.data?.map((member) => (
          <li key={member.user} className={classes.line}>
            <Group gap="xs" wrap="nowrap" className={classes.grow}>
              <Face name={nameOf(member.user)} />
              <Text size="sm">{nameOf(member.user)}</Text>
            </Group>
            {mayShare ? (
              <>
                <Select
                  aria-label={`Role of ${nameOf(member.user)}`}
                  size="xs"
                  w={180}
                  allowDeselect={false}
                  data={options}
                  value={member.role}
                  onChange={(value) => value && set.mutate({ user: member.user, role: value })}
                />
                <Button size="compact-sm" variant="subtle" color="red" onClick={() => setGoing(member)}>
                  Remove
                </Button>
              </>
            ) : (
              <Text size="sm" c="dimmed">
                {member.role.replaceAll('_', ' ')}
              </Text>
            )}
          </li>
        ))}
      </ul>
      {mayShare && (
        <Group gap="xs" mt="sm" align="flex-end">
          <Select
            label="Person"
            placeholder="Who"
            searchable
            clearable
            data={others.map(({ id, name }) => ({ value: id, label: name }))}
            value={user}
            onChange={setUser}
          />
          <Select
            label="Role here"
            allowDeselect={false}
            data={options}
            value={role}
            onChange={(value) => value && setRole(value)}
          />
          <Button
            variant="default"
            disabled={!user}
            loading={set.isPending}
            onClick={() => user && set.mutate({ user, role }, { onSuccess: () => setUser(null) })}
          >
            Add member
          </Button>
        </Group>
      )}
      <ProblemAlert error={set.error} />
      {going && (
        <Confirm
          opened
          close={() => setGoing(undefined)}
          title={`Remove ${nameOf(going.user)}?`}
          action="Remove"
          run={() => remove.mutateAsync(going.user)}
        >
          They keep what their role in the workspace allows. What they made in the project stays.
        </Confirm>
      )}
    </Section>
  );
}

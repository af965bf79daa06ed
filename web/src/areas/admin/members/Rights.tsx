import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import type { Assignment, NewAssignment } from '~/api/schema';
import { SCOPES } from '~/areas/account/own/scopes';
import { useMay } from '~/areas/account/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { Loaded } from '~/parts/Loaded';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { When } from '~/parts/When';
import { assignmentsQuery, rolesQuery } from './queries';

interface Whom {
  user?: string;
  group?: string;
}

/** What a person or a group may beyond, or may not despite, their role: everywhere or in one project. */
export function Rights(props: { opened: boolean; close: () => void; whom: Whom; name: string }) {
  return (
    <Modal opened={props.opened} onClose={props.close} title={`Rights of ${props.name}`} size="lg">
      <Inside whom={props.whom} />
    </Modal>
  );
}

function Inside({ whom }: { whom: Whom }) {
  const mayManage = useMay('access.manage');
  const assignments = useQuery(assignmentsQuery(whom));
  return (
    <Stack>
      <Loaded query={assignments} height={60}>
        {(items) =>
          items.length === 0 ? (
            <Text size="sm" c="dimmed">
              Nothing beyond the role yet.
            </Text>
          ) : (
            <Rows label="Rights">
              {items.map((assignment) => (
                <Line key={assignment.id} assignment={assignment} mayManage={mayManage} />
              ))}
            </Rows>
          )
        }
      </Loaded>
      {mayManage && <Give whom={whom} />}
    </Stack>
  );
}

function Line({ assignment, mayManage }: { assignment: Assignment; mayManage: boolean }) {
  const client = useQueryClient();
  const { data: roles } = useQuery(rolesQuery);
  const { data: projects } = useQuery(projectsQuery);
  const { id, role, permission, effect, on, ends_at, note } = assignment;
  const what = role ? (roles?.find((each) => each.id === role)?.name ?? role) : permission;
  const where = on === 'workspace' ? 'everywhere' : (projects?.find((each) => each.id === on)?.name ?? on);
  return (
    <Row
      title={`${effect === 'deny' ? 'Not' : 'May'}: ${what}`}
      about={
        <>
          {where}
          {ends_at && (
            <>
              {' · '}ends <When at={ends_at} />
            </>
          )}
          {note && ` · ${note}`}
        </>
      }
      actions={
        mayManage && (
          <RowMenu
            label={`More for ${what}`}
            acts={[
              {
                label: 'End it',
                icon: IconTrash,
                run: async () => {
                  await ask(api.DELETE('/api/v1/assignments/{id}', { params: { path: { id } } }));
                  await client.invalidateQueries({ queryKey: ['assignments'] });
                },
              },
            ]}
          />
        )
      }
    />
  );
}

function Give({ whom }: { whom: Whom }) {
  const client = useQueryClient();
  const { data: roles = [] } = useQuery(rolesQuery);
  const { data: projects = [] } = useQuery(projectsQuery);
  const form = useForm({ initialValues: { what: null as string | null, effect: 'allow', on: 'workspace', note: '' } });
  const give = useMutation({
    mutationFn: (body: NewAssignment) => ask(api.POST('/api/v1/assignments', { body })),
    meta: { quiet: true },
    onSuccess: () => {
      form.reset();
      void client.invalidateQueries({ queryKey: ['assignments'] });
    },
  });
  const submit = form.onSubmit(({ what, effect, on, note }) => {
    const [kind, name] = (what ?? '').split(/:(.*)/);
    give.mutate({ ...whom, [kind === 'role' ? 'role' : 'permission']: name, effect: effect as 'allow', on, note });
  });
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Group grow preventGrowOverflow={false} align="flex-start">
          <Select
            label="Whether"
            miw={120}
            allowDeselect={false}
            data={[
              { value: 'allow', label: 'May' },
              { value: 'deny', label: 'May not' },
            ]}
            {...form.getInputProps('effect')}
          />
          <Select
            label="What"
            miw={200}
            searchable
            required
            data={[
              { group: 'Roles', items: roles.map(({ id, name }) => ({ value: `role:${id}`, label: name })) },
              ...SCOPES.map(({ group, items }) => ({
                group,
                items: items.map((name) => ({ value: `permission:${name}`, label: name })),
              })),
            ]}
            {...form.getInputProps('what')}
          />
          <Select
            label="Where"
            miw={160}
            searchable
            allowDeselect={false}
            data={[
              { value: 'workspace', label: 'Everywhere' },
              ...projects.map(({ id, name }) => ({ value: id, label: name })),
            ]}
            {...form.getInputProps('on')}
          />
        </Group>
        <TextInput label="Why" maxLength={1000} {...form.getInputProps('note')} />
        <ProblemAlert error={give.error} />
        <Group justify="flex-end">
          <Button type="submit" loading={give.isPending}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

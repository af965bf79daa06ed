import { MultiSelect, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, ask, ifMatch } from '~/api/client';
import type { RoleInfo } from '~/api/schema';
import { SCOPES } from '~/areas/account/own/scopes';
import { FormModal } from '~/parts/FormModal';
import { rolesQuery } from '../members/queries';

/** A role of the workspace's own: what it is called, which roles it holds, and what it may besides. */
export function EditRole({ role, close }: { role?: RoleInfo; close: () => void }) {
  const { data: roles = [] } = useQuery(rolesQuery);
  return (
    <FormModal
      opened
      close={close}
      title={role ? `Change ${role.name}` : 'New role'}
      initial={{
        name: role?.name ?? '',
        description: role?.description ?? '',
        inherits: role?.inherits ?? [],
        permissions: role?.permissions ?? [],
      }}
      action={role ? 'Save' : 'Make the role'}
      touches="roles"
      run={(body) =>
        role
          ? ask(
              api.PATCH('/api/v1/roles/{id}', {
                params: { path: { id: role.id }, header: ifMatch(role.version) },
                body,
              }),
            )
          : ask(api.POST('/api/v1/roles', { body }))
      }
    >
      {(form) => (
        <>
          <TextInput label="Name" required maxLength={200} data-autofocus {...form.getInputProps('name')} />
          <Textarea
            label="What it is for"
            autosize
            minRows={2}
            maxLength={1000}
            {...form.getInputProps('description')}
          />
          <MultiSelect
            label="Has all that these may"
            data={roles.filter(({ id }) => id !== role?.id).map(({ id, name }) => ({ value: id, label: name }))}
            {...form.getInputProps('inherits')}
          />
          <MultiSelect
            label="And may"
            searchable
            data={[{ group: 'All', items: ['*'] }, ...SCOPES]}
            {...form.getInputProps('permissions')}
          />
        </>
      )}
    </FormModal>
  );
}

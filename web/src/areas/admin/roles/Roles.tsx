import { Badge, Button, Code, Group, Modal, Stack, Text, Title } from '@mantine/core';
import { IconEye, IconPencil, IconPlus, IconShield, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api, ask } from '~/api/client';
import type { RoleInfo } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { Empty } from '~/parts/Empty';
import { Loaded } from '~/parts/Loaded';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { AdminPage } from '../AdminPage';
import { rolesQuery } from '../members/queries';
import { EditRole } from './EditRole';

/** The roles that every workspace has, and its own ones. */
export function Roles() {
  const roles = useQuery(rolesQuery);
  const mayManage = useMay('access.manage');
  const [edited, setEdited] = useState<RoleInfo | 'new'>();
  const [seen, setSeen] = useState<RoleInfo>();
  const button = mayManage && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEdited('new')}>
      New role
    </Button>
  );
  return (
    <AdminPage
      title="Roles"
      lead="A role is a set of permissions. Members have one of the default ones, and may be given others for a project."
      actions={button}
    >
      <Loaded query={roles} height={320}>
        {(items) => {
          const own = items.filter(({ built_in }) => !built_in);
          return (
            <>
              <Part title="Your own">
                {own.length > 0 ? (
                  <Rows label="Own roles">
                    {own.map((role) => (
                      <Line
                        key={role.id}
                        role={role}
                        see={() => setSeen(role)}
                        edit={mayManage ? () => setEdited(role) : undefined}
                      />
                    ))}
                  </Rows>
                ) : (
                  <Empty icon={IconShield} title="No roles of your own">
                    Make one where the default ones give too much or too little: for clients, or for an auditor.
                  </Empty>
                )}
              </Part>
              <Part title="Default">
                <Rows label="Default roles">
                  {items
                    .filter(({ built_in }) => built_in)
                    .map((role) => (
                      <Line key={role.id} role={role} see={() => setSeen(role)} />
                    ))}
                </Rows>
              </Part>
            </>
          );
        }}
      </Loaded>
      {edited && <EditRole role={edited === 'new' ? undefined : edited} close={() => setEdited(undefined)} />}
      <Modal opened={!!seen} onClose={() => setSeen(undefined)} title={`What ${seen?.name} may`}>
        <Group gap={6}>
          {seen?.effective.map((name) => (
            <Code key={name}>{name}</Code>
          ))}
          {seen?.effective.length === 0 && <Text size="sm">Nothing yet.</Text>}
        </Group>
      </Modal>
    </AdminPage>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <Title order={2} size="h6" c="dimmed">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

function Line({ role, see, edit }: { role: RoleInfo; see: () => void; edit?: () => void }) {
  const client = useQueryClient();
  return (
    <Row
      title={role.name}
      about={role.description}
      beside={
        <Badge variant="default" tt="none" fw={500}>
          {role.effective.length === 1 ? '1 permission' : `${role.effective.length} permissions`}
        </Badge>
      }
      actions={
        <RowMenu
          label={`More for ${role.name}`}
          acts={[
            { label: 'Show permissions', icon: IconEye, run: see },
            edit && { label: 'Change', icon: IconPencil, run: edit },
            edit && {
              label: 'Delete',
              icon: IconTrash,
              run: async () => {
                await ask(api.DELETE('/api/v1/roles/{id}', { params: { path: { id: role.id } } }));
                await client.invalidateQueries({ queryKey: ['roles'] });
              },
              ask: {
                title: `Delete ${role.name}?`,
                text: 'It can be deleted once nobody has it.',
                action: 'Delete the role',
              },
            },
          ]}
        />
      }
    />
  );
}

import { Button, Code, Textarea, TextInput } from '@mantine/core';
import { IconPencil, IconPlus, IconTrash, IconVariable } from '@tabler/icons-react';
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { all } from '~/api/all';
import { api, ask } from '~/api/client';
import type { Variable } from '~/api/schema';
import { Empty } from '~/parts/Empty';
import { FormModal } from '~/parts/FormModal';
import { Loaded } from '~/parts/Loaded';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { When } from '~/parts/When';
import { AdminPage } from './AdminPage';
import { PlaceSelect } from './Place';

const variablesQuery = queryOptions({
  queryKey: ['variables'],
  queryFn: () => all((query) => ask(api.GET('/api/v1/variables', { params: { query } }))),
});

/** What several rules go by, said once. */
export function Variables() {
  const variables = useQuery(variablesQuery);
  const [set, setSet] = useState<Variable | 'new'>();
  const button = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setSet('new')}>
      New variable
    </Button>
  );
  return (
    <AdminPage
      title="Variables"
      lead="What several rules go by, said once. A change counts with the next event."
      actions={!!variables.data?.length && button}
    >
      <Loaded query={variables}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={IconVariable} title="No variables yet" actions={button}>
              Keep an address, a limit or a list here, and change it for all rules at once.
            </Empty>
          ) : (
            <Rows label="Variables">
              {items.map((variable) => (
                <Line key={`${variable.project}/${variable.name}`} variable={variable} set={() => setSet(variable)} />
              ))}
            </Rows>
          )
        }
      </Loaded>
      {set && <SetVariable variable={set === 'new' ? undefined : set} close={() => setSet(undefined)} />}
    </AdminPage>
  );
}

function Line({ variable, set }: { variable: Variable; set: () => void }) {
  const client = useQueryClient();
  const { name, project_key, set_at, value } = variable;
  return (
    <Row
      title={name}
      about={
        <>
          {project_key ?? 'everywhere'} · set <When at={set_at} />
        </>
      }
      beside={
        <Code maw={360} style={{ overflowWrap: 'anywhere' }}>
          {JSON.stringify(value)}
        </Code>
      }
      actions={
        <RowMenu
          label={`More for ${name}`}
          acts={[
            { label: 'Change', icon: IconPencil, run: set },
            {
              label: 'Delete',
              icon: IconTrash,
              run: async () => {
                await ask(
                  api.DELETE('/api/v1/variables/{name}', {
                    params: { path: { name }, query: { project: project_key ?? undefined } },
                  }),
                );
                await client.invalidateQueries({ queryKey: ['variables'] });
              },
              ask: {
                title: `Delete ${name}?`,
                text: 'Rules read nothing in its place, or what the workspace says.',
                action: 'Delete the variable',
              },
            },
          ]}
        />
      }
    />
  );
}

/** A value as it is typed: JSON where it is JSON, and otherwise words. */
function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A value as it is shown to be changed; words without quotes, unless they would be read as something else. */
function written(value: unknown): string {
  return typeof value === 'string' && read(value) === value ? value : JSON.stringify(value, null, 2);
}

function SetVariable({ variable, close }: { variable?: Variable; close: () => void }) {
  return (
    <FormModal
      opened
      close={close}
      title={variable ? `Change ${variable.name}` : 'New variable'}
      initial={{
        name: variable?.name ?? '',
        value: variable ? written(variable.value) : '',
        project: variable?.project_key ?? null,
      }}
      action="Save"
      touches="variables"
      run={({ name, value, project }) =>
        ask(
          api.PUT('/api/v1/variables/{name}', {
            params: { path: { name }, query: { project: project ?? undefined } },
            body: { value: read(value) as never },
          }),
        )
      }
    >
      {(form) => (
        <>
          {!variable && (
            <>
              <TextInput
                label="Name"
                description="Letters, digits and _. Rules read vars.NAME."
                placeholder="DEPLOY_HOST"
                required
                maxLength={64}
                pattern="[A-Za-z_][A-Za-z0-9_]*"
                data-autofocus
                {...form.getInputProps('name')}
              />
              <PlaceSelect {...form.getInputProps('project')} />
            </>
          )}
          <Textarea
            label="Value"
            description="Words, a number, or any JSON."
            autosize
            minRows={2}
            maxRows={12}
            required
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            {...form.getInputProps('value')}
          />
        </>
      )}
    </FormModal>
  );
}

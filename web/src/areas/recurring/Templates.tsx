import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCopyPlus, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, ifMatch } from '~/api/client';
import type { Project, TaskBody, TaskTemplate } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { Section } from '~/areas/projects/settings/Section';
import { Empty } from '~/parts/Empty';
import { Loaded } from '~/parts/Loaded';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { taskTemplatesQuery } from './queries';
import { TemplateForm } from './TemplateForm';
import { UseTemplate } from './UseTemplate';

/** Tasks with their subtasks that are written once and made as often as they are wanted. */
export function Templates({ project }: { project: Project; mayEdit: boolean }) {
  const templates = useQuery(taskTemplatesQuery(project.key));
  const working = project.status !== 'archived';
  const mayEdit = useMay('task_template.edit', project.key) && working;
  const mayUse = useMay('task.create', project.key) && working;
  const [making, dialog] = useDisclosure();
  const button = mayEdit && (
    <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
      New template
    </Button>
  );
  return (
    <Section
      title="Task templates"
      lead="A task with its subtasks, written once and made as often as it is wanted: a new customer, a release, a new colleague."
    >
      <Loaded query={templates} height={100}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={IconCopyPlus} title="No template yet" actions={button}>
              Write down what has to be done each time, with who does it and how long after the start it is due. Then
              all of it is made at once.
            </Empty>
          ) : (
            <>
              <Rows label="Task templates">
                {items.map((template) => (
                  <Line key={template.id} project={project.key} template={template} mayEdit={mayEdit} mayUse={mayUse} />
                ))}
              </Rows>
              {button && <div style={{ marginTop: 12 }}>{button}</div>}
            </>
          )
        }
      </Loaded>
      <TemplateForm project={project.key} opened={making} close={dialog.close} />
    </Section>
  );
}

const count = ({ subtasks = [] }: TaskBody): number => 1 + subtasks.reduce((sum, one) => sum + count(one), 0);

function Line(props: { project: string; template: TaskTemplate; mayEdit: boolean; mayUse: boolean }) {
  const { project, template, mayEdit, mayUse } = props;
  const client = useQueryClient();
  const [editing, edit] = useDisclosure();
  const [using, use] = useDisclosure();
  const tasks = count(template.task);
  return (
    <Row
      title={template.name}
      about={
        <>
          {template.task.title} · {tasks === 1 ? '1 task' : `${tasks} tasks`}
          {template.variables.length > 0 && ` · asks for ${template.variables.join(', ')}`}
        </>
      }
      beside={
        mayUse && (
          <Button size="xs" variant="light" onClick={use.open} aria-label={`Use ${template.name}`}>
            Use it
          </Button>
        )
      }
      actions={
        <>
          <RowMenu
            label={`More for ${template.name}`}
            acts={[
              mayEdit && { label: 'Change', icon: IconPencil, run: edit.open },
              mayEdit && {
                label: 'Delete',
                icon: IconTrash,
                run: async () => {
                  const params = { path: { id: template.id }, header: ifMatch(template.version) };
                  await ask(api.DELETE('/api/v1/task-templates/{id}', { params }));
                  await client.invalidateQueries({ queryKey: ['task_templates'] });
                },
                ask: {
                  title: `Delete ${template.name}?`,
                  text: 'Tasks that were made of it stay.',
                  action: 'Delete the template',
                },
              },
            ]}
          />
          <TemplateForm project={project} template={template} opened={editing} close={edit.close} />
          <UseTemplate project={project} template={template} opened={using} close={use.close} />
        </>
      }
    />
  );
}

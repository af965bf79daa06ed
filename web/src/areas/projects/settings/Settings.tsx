import { Box, NavLink, Select, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import type { Project } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { Recurrences } from '~/areas/recurring/Recurrences';
import { Templates } from '~/areas/recurring/Templates';
import { usePhone } from '~/parts/usePhone';
import { projectQuery } from '../queries';
import { Exchange } from './Exchange';
import { Fields } from './Fields';
import { General } from './General';
import { Members } from './Members';
import { Putting } from './Putting';
import classes from './settings.module.css';
import { TypesAndLabels } from './TypesAndLabels';
import { WorkflowForm } from './WorkflowForm';

interface Part {
  id: string;
  label: string;
  page: ComponentType<{ project: Project; mayEdit: boolean }>;
  /** Whether it is of use to those who may only look. */
  open?: boolean;
}

const PARTS: Part[] = [
  { id: 'general', label: 'General', page: General, open: true },
  { id: 'workflow', label: 'Workflow', page: WorkflowForm, open: true },
  { id: 'types', label: 'Types and labels', page: TypesAndLabels },
  { id: 'fields', label: 'Fields', page: Fields },
  { id: 'templates', label: 'Task templates', page: Templates, open: true },
  { id: 'recurring', label: 'Recurring tasks', page: Recurrences, open: true },
  { id: 'members', label: 'Members', page: Members, open: true },
  { id: 'exchange', label: 'Import and export', page: Exchange, open: true },
  { id: 'more', label: 'Copy, archive, delete', page: Putting },
];

/** What is settled about a project, part by part. Which part is open stands in the address. */
export function Settings() {
  const { key } = useParams({ strict: false }) as { key: string };
  const { part = 'general' } = useSearch({ strict: false }) as { part?: string };
  const phone = usePhone();
  const navigate = useNavigate();
  const project = useQuery(projectQuery(key));
  const mayEdit = useMay('project.edit', key);
  const parts = PARTS.filter(({ open }) => open || mayEdit);
  const here = parts.find(({ id }) => id === part) ?? parts[0]!;
  if (!project.data) return <Skeleton h={360} />;
  const editable = mayEdit && project.data.status !== 'archived';
  return (
    <div className={classes.settings}>
      {phone ? (
        <Select
          aria-label="Part of the settings"
          allowDeselect={false}
          data={parts.map(({ id, label }) => ({ value: id, label }))}
          value={here.id}
          onChange={(id) => void navigate({ to: '.', search: { part: id } as never })}
        />
      ) : (
        <Box component="nav" aria-label="Parts of the settings" className={classes.parts}>
          {parts.map(({ id, label }) => (
            <NavLink
              key={id}
              component={Link}
              to="."
              search={{ part: id } as never}
              label={label}
              active={id === here.id}
              aria-current={id === here.id ? 'page' : undefined}
              style={{ borderRadius: 8 }}
            />
          ))}
        </Box>
      )}
      <div className={classes.part}>
        <here.page key={project.data.id} project={project.data} mayEdit={editable} />
      </div>
    </div>
  );
}

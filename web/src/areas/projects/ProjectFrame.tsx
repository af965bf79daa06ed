import { Badge, Box, Group, Skeleton, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useParams } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useMay } from '~/areas/account/queries';
import { CannotSee, isHidden } from '~/parts/CannotSee';
import { ProblemAlert } from '~/parts/ProblemAlert';
import classes from './frame.module.css';
import { HealthBadge } from './HealthBadge';
import { Presence } from './Presence';
import { projectQuery } from './queries';
import { RunToasts } from './RunToasts';
import { TABS, type Tab } from './tabs';

/** The head of a project's pages. Below it stands whatever page of the project is open. */
export function ProjectFrame() {
  const { key } = useParams({ strict: false }) as { key: string };
  const project = useQuery(projectQuery(key));
  useEffect(() => {
    if (project.data) document.title = `${project.data.name} · Trackside`;
  }, [project.data]);
  if (project.isError && !project.data && isHidden(project.error)) {
    return <CannotSee what="project" to="/projects" toLabel="Go to the projects" />;
  }
  if (project.isError && !project.data) {
    return (
      <Stack>
        <Title order={1} size="h2">
          {key}
        </Title>
        <ProblemAlert error={project.error} retry={() => void project.refetch()} />
      </Stack>
    );
  }
  return (
    <Box className={classes.frame}>
      <Group justify="space-between" wrap="nowrap" gap="sm" mb={6}>
        <Group gap="sm" wrap="nowrap" miw={0}>
          {project.data ? (
            <Title order={1} size="h3" lineClamp={1}>
              {project.data.name}
            </Title>
          ) : (
            <Skeleton h={28} w={180} />
          )}
          {project.data?.health && <HealthBadge health={project.data.health} note={project.data.health_note} />}
          {project.data?.status === 'archived' && (
            <Badge variant="default" tt="none" style={{ flexShrink: 0 }}>
              Archived
            </Badge>
          )}
        </Group>
        <Presence topic={`project:${key}`} />
      </Group>
      <RunToasts projectKey={key} topic={`project:${key}`} />
      <Tabs projectKey={key} />
      <Outlet />
    </Box>
  );
}

function Tabs({ projectKey }: { projectKey: string }) {
  const { pathname } = useLocation();
  const base = `/projects/${projectKey}`;
  return (
    <nav className={classes.tabs} aria-label="Views of the project">
      {TABS.map((tab) => (
        <TabLink key={tab.label} tab={tab} projectKey={projectKey} here={isHere(tab, base, pathname)} />
      ))}
    </nav>
  );
}

const isHere = ({ path }: Tab, base: string, pathname: string) =>
  path !== undefined && pathname.replace(/\/$/, '') === base + path;

function TabLink({ tab, projectKey, here }: { tab: Tab; projectKey: string; here: boolean }) {
  const link = useRef<HTMLAnchorElement>(null);
  const may = useMay(tab.needs ?? 'project.view', projectKey);
  useEffect(() => {
    if (here) link.current?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [here]);
  if (tab.needs && !may) return null;
  const target =
    tab.path === undefined
      ? { to: '/rules', search: { project: projectKey } }
      : { to: `/projects/${projectKey}${tab.path}`, search: {} };
  return (
    <Link
      ref={link}
      className={classes.tab}
      activeOptions={{ exact: true }}
      {...(target as { to: '/' })}
      aria-current={here ? 'page' : undefined}
    >
      <tab.icon size={16} stroke={1.8} aria-hidden />
      {tab.label}
    </Link>
  );
}

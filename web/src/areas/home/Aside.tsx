import { Anchor, Progress } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMay } from '~/areas/account/queries';
import { HealthBadge } from '~/areas/projects/HealthBadge';
import { figuresQuery, projectsQuery } from '~/areas/projects/queries';
import { RunMark } from '~/areas/runs/StateMark';
import { When } from '~/parts/When';
import classes from './home.module.css';
import { Panel } from './Panel';
import { lastRunsQuery, myApprovalsQuery } from './queries';

/** What waits for one's yes or no. */
export function Approvals() {
  const approvals = useQuery(myApprovalsQuery);
  const items = approvals.data ?? [];
  return (
    <Panel
      title="Waiting for your decision"
      more={items.length > 0 ? { to: '/approvals', label: 'All' } : undefined}
      asked={approvals}
      empty={
        items.length === 0 && 'Nothing waits for you. When a rule asks before it goes on, its question stands here.'
      }
    >
      <ul className={classes.list}>
        {items.map(({ id, message, rule_name, requested_at }) => (
          <li key={id}>
            <Link to={`/approvals/${id}` as '/'} className={classes.line}>
              <span className={classes.words}>{message || rule_name}</span>
              <span className={classes.aside}>
                <When at={requested_at} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** What rules have lately done by themselves. */
export function Lately() {
  const mayView = useMay('run.view');
  const mayEdit = useMay('rule.edit');
  const runs = useQuery({ ...lastRunsQuery, enabled: mayView });
  if (!mayView) return null;
  const items = runs.data ?? [];
  return (
    <Panel
      title="What rules did lately"
      more={items.length > 0 ? { to: '/runs', label: 'All runs' } : undefined}
      asked={runs}
      empty={
        items.length === 0 && (
          <>
            No rule has run yet. A rule does the routine by itself, such as telling people when work is blocked.{' '}
            {mayEdit && (
              <Anchor component={Link} to={'/rules/templates' as '/'} size="sm">
                Choose one that is ready
              </Anchor>
            )}
          </>
        )
      }
    >
      <ul className={classes.list}>
        {items.map(({ id, rule_name, state, created_at }) => (
          <li key={id}>
            <Link to={`/runs/${id}` as '/'} className={classes.line}>
              <span className={classes.words}>{rule_name}</span>
              <RunMark state={state} />
              <span className={classes.aside}>
                <When at={created_at} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** The projects, with how far they are. */
export function SomeProjects() {
  const projects = useQuery(projectsQuery);
  const figures = useQuery(figuresQuery);
  const items = (projects.data ?? []).filter(({ status }) => status === 'active').slice(0, 6);
  return (
    <Panel
      title="Projects"
      more={{ to: '/projects', label: 'All projects' }}
      asked={projects}
      empty={items.length === 0 && 'No project is under way.'}
    >
      <ul className={classes.list}>
        {items.map((project) => {
          const figure = figures.data?.get(project.id);
          return (
            <li key={project.id}>
              <Link to={`/projects/${project.key}` as '/'} className={classes.line}>
                <span className={classes.words}>{project.name}</span>
                {project.health && <HealthBadge health={project.health} />}
                {figure && (
                  <>
                    <span className={classes.aside}>{figure.open} open</span>
                    <Progress value={figure.progress} w={56} size="sm" aria-label={`${figure.progress} % done`} />
                  </>
                )}
              </Link>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

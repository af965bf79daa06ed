import { Anchor, Paper, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Event, Run } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { moment, length as span, useManner, useNow } from '~/parts/time';
import { kindWords } from '../rules/words';
import { Payload } from './Payload';
import { aboutOf, took, useEventOf } from './queries';
import classes from './runs.module.css';

/** What started a run, on which version of the rule, about what, and how long it took. */
export function RunFacts({ run }: { run: Run }) {
  const manner = useManner();
  const now = useNow();
  const event = useEventOf(run);
  const { task, project } = aboutOf(event);
  return (
    <Paper withBorder p="md" bg="var(--app-card)" component="section" aria-labelledby="run-facts">
      <Title order={2} size="h5" id="run-facts" mb="sm">
        About this run
      </Title>
      <dl className={classes.facts}>
        <dt>Started by</dt>
        <dd>
          <Cause run={run} event={event} />
        </dd>
        {task?.key && (
          <>
            <dt>Task</dt>
            <dd>
              <Anchor component={Link} to={`/tasks/${task.key}` as '/'} size="sm">
                {task.key} {task.title}
              </Anchor>
            </dd>
          </>
        )}
        {project?.key && (
          <>
            <dt>Project</dt>
            <dd>
              <Anchor component={Link} to={`/projects/${project.key}` as '/'} size="sm">
                {project.name}
              </Anchor>
            </dd>
          </>
        )}
        <dt>Rule</dt>
        <dd>
          <Anchor component={Link} to={`/rules/${run.rule}` as '/'} size="sm">
            {run.rule_name}
          </Anchor>
          , version {run.rule_version}
        </dd>
        <dt>Began</dt>
        <dd>{moment(run.created_at, manner, true)}</dd>
        <dt>{run.finished_at ? 'Took' : 'So far'}</dt>
        <dd>{span(took(run, Math.max(now, Date.now())))}</dd>
        {run.rerun_of && (
          <>
            <dt>Repeats</dt>
            <dd>
              <Anchor component={Link} to={`/runs/${run.rerun_of}` as '/'} size="sm">
                an earlier run
              </Anchor>
            </dd>
          </>
        )}
        {run.parent && (
          <>
            <dt>Called by</dt>
            <dd>
              <Anchor component={Link} to={`/runs/${run.parent}` as '/'} size="sm">
                another run
              </Anchor>
            </dd>
          </>
        )}
        {run.depth > 1 && (
          <>
            <dt>Chain</dt>
            <dd>{run.depth} rules, each started by the one before</dd>
          </>
        )}
      </dl>
      {run.inputs !== null && run.inputs !== undefined && Object.keys(run.inputs as object).length > 0 && (
        <div style={{ marginTop: 16 }}>
          <Payload label="What the form said" value={run.inputs} />
        </div>
      )}
      {event && (
        <Text size="xs" c="dimmed" mt="md">
          <Anchor component={Link} to="/runs" search={{ event: event.id } as never} size="xs">
            All runs that this event started
          </Anchor>
        </Text>
      )}
    </Paper>
  );
}

function Cause({ run, event }: { run: Run; event: Event | undefined }) {
  const people = usePeople();
  if (run.parent) return 'Another rule';
  if (!run.event) return 'Somebody, by hand';
  if (!event) return 'An event that you may not see';
  const actor = event.actor as { type?: string; id?: string };
  const who = actor.id && people.get(actor.id)?.name;
  const by = who ?? (event.cause ? 'a rule' : undefined);
  return `${kindWords(event.kind)}${by ? `, by ${by}` : ''}`;
}

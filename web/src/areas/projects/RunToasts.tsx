import { Anchor, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconBolt } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { api, ask } from '~/api/client';
import type { Event } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { workflowQuery } from '~/areas/projects/queries';
import { freshen, renew } from '~/live/freshen';
import { useTopic } from '~/live/live';

/** As many runs are told of one by one; the rest in one line. */
const MOST = 3;

/** Tells, while one looks at a project, what rules do there, with the way to the run that shows why. */
export function RunToasts({ projectKey, topic }: { projectKey: string; topic: string }) {
  const client = useQueryClient();
  const mayView = useMay('run.view', projectKey);
  // Whoever was invited to the project alone does not hear of the workspace.
  const hearsAll = useMay('event.view');
  const deeds = useRef(new Map<string, string[]>());
  const open = useRef(new Set<string>());
  const more = useRef(0);
  const tell = async (event: Event) => {
    const run = event.cause?.run;
    if (!run || !mayView) return;
    const { statuses = [] } = client.getQueryData(workflowQuery(projectKey).queryKey) ?? {};
    const deed = deedOf(event, new Map(statuses.map(({ key, name }) => [key, name])));
    if (!deed) return;
    const known = deeds.current.get(run);
    deeds.current.set(run, [...(known ?? []), deed]);
    if (known) return refresh(run);
    if (open.current.size >= MOST) {
      more.current += 1;
      return summarise(more.current, () => {
        more.current = 0;
      });
    }
    open.current.add(run);
    const path = { id: run };
    const query = { fields: 'rule_name' };
    const { rule_name } = await ask(api.GET('/api/v1/runs/{id}', { params: { path, query } as never })).catch(() => ({
      rule_name: 'A rule',
    }));
    names.set(run, rule_name);
    notifications.show({
      id: run,
      title: rule_name,
      icon: <IconBolt size={18} aria-hidden />,
      message: <Message run={run} deeds={deeds.current.get(run) ?? []} />,
      role: 'status',
      autoClose: 9_000,
      onClose: () => {
        open.current.delete(run);
        deeds.current.delete(run);
        names.delete(run);
      },
    });
  };
  const refresh = (run: string) => {
    const title = names.get(run);
    if (!title) return;
    notifications.update({ id: run, title, message: <Message run={run} deeds={deeds.current.get(run) ?? []} /> });
  };
  useTopic(topic, {
    onEvent: (event) => {
      freshen(client, event);
      void tell(event);
    },
    onBegin: (resumed) => resumed || hearsAll || renew(client),
  });
  return null;
}

const names = new Map<string, string>();

function summarise(count: number, forget: () => void) {
  const id = 'more-runs';
  const message = (
    <Anchor component={Link} to={'/runs' as '/'} size="sm">
      {count === 1 ? 'One more rule ran' : `${count} more rules ran`}
    </Anchor>
  );
  const shown = { id, message, role: 'status' as const, autoClose: 9_000, onClose: forget };
  if (count === 1) notifications.show(shown);
  else notifications.update(shown);
}

function Message({ run, deeds }: { run: string; deeds: string[] }) {
  const shown = deeds.slice(0, 3);
  return (
    <>
      {shown.map((deed) => (
        <Text key={deed} size="sm">
          {deed}
        </Text>
      ))}
      {deeds.length > 3 && <Text size="sm">… and {deeds.length - 3} more</Text>}
      <Anchor component={Link} to={`/runs/${run}` as '/'} size="sm">
        See what happened
      </Anchor>
    </>
  );
}

/** What a rule did, in words; nothing for an event that another one tells of better. */
function deedOf({ kind, data }: Event, statuses: Map<string, string>): string | undefined {
  const { task, change } = data as {
    task?: { key: string };
    change?: { to?: string; added?: string[] } & Record<string, { to?: unknown }>;
  };
  const key = task?.key ?? '';
  switch (kind) {
    case 'task.status_changed':
      return `Moved ${key} to ${statuses.get(change?.to ?? '') ?? change?.to}`;
    case 'task.assigned':
      return change?.added?.length ? `Assigned ${key}` : `Took somebody off ${key}`;
    case 'task.commented':
      return `Commented on ${key}`;
    case 'task.created':
      return `Made ${key}`;
    case 'task.deleted':
      return `Deleted ${key}`;
    case 'task.linked':
      return `Linked ${key}`;
    case 'task.watched':
      return `Made somebody watch ${key}`;
    case 'task.updated': {
      const fields = Object.keys(change ?? {}).filter((field) => field !== 'status' && field !== 'assignees');
      return fields.length > 0 ? `Changed the ${fields.join(', ').replaceAll('_', ' ')} of ${key}` : undefined;
    }
    default:
      return undefined;
  }
}

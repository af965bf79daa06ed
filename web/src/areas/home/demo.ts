/** A project to play with: tasks in several statuses, and rules that visibly do something when a card is moved. */
import { api, ask } from '~/api/client';
import { Problem } from '~/api/problem';
import type { NewTask, Project, Rule } from '~/api/schema';

const DAY = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString();

/** The first two are those that the guide on the board speaks of. */
const tasks = (me: string): NewTask[] => [
  {
    title: 'Write the announcement',
    status: 'in_review',
    priority: 'high',
    labels: ['launch'],
    assignees: [me],
    due_at: inDays(1),
  },
  {
    title: 'The shop does not take cards',
    status: 'todo',
    type: 'bug',
    priority: 'critical',
    labels: ['shop'],
    due_at: inDays(0.3),
  },
  {
    title: 'Choose the pictures for the front page',
    status: 'todo',
    labels: ['design'],
    assignees: [me],
    due_at: inDays(3),
  },
  { title: 'Ask three customers what they miss', status: 'todo', labels: ['research'], due_at: inDays(5) },
  { title: 'Compare two providers of parcels', status: 'todo', priority: 'low', labels: ['shop'], due_at: inDays(9) },
  {
    title: 'Move the old address to the new one',
    status: 'in_progress',
    labels: ['launch'],
    assignees: [me],
    due_at: inDays(2),
  },
  {
    title: 'Make pages load in under a second',
    status: 'in_progress',
    type: 'improvement',
    labels: ['shop'],
    assignees: [me],
    due_at: inDays(6),
  },
  {
    title: 'Describe how returns work',
    status: 'in_review',
    type: 'documentation',
    labels: ['shop'],
    due_at: inDays(4),
  },
  {
    title: 'Sign the contract with the printer',
    status: 'blocked',
    priority: 'high',
    labels: ['launch'],
    due_at: inDays(-1),
  },
  { title: 'Set the day of the launch', status: 'completed', labels: ['launch'], assignees: [me] },
  { title: 'Draw the new logo', status: 'completed', type: 'feature', labels: ['design'] },
  { title: 'Rent a stand at the fair', status: 'cancelled', labels: ['launch'] },
];

const rules = (project: string): Rule[] => [
  {
    name: 'Celebrate what is done',
    description: 'Shows how a rule answers when a card reaches Completed.',
    scope: { projects: [project] },
    trigger: { on: 'task.status_changed', match: { to: 'completed' } },
    steps: [
      { id: 'mark', action: 'task.add_label', with: { task: '{{ task.id }}', label: 'celebrated' } },
      { id: 'say', action: 'task.comment', with: { task: '{{ task.id }}', body: 'Done. One thing less to think of!' } },
    ],
  } as Rule,
  {
    name: 'Critical work finds its person',
    description: 'Whoever takes up a critical task gets it, and is told so.',
    scope: { projects: [project] },
    trigger: { on: 'task.status_changed', match: { to: 'in_progress' } },
    condition: 'task.priority == "critical" && actor.type == "user"',
    steps: [
      { id: 'give', action: 'task.assign', with: { task: '{{ task.id }}', to: ['{{ actor.id }}'] } },
      {
        id: 'tell',
        action: 'notify.send',
        with: { to: ['task.assignees'], message: '{{ task.key }} is critical and yours now: {{ task.title }}' },
      },
    ],
  } as Rule,
];

/** Makes a project under the first key that is free. */
async function makeProject(tries = 1): Promise<Project> {
  const key = tries === 1 ? 'DEMO' : `DEMO${tries}`;
  const body = {
    key,
    name: 'Launch of the shop',
    description: 'A project to try things out. Delete it in its settings whenever you like.',
    due_at: inDays(14),
  };
  try {
    return await ask(api.POST('/api/v1/projects', { body }));
  } catch (error) {
    if (error instanceof Problem && error.type === 'project_key_taken' && tries < 50) return makeProject(tries + 1);
    throw error;
  }
}

/** What has been made already, so that trying again goes on where it failed. */
export interface Demo {
  project?: Project;
  tasks?: boolean;
  /** How many rules there are. */
  rules: number;
}

/** Makes the demo, and answers with its project. */
export async function makeDemo(me: string, demo: Demo): Promise<Project> {
  demo.project ??= await makeProject();
  const { key } = demo.project;
  if (!demo.tasks) {
    const operations = tasks(me).map((task) => ({ op: 'create' as const, project: key, task }));
    await ask(api.POST('/api/v1/tasks/batch', { body: { atomic: true, operations } as never }));
    demo.tasks = true;
  }
  for (const rule of rules(key).slice(demo.rules)) {
    const { id } = await ask(api.POST('/api/v1/rules', { body: rule }));
    await ask(api.POST('/api/v1/rules/{id}/enable', { params: { path: { id } } }));
    demo.rules += 1;
  }
  if (demo.rules === rules(key).length) {
    // One of those that anybody finds in the gallery.
    const body = { parameters: { projects: [key] }, state: 'enabled' as const };
    await ask(api.POST('/api/v1/rule-templates/{id}/apply', { params: { path: { id: 'reopen-on-comment' } }, body }));
    demo.rules += 1;
  }
  return demo.project;
}

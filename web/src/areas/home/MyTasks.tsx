import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Task } from '~/api/schema';
import { daysAway, dueWords, isOverdue } from '~/areas/board/due';
import { PriorityMark } from '~/areas/board/marks';
import { type Manner, useManner } from '~/parts/time';
import classes from './home.module.css';
import { Panel } from './Panel';
import { myTasksQuery } from './queries';

const GROUPS = ['Overdue', 'Today', 'In the next seven days', 'Later', 'Without a date'] as const;

function groupOf(task: Task, manner: Manner): (typeof GROUPS)[number] {
  if (!task.due_at) return 'Without a date';
  if (isOverdue(task)) return 'Overdue';
  const away = daysAway(task.due_at, manner);
  if (away <= 0) return 'Today';
  return away <= 7 ? 'In the next seven days' : 'Later';
}

/** What one has to do oneself, by when. */
export function MyTasks() {
  const tasks = useQuery(myTasksQuery);
  const manner = useManner();
  const items = tasks.data?.items ?? [];
  const rest = (tasks.data?.total ?? items.length) - items.length;
  return (
    <Panel
      title="What you have to do"
      more={{ to: '/my-work', label: rest > 0 ? `All, ${rest} more` : 'My work' }}
      asked={tasks}
      empty={
        items.length === 0 &&
        'Nothing is assigned to you. Tasks that you are given, by people or by rules, appear here in the order in which they are due.'
      }
    >
      {GROUPS.map((group) => {
        const here = items.filter((task) => groupOf(task, manner) === group);
        if (here.length === 0) return null;
        return (
          <div key={group} className={classes.group}>
            <Text
              component="h3"
              size="xs"
              fw={600}
              c={group === 'Overdue' ? 'var(--mantine-color-error)' : 'dimmed'}
              m={0}
            >
              {group}
            </Text>
            <ul className={classes.list}>
              {here.map((task) => (
                <li key={task.id}>
                  <Link
                    to="."
                    search={((old: object) => ({ ...old, task: task.key })) as never}
                    className={classes.line}
                  >
                    <PriorityMark priority={task.priority} />
                    <span className={classes.words}>{task.title}</span>
                    <span className={`${classes.aside} ${classes.key}`}>{task.key}</span>
                    {task.due_at && (
                      <span className={group === 'Overdue' ? classes.late : classes.aside}>
                        {dueWords(task.due_at, manner)}
                      </span>
                    )}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </Panel>
  );
}

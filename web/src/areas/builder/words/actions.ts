/** What an action does, as a sentence with its inputs in it. */
import type { Step } from '~/api/schema';
import type { Path } from '../model/path';
import { sentenceCase, spaced } from './kinds';
import { joined, type Names, type Words } from './parts';
import { personWords, valueWords } from './values';

/** `{name}` is an input; `{name@}` is people. */
const PHRASES: Record<string, string> = {
  'absence.create': 'Enter that {user} is away from {from} to {to}',
  'access.assign': 'Give {role} to {user}',
  'allocation.create': 'Plan {user} for {project} from {from} to {to}',
  'budget.add_cost': 'Add a cost of {amount} to the budget of {project}',
  'github.create_issue': 'Create the issue {title} in {repository} on GitHub',
  'http.request': 'Send a {method} request to {url}',
  'member.deactivate': 'End the access of {member}',
  'member.invite': 'Invite {email} as {role}',
  'milestone.complete': 'Complete {milestone}',
  'milestone.create': 'Create the milestone {name} in {project}',
  'milestone.delete': 'Delete {milestone}',
  'milestone.reopen': 'Reopen {milestone}',
  'milestone.update': 'Change {milestone}',
  'notify.send': 'Tell {to@} {message}',
  'project.archive': 'Archive {project}',
  'project.copy': 'Copy {project} as {name}',
  'project.create': 'Create the project {name}',
  'project.unarchive': 'Take up {project} again',
  'project.update': 'Change {project}',
  'recurrence.pause': 'Pause {recurrence}',
  'recurrence.resume': 'Resume {recurrence}',
  'slack.post_message': 'Post {text} to {channel} on Slack',
  'sprint.close': 'Close {sprint}',
  'sprint.create': 'Plan the sprint {name} in {project}',
  'sprint.start': 'Start {sprint}',
  'task.add_dependency': 'Make {task} wait for {predecessor}',
  'task.add_label': 'Add the label {label} to {task}',
  'task.add_watcher': 'Make {user@} watch {task}',
  'task.apply_template': 'Create the tasks of the template {template}',
  'task.comment': 'Comment {body} on {task}',
  'task.create': 'Create the task {title} in {project}',
  'task.delete': 'Delete {task}',
  'task.delete_comment': 'Delete {comment}',
  'task.edit_comment': 'Change {comment} to {body}',
  'task.link': 'Link {task} with {other} ({type})',
  'task.list': 'Find tasks',
  'task.remove_attachment': 'Remove {attachment}',
  'task.remove_dependency': 'Let {task} no longer wait for {predecessor}',
  'task.remove_label': 'Remove the label {label} from {task}',
  'task.remove_watcher': 'Stop {user@} watching {task}',
  'task.reschedule': 'Reschedule {task}',
  'task.set_status': 'Set the status of {task} to {status}',
  'task.unlink': 'Unlink {task} from {other}',
  'task.update': 'Change {task}',
  'time.log': 'Log {minutes} minutes on {task}',
  'timer.start': 'Start a timer on {task}',
  'timer.stop': 'Stop the timer on {task}',
  'timesheet.approve': 'Approve the timesheet of {user} for {week}',
  'timesheet.submit': 'Submit the timesheet for {week}',
};

/** The short name of an action for a heading: "Add label". */
export function actionName(action: string): string {
  const [area = '', verb = ''] = action.split('.');
  const noun = spaced(area);
  if (AS_THEY_ARE[action]) return AS_THEY_ARE[action];
  if (
    /^(create|update|delete|complete|reopen|archive|unarchive|copy|start|close|pause|resume|assign|approve|submit|stop|end|invite|deactivate)$/.test(
      verb,
    )
  )
    return sentenceCase(`${verb} ${noun}`);
  return sentenceCase(spaced(verb));
}

const AS_THEY_ARE: Record<string, string> = {
  'absence.create': 'Enter an absence',
  'access.assign': 'Give access',
  'access.end': 'End access',
  'allocation.create': 'Plan a person',
  'budget.add_cost': 'Add a cost',
  'github.create_issue': 'Create a GitHub issue',
  'http.request': 'Send an HTTP request',
  'notify.send': 'Notify people',
  'slack.post_message': 'Post to Slack',
  'task.comment': 'Comment on a task',
  'task.create': 'Create a task',
  'task.update': 'Change a task',
  'task.assign': 'Assign a task',
  'task.set_status': 'Set the status',
  'task.list': 'Find tasks',
  'task.link': 'Link tasks',
  'task.unlink': 'Unlink tasks',
  'time.log': 'Log time',
};

const IN_PHRASE = /\{(\w+)(@?)\}/g;

function people(value: unknown, at: Path, names: Names): Words {
  const list = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  if (list.length === 0) return [{ text: '…', at, tone: 'missing' }];
  return joined(list.map((who): Words => [{ text: personWords(String(who), names), at, tone: 'value' }]));
}

/** What is set besides what the phrase says: "priority critical, due date …". */
function others(given: Record<string, unknown>, said: Set<string>, path: Path, names: Names): Words {
  const rest = Object.entries(given).filter(([key]) => !said.has(key));
  if (rest.length === 0) return [];
  const items = rest.map(([key, value]): Words => {
    const place = [...path, 'with', key];
    return [`${spaced(key)} `, ...valueWords(value, place, names)];
  });
  return [': ', ...joined(items)];
}

function assignment(given: Record<string, unknown>, path: Path, names: Names): Words {
  const at = (key: string): Path => [...path, 'with', key];
  const task = valueWords(given.task, at('task'), names);
  if (given.to) return ['Assign ', ...task, ' to ', ...people(given.to, at('to'), names)];
  const how = given.pick === 'round_robin' ? 'whoever’s turn it is' : 'whoever has the fewest open tasks';
  const among = Array.isArray(given.among) && given.among.length > 0;
  const skills = Array.isArray(given.skills) && given.skills.length > 0;
  return [
    'Assign ',
    ...task,
    ' to ',
    { text: how, at: at('pick'), tone: 'value' },
    ...(among ? [' of ', ...people(given.among, at('among'), names)] : []),
    ...(skills ? [' with the skills ', ...valueWords(given.skills, at('skills'), names)] : []),
  ];
}

export function actionWords(step: Step, path: Path, names: Names): Words {
  const action = step.action ?? '';
  const given = step.with ?? {};
  if (action === 'task.assign') return assignment(given, path, names);
  const phrase = PHRASES[action];
  const said = new Set<string>();
  const words: Words = [];
  let from = 0;
  const start = phrase ?? (names.action(action)?.replace(/[.;].*$/, '') || actionName(action));
  for (const found of start.matchAll(IN_PHRASE)) {
    const [all, key = '', who] = found;
    words.push(start.slice(from, found.index));
    const place = [...path, 'with', key];
    words.push(...(who ? people(given[key], place, names) : valueWords(given[key], place, names)));
    said.add(key);
    from = found.index + all.length;
  }
  words.push(start.slice(from));
  return [...words, ...others(given, said, path, names)];
}

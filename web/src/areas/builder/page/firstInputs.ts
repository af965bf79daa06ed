/** What an action is given to begin with, so that it mostly works as it is. */
import type { ActionInfo, Rule } from '~/api/schema';
import type { Schema } from '../model/schema';
import { triggerKind } from '../words/trigger';

const ABOUT_A_TASK = /^(task|approval|sla|recurrence\.occurred|milestone\.tasks_completed)/;

/** Whether the event of the rule is about a task. */
export const hasTask = ({ trigger }: Rule) =>
  ABOUT_A_TASK.test(trigger.on) || triggerKind(trigger) === 'date' || trigger.subject === 'task';

/** Whether the event of the rule is about a project. */
const hasProject = (rule: Rule) =>
  hasTask(rule) || /^(project|milestone|sprint|budget|time|plan|baseline|field)\./.test(rule.trigger.on);

export function firstInputs(action: ActionInfo | undefined, rule: Rule): Record<string, unknown> {
  const { properties = {}, required = [] } = (action?.input ?? {}) as Schema;
  const inputs: Record<string, unknown> = {};
  if (properties.task && required.includes('task') && hasTask(rule)) inputs.task = '{{ task.id }}';
  if (properties.project && required.includes('project')) {
    if (rule.scope?.projects?.length === 1) inputs.project = rule.scope.projects[0];
    else if (hasProject(rule)) inputs.project = '{{ project.id }}';
  }
  if (properties.milestone && required.includes('milestone') && rule.trigger.on.startsWith('milestone.'))
    inputs.milestone = '{{ milestone.id }}';
  if (properties.sprint && required.includes('sprint') && rule.trigger.on.startsWith('sprint.'))
    inputs.sprint = '{{ sprint.id }}';
  return inputs;
}

/** What a template's questions are answered with before anybody has answered, and what is wrong with answers. */
import { Problem } from '~/api/problem';
import type { NamedRuleParameter, Project, RuleTemplate } from '~/api/schema';
import type { Answers } from './queries';

/** The defaults; where there is but one project it is that one, and a time zone is the person's own. */
export function beginning(template: RuleTemplate, projects: Project[], zone?: string | null): Answers {
  return Object.fromEntries(template.parameters.map((parameter) => [parameter.name, first(parameter, projects, zone)]));
}

function first(parameter: NamedRuleParameter, projects: Project[], zone?: string | null): unknown {
  if (parameter.type === 'zone') return zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (parameter.default !== undefined && parameter.default !== null) return parameter.default;
  const [only, more] = projects;
  const project = parameter.type === 'project' && only && !more ? only.key : undefined;
  if (parameter.many) return project ? [project] : [];
  return project;
}

/** The first problem of each parameter, by its name: `/parameters/who/1` is one of `who`. */
export function problemsAt(error: unknown): Map<string, string> {
  const found = new Map<string, string>();
  if (!(error instanceof Problem)) return found;
  for (const { pointer, message } of error.errors) {
    const [, where, name] = pointer.split('/');
    if (where === 'parameters' && name && !found.has(name)) found.set(name, message);
  }
  return found;
}

const STANDARD = ['todo', 'in_progress', 'blocked', 'in_review', 'completed', 'cancelled'];

/** The statuses of every project that says nothing else. */
export const STANDARD_STATUSES = STANDARD.map((value) => ({ value, label: sayable(value) }));

/** `in_progress` as people write it. */
export function sayable(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).replaceAll('_', ' ');
}

/** The project that a template was told, where it asks for one and has an answer. */
export function projectOf(template: RuleTemplate, answers: Answers): string | undefined {
  const parameter = template.parameters.find(({ type }) => type === 'project');
  const answer = parameter && answers[parameter.name];
  if (typeof answer === 'string') return answer || undefined;
  return Array.isArray(answer) && answer.length === 1 ? String(answer[0]) : undefined;
}

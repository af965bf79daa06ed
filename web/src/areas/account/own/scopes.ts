/** What a token can be limited to, area by area: the permissions of docs/permissions.md. */
const AREAS: Record<string, string> = {
  absence: 'edit',
  access: 'manage view',
  approval: 'decide view',
  audit: 'view',
  budget: 'edit view',
  comment: 'moderate',
  connection: 'manage use',
  event: 'view',
  hook: 'manage view',
  identity: 'manage',
  member: 'manage view',
  milestone: 'edit view',
  notification: 'send view',
  operations: 'manage',
  profile: 'edit',
  project: 'create delete edit share view',
  recurrence: 'edit view',
  resource: 'manage view',
  rota: 'edit view',
  rule: 'edit run view',
  run: 'manage view',
  secret: 'manage use',
  session: 'manage',
  sla: 'edit view',
  sprint: 'edit view',
  task: 'comment create delete edit view',
  task_template: 'edit view',
  time: 'log manage view',
  token: 'create',
  variable: 'manage',
  view: 'share',
};

/** Every permission, grouped as a choice of many shows them; all of an area first. */
export const SCOPES = Object.entries(AREAS).map(([area, doings]) => {
  const names = doings.split(' ').map((doing) => `${area}.${doing}`);
  return {
    group: area.charAt(0).toUpperCase() + area.slice(1).replaceAll('_', ' '),
    items: names.length > 1 ? [`${area}.*`, ...names] : names,
  };
});

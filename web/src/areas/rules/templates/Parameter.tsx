import { Anchor, Autocomplete, MultiSelect, NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { NamedRuleParameter, RuleTemplate } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { projectsQuery, workflowQuery } from '~/areas/projects/queries';
import { projectOf, STANDARD_STATUSES, sayable } from './answers';
import { Duration } from './Duration';
import { type Answers, hooksQuery, labelsQuery } from './queries';

interface Props {
  parameter: NamedRuleParameter;
  template: RuleTemplate;
  answers: Answers;
  error?: string;
  onChange: (value: unknown) => void;
}

/** One question of a template, asked in the way that fits its type. */
export function Parameter(props: Props) {
  const { parameter, error } = props;
  const common = {
    label: parameter.label,
    description: parameter.description ?? undefined,
    required: parameter.required,
    error,
  };
  const value = props.answers[parameter.name];
  switch (parameter.type) {
    case 'number':
      return (
        <NumberInput
          {...common}
          min={parameter.min ?? undefined}
          max={parameter.max ?? undefined}
          allowDecimal={false}
          value={(value as number | undefined) ?? ''}
          onChange={(given) => props.onChange(given === '' ? undefined : given)}
        />
      );
    case 'duration':
      return <Duration {...common} value={value as string | undefined} onChange={props.onChange} />;
    case 'choice':
      return (
        <Choice
          {...props}
          data={(parameter.options ?? []).map((option) => ({ value: option, label: choice(option) }))}
        />
      );
    case 'zone':
      return <Choice {...props} data={Intl.supportedValuesOf('timeZone')} />;
    case 'project':
      return <ProjectChoice {...props} />;
    case 'status':
      return <StatusChoice {...props} />;
    case 'person':
    case 'recipient':
      return <PersonChoice {...props} />;
    case 'hook':
      return <HookChoice {...props} />;
    case 'label':
      return <LabelChoice {...props} />;
    default:
      if (parameter.many) return <Tags {...props} data={[]} />;
      return (
        <TextInput
          {...common}
          type={parameter.type === 'time' ? 'time' : parameter.type === 'url' ? 'url' : 'text'}
          placeholder={typeof parameter.example === 'string' ? `such as ${parameter.example}` : undefined}
          maxLength={parameter.max ?? undefined}
          value={(value as string | undefined) ?? ''}
          onChange={(event) => props.onChange(event.currentTarget.value || undefined)}
        />
      );
  }
}

const DAYS: Record<string, string> = {
  MON: 'Monday',
  TUE: 'Tuesday',
  WED: 'Wednesday',
  THU: 'Thursday',
  FRI: 'Friday',
  SAT: 'Saturday',
  SUN: 'Sunday',
};

const choice = (option: string) => DAYS[option] ?? sayable(option);

type Data = (
  | string
  | { value: string; label: string }
  | { group: string; items: { value: string; label: string }[] }
)[];

/** One of a list, or several, as the parameter wants. */
function Choice({ parameter, answers, error, onChange, data, empty }: Props & { data: Data; empty?: string }) {
  const value = answers[parameter.name];
  const common = {
    label: parameter.label,
    description: parameter.description,
    required: parameter.required,
    error,
    data,
    searchable: data.length > 6 || !!parameter.many,
    nothingFoundMessage: empty ?? 'Nothing fits',
    comboboxProps: { withinPortal: true },
  };
  if (parameter.many) {
    const chosen = (value as string[] | undefined) ?? [];
    return (
      <MultiSelect
        {...common}
        hidePickedOptions
        value={chosen}
        onChange={onChange}
        placeholder={chosen.length > 0 ? undefined : parameter.required ? 'Choose' : 'All of them'}
      />
    );
  }
  return (
    <Select
      {...common}
      value={(value as string | undefined) ?? null}
      onChange={(chosen) => onChange(chosen ?? undefined)}
      allowDeselect={!parameter.required}
      placeholder="Choose"
    />
  );
}

function Tags({ parameter, answers, error, onChange, data }: Props & { data: string[] }) {
  return (
    <TagsInput
      label={parameter.label}
      description={parameter.description}
      required={parameter.required}
      error={error}
      data={data}
      placeholder="Type, then Enter"
      acceptValueOnBlur
      splitChars={['\n']}
      value={(answers[parameter.name] as string[] | undefined) ?? []}
      onChange={onChange}
    />
  );
}

function ProjectChoice(props: Props) {
  const { data = [] } = useQuery(projectsQuery);
  return <Choice {...props} data={data.map(({ key, name }) => ({ value: key, label: `${name} (${key})` }))} />;
}

function StatusChoice(props: Props) {
  const project = projectOf(props.template, props.answers);
  const { data } = useQuery({ ...workflowQuery(project ?? ''), enabled: project !== undefined });
  const statuses = data?.statuses.map(({ key, name }) => ({ value: key, label: name })) ?? STANDARD_STATUSES;
  return <Choice {...props} data={statuses} />;
}

const ROLES = ['project_manager', 'team_member', 'admin', 'viewer', 'guest'];

function PersonChoice(props: Props) {
  const people = [...usePeople().values()]
    .filter(({ state, kind }) => state === 'active' && kind === 'person')
    .map(({ id, name }) => ({ value: id, label: name }));
  if (props.parameter.type === 'person') return <Choice {...props} data={people} />;
  const roles = ROLES.map((role) => ({ value: `role:${role}`, label: `Every ${role.replaceAll('_', ' ')}` }));
  return (
    <Choice
      {...props}
      data={[
        { group: 'Roles', items: [{ value: 'owner', label: "The rule's owner" }, ...roles] },
        { group: 'People', items: people },
      ]}
    />
  );
}

function HookChoice(props: Props) {
  const hooks = useQuery(hooksQuery);
  const none = hooks.data?.items.length === 0;
  return (
    <div>
      <Choice
        {...props}
        data={hooks.data?.items.map(({ name }) => name) ?? []}
        empty={none ? 'There is no webhook yet' : undefined}
      />
      {none && (
        <Anchor component={Link} to={'/admin/hooks' as '/'} size="xs">
          Make a webhook first
        </Anchor>
      )}
    </div>
  );
}

function LabelChoice(props: Props) {
  const { parameter, answers, error, onChange } = props;
  const { data = [] } = useQuery({ ...labelsQuery, select: (labels) => labels.map(({ label }) => label) });
  if (parameter.many) return <Tags {...props} data={data} />;
  return (
    <Autocomplete
      label={parameter.label}
      description={parameter.description}
      required={parameter.required}
      error={error}
      data={data}
      value={(answers[parameter.name] as string | undefined) ?? ''}
      onChange={(value) => onChange(value || undefined)}
    />
  );
}

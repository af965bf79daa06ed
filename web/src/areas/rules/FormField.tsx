import { Checkbox, NumberInput, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Input } from '~/api/schema';
import { usePeople } from '~/areas/people/queries';
import { projectsQuery } from '~/areas/projects/queries';

interface Props {
  name: string;
  input: Input;
  value?: unknown;
  error?: ReactNode;
  onChange: (value: unknown) => void;
}

const sayable = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');

/** One question of a rule's form, asked in the way that fits its type. */
export function FormField({ name, input, value, error, onChange }: Props) {
  const common = {
    label: input.label ?? sayable(name),
    description: input.description,
    required: input.required,
    error,
  };
  switch (input.type) {
    case 'boolean':
      return (
        <Checkbox
          {...common}
          required={false}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'integer':
    case 'number':
      return (
        <NumberInput
          {...common}
          allowDecimal={input.type === 'number'}
          value={(value as number | undefined) ?? ''}
          onChange={onChange}
        />
      );
    case 'choice':
      return (
        <Select
          {...common}
          data={input.options ?? []}
          value={(value as string) || null}
          onChange={onChange}
          clearable
        />
      );
    case 'user':
      return <PersonField {...common} value={value} onChange={onChange} />;
    case 'project':
      return <ProjectField {...common} value={value} onChange={onChange} />;
    case 'datetime':
      return (
        <TextInput
          {...common}
          type="datetime-local"
          value={typeof value === 'string' ? local(value) : ''}
          onChange={(event) => onChange(iso(event.currentTarget.value))}
        />
      );
    default:
      return (
        <TextInput
          {...common}
          type={input.type === 'date' ? 'date' : 'text'}
          placeholder={input.type === 'task' ? 'WEB-142' : undefined}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}

/** What a field of the browser for date and time shows of a moment, in the zone of the browser. */
function local(moment: string): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const iso = (text: string) => (text ? new Date(text).toISOString() : '');

type Common = Pick<Props, 'value' | 'error' | 'onChange'> & { label: string; required?: boolean };

function PersonField({ value, onChange, ...common }: Common) {
  const people = [...usePeople().values()].filter(({ state, kind }) => state === 'active' && kind === 'person');
  return (
    <Select
      {...common}
      searchable
      clearable
      data={people.map(({ id, name }) => ({ value: id, label: name }))}
      value={(value as string) || null}
      onChange={onChange}
    />
  );
}

function ProjectField({ value, onChange, ...common }: Common) {
  const { data = [] } = useQuery(projectsQuery);
  return (
    <Select
      {...common}
      searchable
      clearable
      data={data.map(({ key, name }) => ({ value: key, label: `${name} (${key})` }))}
      value={(value as string) || null}
      onChange={onChange}
    />
  );
}

/** A value to compare with, by the type of the field: a person by name, a status, a number, a moment, a text. */
import { MultiSelect, NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { useBuilder } from '../model/builder';
import { resolved, typesOf } from '../model/schema';
import type { Variable } from '../model/scope';
import { sentenceCase, spaced } from '../words/kinds';
import { type Option, useLabelNames, usePersonOptions, useProjectOptions, useStatusOptions } from './pickers';

interface Props {
  label: string;
  /** The path of the field: what it is called says what it holds. */
  field: string;
  variable?: Variable;
  many: boolean;
  value: unknown;
  onChange(value: unknown): void;
}

/** The values among which one chooses, as far as they are known. */
function useOptions(field: string, variable: Variable | undefined): Option[] | undefined {
  const statuses = useStatusOptions();
  const people = usePersonOptions();
  const projects = useProjectOptions();
  const labels = useLabelNames();
  const last = field.split('.').at(-1) ?? '';
  const item =
    variable && typesOf(variable.schema)[0] === 'array'
      ? resolved(variable.schema.items, variable.defs)
      : variable?.schema;
  if (/^\^user_/.test(item?.pattern ?? '')) return people;
  if (last === 'status' && (field.startsWith('task') || field === 'status')) return statuses;
  if ((field === 'from' || field === 'to' || /^change\.(from|to)$/.test(field)) && variable?.schema['x-usual'])
    return statuses;
  if (last === 'labels') return labels.map((label) => ({ value: label, label }));
  if (field === 'project.key' || field === 'project') return projects;
  return variable?.choices?.map((value) => ({ value, label: sentenceCase(spaced(value)) }));
}

const asText = (value: unknown) => (value === null || value === undefined ? '' : String(value));

export function ValueField({ label, field, variable, many, value, onChange }: Props) {
  const { readOnly } = useBuilder();
  const options = useOptions(field, variable);
  const [type] = variable ? typesOf(variable.schema) : [];
  const common = { 'aria-label': label, size: 'xs', readOnly } as const;
  const numeric = type === 'number' || type === 'integer';
  if (many) {
    const list = Array.isArray(value) ? value.map(asText) : [];
    const say = (next: string[]) => onChange(numeric ? next.map(Number).filter((one) => !Number.isNaN(one)) : next);
    if (options) {
      const data = [
        ...options,
        ...list.filter((one) => !options.some((o) => o.value === one)).map((one) => ({ value: one, label: one })),
      ];
      return <MultiSelect {...common} data={data} value={list} onChange={say} searchable />;
    }
    return <TagsInput {...common} value={list} onChange={say} placeholder="Values" />;
  }
  if (type === 'boolean')
    return (
      <Select
        {...common}
        allowDeselect={false}
        data={[
          { value: 'true', label: 'Yes' },
          { value: 'false', label: 'No' },
        ]}
        value={value === true ? 'true' : value === false ? 'false' : null}
        onChange={(next) => onChange(next === 'true')}
      />
    );
  if (numeric)
    return (
      <NumberInput
        {...common}
        value={typeof value === 'number' ? value : ''}
        onChange={(next) => onChange(next === '' ? '' : Number(next))}
      />
    );
  if (options) {
    const here = asText(value);
    const data =
      here && !options.some((one) => one.value === here) ? [...options, { value: here, label: here }] : options;
    return (
      <Select
        {...common}
        placeholder="Choose"
        data={data}
        value={here || null}
        onChange={(next) => onChange(next ?? '')}
        searchable
        allowDeselect={false}
      />
    );
  }
  return (
    <TextInput
      {...common}
      value={asText(value)}
      placeholder={variable?.type === 'moment' ? '2026-12-31T00:00:00Z' : 'Value'}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** The fields that a project defines, each edited as what it holds. */
import { Anchor, Checkbox, MultiSelect, NumberInput, Select, TextInput, Tooltip } from '@mantine/core';
import { DatePickerInput } from '@mantine/dates';
import { useEffect, useState } from 'react';
import type { Field } from '~/api/schema';
import { useActivePeople, usePeople } from '~/areas/people/queries';
import { useManner } from '~/parts/time';
import { Row } from './Row';

type Control = { id?: string; classNames?: { input: string }; 'aria-label'?: string; autoFocus?: boolean };
type Save = (value: unknown) => void;

export function CustomField({ field, value, save }: { field: Field; value: unknown; save?: Save }) {
  const read = <CustomValue field={field} value={value} />;
  const edit = save && ((control: Control) => <CustomEdit field={field} value={value} save={save} control={control} />);
  return <Row label={field.required ? `${field.name} *` : field.name} edit={edit} read={read} />;
}

/** The value of a field in words. */
export function CustomValue({ field, value }: { field: Field; value: unknown }) {
  const people = usePeople();
  const manner = useManner();
  if (value === undefined || value === null || value === '') return '—';
  const option = (key: unknown) => field.options.find((one) => one.key === key)?.name ?? String(key);
  switch (field.type) {
    case 'select':
      return option(value);
    case 'multi_select':
      return Array.isArray(value) ? value.map(option).join(', ') : String(value);
    case 'user':
      return people.get(String(value))?.name ?? 'Somebody';
    case 'checkbox':
      return value === true ? 'Yes' : 'No';
    case 'url':
      return (
        <Anchor href={String(value)} target="_blank" rel="noopener noreferrer nofollow" size="sm">
          {String(value).replace(/^https?:\/\//, '')}
        </Anchor>
      );
    case 'money': {
      const { amount, currency } = value as { amount: string; currency: string };
      return new Intl.NumberFormat(manner.locale, { style: 'currency', currency }).format(Number(amount));
    }
    case 'number':
      return new Intl.NumberFormat(manner.locale, { maximumFractionDigits: 15 }).format(Number(value));
    case 'date':
      return new Intl.DateTimeFormat(manner.locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(
        new Date(`${value}T00:00:00Z`),
      );
    default:
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}

export function CustomEdit({
  field,
  value,
  save,
  control,
}: {
  field: Field;
  value: unknown;
  save: Save;
  control: Control;
}) {
  const people = useActivePeople();
  const options = field.options.map(({ key, name }) => ({ value: key, label: name }));
  const none = { placeholder: 'None', clearable: !field.required, size: 'sm' } as const;
  switch (field.type) {
    case 'select':
      return (
        <Select {...control} {...none} searchable data={options} value={(value as string) ?? null} onChange={save} />
      );
    case 'multi_select':
      return (
        <MultiSelect
          {...control}
          {...none}
          searchable
          data={options}
          value={Array.isArray(value) ? (value as string[]) : []}
          onChange={(keys) => save(keys.length > 0 ? keys : null)}
        />
      );
    case 'user':
      return (
        <Select
          {...control}
          {...none}
          searchable
          data={people.map(({ id, name }) => ({ value: id, label: name }))}
          value={(value as string) ?? null}
          onChange={save}
        />
      );
    case 'checkbox':
      return (
        <Checkbox
          id={control.id}
          aria-label={control['aria-label']}
          autoFocus={control.autoFocus}
          checked={value === true}
          onChange={(event) => save(event.currentTarget.checked)}
          style={{ padding: '6px 9px' }}
        />
      );
    case 'date':
      return (
        <DatePickerInput
          {...control}
          {...none}
          firstDayOfWeek={1}
          value={(value as string) ?? null}
          onChange={save}
          clearButtonProps={{ 'aria-label': 'Clear' }}
        />
      );
    case 'number':
      return <FigureEdit value={value === undefined ? '' : Number(value)} save={save} control={control} />;
    case 'money':
      return (
        <FigureEdit
          value={value ? Number((value as { amount: string }).amount) : ''}
          save={(amount) => save(amount === null ? null : String(amount))}
          control={control}
          suffix={` ${field.currency ?? ''}`}
          decimals={4}
        />
      );
    default:
      return (
        <TextEdit
          value={typeof value === 'string' ? value : ''}
          save={(text) => save(text || null)}
          control={control}
          type={field.type === 'url' ? 'url' : 'text'}
        />
      );
  }
}

/** A figure, saved when one leaves it or presses Enter. */
export function FigureEdit({
  value,
  save,
  control,
  suffix,
  decimals = 15,
  min,
  max,
}: {
  value: number | '';
  save: (value: number | null) => void;
  control: Control;
  suffix?: string;
  decimals?: number;
  min?: number;
  max?: number;
}) {
  const [typed, setTyped] = useState<number | string>(value);
  useEffect(() => setTyped(value), [value]);
  const done = () => {
    if (typed !== value) save(typed === '' ? null : Number(typed));
  };
  return (
    <NumberInput
      {...control}
      size="sm"
      hideControls
      placeholder="None"
      suffix={suffix}
      decimalScale={decimals}
      min={min}
      max={max}
      value={typed}
      onChange={setTyped}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === 'Enter') done();
      }}
    />
  );
}

/** A line of text, saved when one leaves it or presses Enter; Escape puts it back. `check` says what is wrong with it. */
export function TextEdit({
  value,
  save,
  control,
  type = 'text',
  check,
  hint,
}: {
  value: string;
  save: (value: string) => void;
  control: Control;
  type?: 'text' | 'url';
  check?: (text: string) => string | undefined;
  hint?: string;
}) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const error = typed === value ? undefined : check?.(typed);
  const done = () => {
    if (typed !== value && !error) save(typed.trim());
  };
  return (
    <Tooltip label={hint} disabled={!hint} openDelay={600} position="bottom">
      <TextInput
        {...control}
        size="sm"
        type={type}
        placeholder="None"
        value={typed}
        error={error}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={done}
        data-mantine-stop-propagation={typed !== value ? 'true' : undefined}
        onKeyDown={(event) => {
          if (event.key === 'Enter') done();
          if (event.key === 'Escape') setTyped(value);
        }}
      />
    </Tooltip>
  );
}

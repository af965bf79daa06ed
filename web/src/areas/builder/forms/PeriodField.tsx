/** A length of time: a number and a unit. What it cannot show as that it shows as it is. */
import { Group, Input, NumberInput, Select, TextInput } from '@mantine/core';
import { useBuilder } from '../model/builder';

const UNITS = [
  { value: 's', label: 'seconds' },
  { value: 'm', label: 'minutes' },
  { value: 'h', label: 'hours' },
  { value: 'd', label: 'days' },
  { value: 'w', label: 'weeks' },
];
const WORKING = { value: ' working days', label: 'working days' };

interface Props {
  label: string;
  description?: string;
  value: string | null | undefined;
  onChange(value: string | undefined): void;
  /** Whether days on which work is done can be meant. */
  working?: boolean;
  required?: boolean;
}

export function PeriodField({ label, description, value, onChange, working, required }: Props) {
  const { readOnly } = useBuilder();
  const [, count, unit] = /^(\d+)\s*([smhdw]| working days?)$/.exec(value ?? '') ?? [];
  if (value && !unit)
    return (
      <TextInput
        label={label}
        description={description}
        value={value}
        readOnly={readOnly}
        onChange={(event) => onChange(event.currentTarget.value || undefined)}
      />
    );
  const chosen = unit?.startsWith(' working') ? WORKING.value : (unit ?? 'h');
  return (
    <Input.Wrapper label={label} description={description} withAsterisk={required} labelElement="div">
      <Group gap={6} wrap="nowrap" mt={2}>
        <NumberInput
          aria-label={`${label}: how many`}
          w={96}
          min={1}
          readOnly={readOnly}
          allowDecimal={false}
          value={count ? Number(count) : ''}
          onChange={(next) => onChange(next === '' ? undefined : `${next}${chosen}`)}
        />
        <Select
          aria-label={`${label}: unit`}
          style={{ flex: 1 }}
          readOnly={readOnly}
          allowDeselect={false}
          data={working ? [...UNITS, WORKING] : UNITS}
          value={chosen}
          onChange={(next) => next && onChange(`${count ?? 1}${next}`)}
        />
      </Group>
    </Input.Wrapper>
  );
}

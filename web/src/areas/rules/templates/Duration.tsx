import { Group, Input, NativeSelect, NumberInput } from '@mantine/core';
import { useId } from '@mantine/hooks';

const UNITS = [
  { value: 'm', label: 'minutes' },
  { value: 'h', label: 'hours' },
  { value: 'd', label: 'days' },
  { value: 'w', label: 'weeks' },
];

interface Props {
  label: string;
  description?: string;
  required?: boolean;
  error?: string;
  /** A number and a unit: `48h`. */
  value?: string;
  /** The unit that is offered first. */
  usual?: 'm' | 'h' | 'd' | 'w';
  onChange: (value: string | undefined) => void;
}

/** A length of time as a number and its unit. */
export function Duration({ label, description, required, error, value, usual = 'h', onChange }: Props) {
  const id = useId();
  const [, count = '', said = ''] = /^(\d*)\s*([a-z]*)$/.exec(value ?? '') ?? [];
  // What is empty has no unit of its own.
  const unit = said || usual;
  return (
    <Input.Wrapper label={label} description={description} required={required} error={error} id={id}>
      <Group gap="xs" wrap="nowrap" mt={description ? 4 : 0}>
        <NumberInput
          id={id}
          min={1}
          allowDecimal={false}
          allowNegative={false}
          error={!!error}
          style={{ flex: 1 }}
          value={count === '' ? '' : Number(count)}
          onChange={(given) => onChange(given === '' ? undefined : `${given}${unit}`)}
        />
        <NativeSelect
          aria-label={`${label}: unit`}
          data={UNITS}
          w={120}
          value={unit}
          onChange={(event) => onChange(`${count || 1}${event.currentTarget.value}`)}
        />
      </Group>
    </Input.Wrapper>
  );
}

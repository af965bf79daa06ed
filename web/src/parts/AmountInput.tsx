import { TextInput, type TextInputProps } from '@mantine/core';
import { plainAmount } from './money';

/** An amount of money to be typed, in whatever manner people write numbers; told on as a plain decimal. */
export function AmountInput({
  value,
  onChange,
  currency,
  onBlur,
  ...props
}: Omit<TextInputProps, 'value' | 'onChange'> & {
  value?: string;
  onChange?: (value: string) => void;
  currency?: string;
}) {
  return (
    <TextInput
      inputMode="decimal"
      autoComplete="off"
      placeholder="0.00"
      rightSection={currency ? <span style={{ fontSize: 12 }}>{currency}</span> : undefined}
      rightSectionWidth={currency ? 48 : undefined}
      value={value ?? ''}
      onChange={(event) => onChange?.(event.currentTarget.value)}
      onBlur={(event) => {
        onChange?.(plainAmount(event.currentTarget.value));
        onBlur?.(event);
      }}
      {...props}
    />
  );
}

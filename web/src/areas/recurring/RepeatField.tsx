/** How often something happens again: chosen, or written as a rule. */
import { Button, Chip, Group, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { DAY_NAMES, type Freq, REPEAT, type Repeat, repeatOf, ruleOf, WEEKDAYS, WHICH } from './rrule';

interface Props {
  value?: string;
  onChange: (rule: string) => void;
  error?: React.ReactNode;
}

export function RepeatField({ value = '', onChange, error }: Props) {
  const known = repeatOf(value);
  const [written, setWritten] = useState(!known);
  if (written) {
    return (
      <div>
        <TextInput
          label="Rule"
          description="RFC 5545, such as FREQ=WEEKLY;BYDAY=MO"
          required
          value={value}
          error={error}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
        <Button
          size="compact-sm"
          variant="subtle"
          mt={4}
          onClick={() => {
            if (!known) onChange(ruleOf(REPEAT));
            setWritten(false);
          }}
        >
          Choose it instead
        </Button>
      </div>
    );
  }
  return (
    <Choices
      repeat={known ?? REPEAT}
      change={(next) => onChange(ruleOf(next))}
      write={() => setWritten(true)}
      error={error}
    />
  );
}

function Choices(props: {
  repeat: Repeat;
  change: (next: Repeat) => void;
  write: () => void;
  error?: React.ReactNode;
}) {
  const { repeat, change, write, error } = props;
  const set = (part: Partial<Repeat>) => change({ ...repeat, ...part });
  const ends = repeat.count ? 'count' : repeat.until ? 'until' : 'never';
  return (
    <Stack gap="xs">
      <Group grow align="flex-end" gap="xs">
        <NumberInput
          label="Every"
          min={1}
          max={999}
          allowDecimal={false}
          value={repeat.interval}
          onChange={(interval) => set({ interval: Number(interval) || 1 })}
        />
        <Select
          aria-label="Unit of the recurrence"
          allowDeselect={false}
          data={[
            { value: 'DAILY', label: repeat.interval === 1 ? 'day' : 'days' },
            { value: 'WEEKLY', label: repeat.interval === 1 ? 'week' : 'weeks' },
            { value: 'MONTHLY', label: repeat.interval === 1 ? 'month' : 'months' },
            { value: 'YEARLY', label: repeat.interval === 1 ? 'year' : 'years' },
          ]}
          value={repeat.freq}
          onChange={(freq) => freq && set({ freq: freq as Freq })}
        />
      </Group>
      {repeat.freq === 'WEEKLY' && (
        <Chip.Group multiple value={repeat.days} onChange={(days) => set({ days })}>
          <Group gap={6} role="group" aria-label="On which days">
            {WEEKDAYS.map((day) => (
              <Chip key={day} value={day} size="sm" aria-label={DAY_NAMES[day]}>
                {DAY_NAMES[day]!.slice(0, 3)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      )}
      {repeat.freq === 'MONTHLY' && (
        <Group grow gap="xs">
          <Select
            aria-label="On which day of the month"
            allowDeselect={false}
            data={[
              { value: '', label: 'the day on which it begins' },
              ...(['1', '2', '3', '4', '-1'] as const).map((which) => ({ value: which, label: `the ${WHICH[which]}` })),
              { value: 'last-day', label: 'the last day' },
            ]}
            value={repeat.which}
            onChange={(which) => set({ which: (which ?? '') as Repeat['which'] })}
          />
          {repeat.which !== '' && repeat.which !== 'last-day' && (
            <Select
              aria-label="Day of the week"
              allowDeselect={false}
              data={WEEKDAYS.map((day) => ({ value: day, label: DAY_NAMES[day]! }))}
              value={repeat.weekday}
              onChange={(weekday) => weekday && set({ weekday })}
            />
          )}
        </Group>
      )}
      <Group grow gap="xs">
        <Select
          aria-label="How it ends"
          allowDeselect={false}
          data={[
            { value: 'never', label: 'without an end' },
            { value: 'count', label: 'so many times' },
            { value: 'until', label: 'until a day' },
          ]}
          value={ends}
          onChange={(end) =>
            set({
              count: end === 'count' ? 10 : undefined,
              until: end === 'until' ? new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10) : undefined,
            })
          }
        />
        {ends === 'count' && (
          <NumberInput
            aria-label="How many times"
            min={1}
            allowDecimal={false}
            value={repeat.count}
            onChange={(count) => set({ count: Number(count) || 1 })}
          />
        )}
        {ends === 'until' && (
          <TextInput
            aria-label="Last day"
            type="date"
            value={repeat.until ?? ''}
            onChange={(event) => event.currentTarget.value && set({ until: event.currentTarget.value })}
          />
        )}
      </Group>
      {error && (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {error}
        </Text>
      )}
      <Button size="compact-sm" variant="subtle" style={{ alignSelf: 'start' }} onClick={write}>
        Write it as a rule
      </Button>
    </Stack>
  );
}

import { Button, Checkbox, Group, Input, Stack, Text, TextInput } from '@mantine/core';
import type { WorkingHours } from '~/api/schema';
import { useManner } from '~/parts/time';
import { DAYS, dayName } from './days';

const USUAL = { from: '09:00', to: '17:00' };
const WORKWEEK: WorkingHours = Object.fromEntries(DAYS.slice(0, 5).map((day) => [day, USUAL]));

/** On which days somebody works, and from when to when. */
export function Hours({
  value,
  onChange,
  disabled,
}: {
  value: WorkingHours | null;
  onChange: (value: WorkingHours | null) => void;
  disabled?: boolean;
}) {
  const { locale } = useManner();
  return (
    <Input.Wrapper
      label="Working hours"
      labelElement="div"
      description="Plans and rules go by them; without any, by those of the workspace."
    >
      {value ? (
        <Stack gap={6} mt={6}>
          {DAYS.map((day) => {
            const hours = value[day];
            const name = dayName(day, locale);
            const set = (change: Partial<typeof USUAL>) =>
              onChange({ ...value, [day]: { ...USUAL, ...hours, ...change } });
            return (
              <Group key={day} gap="sm" mih={36} wrap="nowrap">
                <Checkbox
                  label={name}
                  checked={!!hours}
                  disabled={disabled}
                  w={130}
                  onChange={({ currentTarget }) => onChange({ ...value, [day]: currentTarget.checked ? USUAL : null })}
                />
                {hours && (
                  <>
                    <TextInput
                      type="time"
                      aria-label={`${name} from`}
                      value={hours.from}
                      disabled={disabled}
                      onChange={({ currentTarget }) => set({ from: currentTarget.value })}
                    />
                    <Text span size="sm" aria-hidden>
                      –
                    </Text>
                    <TextInput
                      type="time"
                      aria-label={`${name} to`}
                      value={hours.to}
                      disabled={disabled}
                      onChange={({ currentTarget }) => set({ to: currentTarget.value })}
                    />
                  </>
                )}
              </Group>
            );
          })}
          {!disabled && (
            <Button
              variant="subtle"
              size="compact-sm"
              style={{ alignSelf: 'flex-start' }}
              onClick={() => onChange(null)}
            >
              Go by the hours of the workspace
            </Button>
          )}
        </Stack>
      ) : (
        <Button variant="default" size="xs" mt={6} disabled={disabled} onClick={() => onChange(WORKWEEK)}>
          Say your own hours
        </Button>
      )}
    </Input.Wrapper>
  );
}

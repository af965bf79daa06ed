import { Button, Group, Select, Switch, Text, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { DayOfWeek, Preferences, QuietHours, ShownPreferences } from '~/api/schema';
import { snoozeChoices } from '~/areas/inbox/snooze';
import { Panel } from '~/parts/Panel';
import { moment, useManner } from '~/parts/time';
import { DAYS, dayName } from './days';

const NIGHT: QuietHours = { from: '22:00', to: '07:00' };

interface Said {
  said: ShownPreferences;
  change: (how: (now: ShownPreferences) => Partial<Preferences>) => void;
}

/** When one wants quiet, and when what is gathered comes. */
export function Times({ said, change }: Said) {
  const manner = useManner();
  const quiet = said.quiet_hours;
  const paused = said.paused_until && new Date(said.paused_until).getTime() > Date.now();
  return (
    <>
      <Panel
        title="Quiet"
        lead={
          <>
            Then messages wait in the inbox; letters and push come afterwards. By the clock of {said.time_zone},{' '}
            <Link to={'/account' as '/'}>your time zone</Link>.
          </>
        }
      >
        <Switch
          label="Quiet hours every night"
          checked={!!quiet}
          onChange={({ currentTarget: { checked } }) => change(() => ({ quiet_hours: checked ? NIGHT : null }))}
        />
        {quiet && (
          <Group gap="sm">
            <Clock
              label="From"
              value={quiet.from}
              save={(from) => change(() => ({ quiet_hours: { ...quiet, from } }))}
            />
            <Clock label="To" value={quiet.to} save={(to) => change(() => ({ quiet_hours: { ...quiet, to } }))} />
          </Group>
        )}
        {paused ? (
          <Group justify="space-between">
            <Text size="sm">Paused until {moment(said.paused_until ?? '', manner)}</Text>
            <Button variant="default" size="xs" onClick={() => change(() => ({ paused_until: null }))}>
              End the pause
            </Button>
          </Group>
        ) : (
          <Select
            label="Pause everything"
            placeholder="Not paused"
            w={240}
            maw="100%"
            value={null}
            data={snoozeChoices(manner.timeZone).map(({ label, until }) => ({
              value: until,
              label: PAUSES[label] ?? label,
            }))}
            onChange={(until) => change(() => ({ paused_until: until }))}
          />
        )}
      </Panel>
      <Panel title="Gathered letters" lead="When what you get daily or weekly comes.">
        <Group gap="sm" align="flex-end">
          <Clock label="At" value={said.digest_at ?? '08:00'} save={(digest_at) => change(() => ({ digest_at }))} />
          <Select
            label="Weekly ones on"
            w={180}
            allowDeselect={false}
            data={DAYS.map((value) => ({ value, label: dayName(value, manner.locale) }))}
            value={said.digest_day ?? 'monday'}
            onChange={(value) => change(() => ({ digest_day: value as DayOfWeek }))}
          />
        </Group>
      </Panel>
    </>
  );
}

const PAUSES: Record<string, string> = {
  'In an hour': 'For an hour',
  'In three hours': 'For three hours',
  'Tomorrow morning': 'Until tomorrow morning',
  'Monday morning': 'Until Monday morning',
  'In a month': 'For a month',
};

/** A time of day, saved when it is whole and one has gone on. */
function Clock({ label, value, save }: { label: string; value: string; save: (value: string) => void }) {
  return (
    <TextInput
      key={value}
      type="time"
      label={label}
      w={130}
      defaultValue={value}
      onBlur={({ currentTarget: { value: typed } }) => {
        if (typed && typed !== value) save(typed);
      }}
    />
  );
}

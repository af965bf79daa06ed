import { Select, Switch, Text } from '@mantine/core';
import type { Channel, Kind, Preferences, ShownPreferences, When } from '~/api/schema';
import { CHANNELS, KIND_NAMES, kindOf, WHENS } from '~/areas/inbox/words';
import { choose, whenOf } from './choices';
import css from './KindTable.module.css';

type Change = (how: (now: ShownPreferences) => Partial<Preferences>) => void;

const BY_MAIL = (Object.keys(WHENS) as When[]).map((value) => ({ value, label: WHENS[value] }));

/** What one is told of, kind by kind and channel by channel: a table on a desk, a card for each kind on a phone. */
export function KindTable({ said, change }: { said: ShownPreferences; change: Change }) {
  return (
    <ul className={css.kinds} aria-label="Kinds of messages">
      {KIND_NAMES.map((kind) => (
        <li key={kind} className={css.kind}>
          <div className={css.name}>
            <Text size="sm" fw={600}>
              {kindOf(kind).label}
            </Text>
            <Text size="xs" c="dimmed">
              {kindOf(kind).about}
            </Text>
          </div>
          <OnOff said={said} change={change} kind={kind} channel="app" />
          <OnOff said={said} change={change} kind={kind} channel="push" />
          <Select
            label="E-mail"
            aria-label={`${kindOf(kind).label} by e-mail`}
            size="xs"
            w={120}
            allowDeselect={false}
            data={BY_MAIL}
            value={whenOf(said, 'email', kind)}
            onChange={(value) =>
              change(({ choices = [] }) => ({ choices: choose(choices, 'email', kind, value as When) }))
            }
          />
        </li>
      ))}
    </ul>
  );
}

function OnOff(props: { said: ShownPreferences; change: Change; kind: Kind; channel: Channel }) {
  const { said, change, kind, channel } = props;
  return (
    <Switch
      label={CHANNELS[channel]}
      aria-label={`${kindOf(kind).label}: ${CHANNELS[channel]}`}
      size="sm"
      checked={whenOf(said, channel, kind) !== 'off'}
      onChange={({ currentTarget: { checked } }) =>
        change(({ choices = [] }) => ({ choices: choose(choices, channel, kind, checked ? 'at_once' : 'off') }))
      }
    />
  );
}

/** Finding what a new step is to do, by words. */
import { Combobox, Group, Modal, ScrollArea, Text, TextInput, useCombobox } from '@mantine/core';
import { IconSearch, type TablerIcon } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { actionIcon, kindIcon } from '../canvas/icons';
import type { Blank } from '../model/edit';
import { useActions } from '../queries';
import { actionName } from '../words/actions';
import { sentenceCase, spaced } from '../words/kinds';
import { KIND_ABOUT, KIND_NAMES } from '../words/steps';

interface Offer {
  id: string;
  name: string;
  about: string;
  group: string;
  words: string;
  icon: TablerIcon;
  blank: Blank;
}

/** What else each kind may be called. */
const FLOW: [Exclude<Blank['kind'], 'action'>, string][] = [
  ['if', 'if else condition decide'],
  ['for_each', 'for each repeat subtasks'],
  ['wait', 'delay pause event sleep'],
  ['approve', 'approve ask reject decision'],
  ['parallel', 'parallel branches'],
  ['call', 'call rule subroutine'],
  ['script', 'code rhai'],
  ['stop', 'end finish exit'],
];

const AREA: Record<string, string> = {
  http: 'Other tools',
  slack: 'Other tools',
  github: 'Other tools',
  notify: 'People',
};

export function StepPicker({
  opened,
  onClose,
  onPick,
}: {
  opened: boolean;
  onClose(): void;
  onPick(blank: Blank): void;
}) {
  return (
    <Modal opened={opened} onClose={onClose} title="Add a step" size="lg" padding="md" yOffset="8dvh">
      <Finder onPick={onPick} />
    </Modal>
  );
}

function Finder({ onPick }: { onPick(blank: Blank): void }) {
  const [query, setQuery] = useState('');
  const actions = useActions();
  const combobox = useCombobox({ opened: true });
  const offers = useMemo((): Offer[] => {
    const flow = FLOW.map(
      ([kind, words]): Offer => ({
        id: kind,
        name: KIND_NAMES[kind],
        about: KIND_ABOUT[kind],
        group: 'Flow',
        words: `${KIND_NAMES[kind]} ${KIND_ABOUT[kind]} ${words}`.toLowerCase(),
        icon: kindIcon(kind),
        blank: { kind },
      }),
    );
    const doing = [...actions.values()].map((action): Offer => {
      const area = action.name.split('.')[0] ?? '';
      const name = actionName(action.name);
      const group = AREA[area] ?? sentenceCase(`${spaced(area)}s`);
      return {
        id: action.name,
        name,
        about: action.summary,
        group,
        words: `${name} ${action.summary} ${action.name}`.toLowerCase(),
        icon: actionIcon(action.name),
        blank: { kind: 'action', action: action.name },
      };
    });
    const first = ['Tasks', 'People', 'Flow', 'Other tools'];
    const place = (group: string) => (first.includes(group) ? first.indexOf(group) : first.length);
    return [...doing, ...flow].sort((a, b) => place(a.group) - place(b.group) || a.group.localeCompare(b.group));
  }, [actions]);
  const wanted = query.toLowerCase().trim().split(/\s+/);
  const hit = ({ name }: Offer) => name.toLowerCase().startsWith(query.toLowerCase().trim());
  const found = offers.filter((offer) => wanted.every((word) => offer.words.includes(word)));
  if (query.trim()) found.sort((a, b) => Number(hit(b)) - Number(hit(a)));
  const groups = [...new Set(found.map(({ group }) => group))];
  return (
    <Combobox
      store={combobox}
      onOptionSubmit={(id) => {
        const offer = offers.find((one) => one.id === id);
        if (offer) onPick(offer.blank);
      }}
    >
      <Combobox.EventsTarget withExpandedAttribute>
        <TextInput
          data-autofocus
          aria-label="Search steps"
          placeholder="What shall happen? Try “comment”, “notify”, “wait” …"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={query}
          onChange={(event) => {
            setQuery(event.currentTarget.value);
            combobox.resetSelectedOption();
            setTimeout(() => combobox.selectFirstOption());
          }}
        />
      </Combobox.EventsTarget>
      <ScrollArea.Autosize mah="60dvh" mt="sm" type="auto">
        <Combobox.Options aria-label="Steps">
          {groups.map((group) => (
            <Combobox.Group key={group} label={group}>
              {found
                .filter((offer) => offer.group === group)
                .map((offer) => (
                  <Combobox.Option key={offer.id} value={offer.id}>
                    <Group gap="sm" wrap="nowrap" align="flex-start">
                      <offer.icon size={18} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
                      <div>
                        <Text size="sm" fw={600}>
                          {offer.name}
                        </Text>
                        <Text size="xs" opacity={0.85}>
                          {offer.about}
                        </Text>
                      </div>
                    </Group>
                  </Combobox.Option>
                ))}
            </Combobox.Group>
          ))}
          {found.length === 0 && <Combobox.Empty>Nothing does that. Try another word.</Combobox.Empty>}
        </Combobox.Options>
      </ScrollArea.Autosize>
    </Combobox>
  );
}

/** Choosing a kind of event, under the headings of what it is about. */
import { Select } from '@mantine/core';
import { useState } from 'react';
import { useBuilder, useProblemsAt } from '../model/builder';
import { type Path, pointerOf } from '../model/path';
import { useEventKinds } from '../queries';
import { AREA_ORDER, areaOf, sentenceCase, whenWords } from '../words/kinds';
import { FieldProblems } from './FieldProblems';

interface Props {
  label: string;
  path: Path;
  value: string;
  onChange(kind: string): void;
}

export function EventPick({ label, path, value, onChange }: Props) {
  const { readOnly } = useBuilder();
  const kinds = useEventKinds();
  const problems = useProblemsAt(pointerOf(path));
  const [search, setSearch] = useState('');
  const items = [...kinds.keys()].map((kind) => ({ value: kind, label: sentenceCase(whenWords(kind)) }));
  // A pattern such as `task.*` stands for several kinds; it may be typed.
  for (const other of [value, /^[a-z_*]+\.[a-z_*]*\*[a-z_*]*$|^\*$/.test(search) ? search : ''])
    if (other && !items.some((one) => one.value === other))
      items.push({ value: other, label: sentenceCase(whenWords(other)) });
  const groups = AREA_ORDER.map((group) => ({ group, items: items.filter((one) => areaOf(one.value) === group) }));
  const about = kinds.get(value)?.summary.replaceAll('`', '');
  return (
    <div>
      <Select
        label={label}
        description={about}
        placeholder="Choose what happens"
        required
        readOnly={readOnly}
        searchable
        onSearchChange={setSearch}
        allowDeselect={false}
        data={groups.filter((one) => one.items.length > 0)}
        value={value || null}
        onChange={(next) => next && onChange(next)}
        nothingFoundMessage="Nothing is called that"
        maxDropdownHeight={360}
      />
      <FieldProblems problems={problems} />
    </div>
  );
}

/** One input of an action: a field that fits it, or a template in its place. */
import { ActionIcon, MultiSelect, NumberInput, Select, TagsInput, Tooltip } from '@mantine/core';
import { IconBraces, IconList, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useBuilder, useProblemsAt } from '../model/builder';
import { type Path, pointerOf } from '../model/path';
import type { Defs, Schema } from '../model/schema';
import { resolved } from '../model/schema';
import { sentenceCase, spaced } from '../words/kinds';
import { isTemplate } from '../words/values';
import { DataField } from './DataField';
import { FieldProblems } from './FieldProblems';
import classes from './forms.module.css';
import { PairsField } from './PairsField';
import {
  type Option,
  useConnectionOptions,
  useLabelNames,
  usePersonOptions,
  useProjectOptions,
  useRecipientOptions,
  useStatusOptions,
  useThingOptions,
} from './pickers';
import { SmartField } from './SmartField';
import { takesText, type Widget, widgetOf } from './widgets';

interface Props {
  name: string;
  schema: Schema;
  defs: Defs;
  path: Path;
  value: unknown;
  required: boolean;
  onChange(value: unknown): void;
  onRemove?(): void;
  action: string;
}

export function SchemaField(props: Props) {
  const { name, schema, defs, path, value, required, onChange, onRemove, action } = props;
  const { readOnly } = useBuilder();
  const real = resolved(schema, defs);
  const widget = widgetOf(name, real, defs);
  const asText = takesText(widget);
  const list = ['recipients', 'people', 'labels', 'texts', 'choices'].includes(widget.kind);
  const [smart, setSmart] = useState(() => !asText && (isTemplate(value) || (list && typeof value === 'string')));
  const label = sentenceCase(spaced(name));
  const description = real.description?.replaceAll('`', '').replace(/\s+/g, ' ');
  const problems = useProblemsAt(pointerOf(path), true);
  const common = { label, description, required, readOnly };
  return (
    <div>
      <div className={classes.wrap}>
        {smart ? (
          <SmartField
            {...common}
            mode="template"
            path={path}
            value={typeof value === 'string' ? value : ''}
            onChange={onChange}
            placeholder="{{ task.… }}"
            quiet
          />
        ) : (
          <Field
            {...common}
            widget={widget}
            name={name}
            path={path}
            value={value}
            onChange={onChange}
            action={action}
          />
        )}
        {!readOnly && !asText && (
          <Tooltip label={smart ? 'Choose a value' : 'Use a value of the event'}>
            <ActionIcon
              variant={smart ? 'light' : 'subtle'}
              color="gray"
              mt={2}
              aria-label={smart ? `Choose ${label}` : `${label} from the event`}
              onClick={() => setSmart((was) => !was)}
            >
              {smart ? <IconList size={15} aria-hidden /> : <IconBraces size={15} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
        {!readOnly && onRemove && (
          <Tooltip label={`Leave out ${label.toLowerCase()}`}>
            <ActionIcon variant="subtle" color="gray" mt={2} aria-label={`Leave out ${label}`} onClick={onRemove}>
              <IconX size={15} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <FieldProblems problems={problems} />
    </div>
  );
}

interface FieldProps {
  label: string;
  description?: string;
  required: boolean;
  readOnly: boolean;
  widget: Widget;
  name: string;
  path: Path;
  value: unknown;
  action: string;
  onChange(value: unknown): void;
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.map((one) => String(one)) : value === undefined || value === null ? [] : [String(value)];

const text = (value: unknown) =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : String(value);

function Field({ widget, name, path, value, action, onChange, ...common }: FieldProps) {
  const picks = { ...common, value, onChange };
  switch (widget.kind) {
    case 'choice':
      return (
        <Pick
          {...picks}
          options={widget.choices.map((one) => ({ value: one.value, label: sentenceCase(spaced(one.value)) }))}
        />
      );
    case 'yes-no':
      return (
        <Select
          {...common}
          data={[
            { value: 'true', label: 'Yes' },
            { value: 'false', label: 'No' },
          ]}
          value={value === true ? 'true' : value === false ? 'false' : null}
          onChange={(next) => onChange(next === null ? undefined : next === 'true')}
        />
      );
    case 'number':
      return (
        <NumberInput
          {...common}
          value={typeof value === 'number' ? value : ''}
          min={widget.min}
          max={widget.max}
          onChange={(next) => onChange(next === '' ? undefined : Number(next))}
        />
      );
    case 'choices':
      return (
        <MultiSelect
          {...common}
          data={widget.choices.map((one) => ({ value: one.value, label: sentenceCase(spaced(one.value)) }))}
          value={texts(value)}
          onChange={onChange}
        />
      );
    case 'status':
      return <StatusPick {...picks} />;
    case 'usual':
      return (
        <Pick
          {...picks}
          free
          options={widget.values.map((one) => ({ value: one, label: sentenceCase(spaced(one)) }))}
        />
      );
    case 'person':
      return <PersonPick {...picks} />;
    case 'people':
      return <PeoplePick {...picks} />;
    case 'recipients':
      return <RecipientsPick {...picks} words={widget.words} />;
    case 'project':
      return <ProjectPick {...picks} />;
    case 'label':
      return <LabelPick {...picks} />;
    case 'labels':
      return <LabelsPick {...picks} />;
    case 'texts':
      return <TagsInput {...common} value={texts(value)} onChange={onChange} />;
    case 'thing':
      return <ThingPick {...picks} thing={widget.thing} />;
    case 'connection':
      return <ConnectionPick {...picks} service={action.split('.')[0] ?? ''} />;
    case 'pairs':
      return <PairsField {...common} path={path} value={value} onChange={onChange} />;
    case 'data':
      return <DataField {...common} path={path} value={value} onChange={onChange} />;
    case 'moment':
      return (
        <SmartField
          {...common}
          mode="template"
          path={path}
          value={text(value)}
          onChange={onChange}
          placeholder="{{ now + days(2) }}"
          quiet
        />
      );
    default:
      return (
        <SmartField
          {...common}
          mode="template"
          path={path}
          value={text(value)}
          onChange={onChange}
          multiline={widget.multiline}
          placeholder={name === 'task' ? '{{ task.id }} or WEB-1' : undefined}
          quiet
        />
      );
  }
}

interface PickProps {
  label: string;
  description?: string;
  required: boolean;
  readOnly: boolean;
  value: unknown;
  onChange(value: unknown): void;
}

/** One of several; with `free`, what is not in the list may be typed as well. What is there stays, whatever it is. */
export function Pick({ options, free, value, onChange, ...common }: PickProps & { options: Option[]; free?: boolean }) {
  const [search, setSearch] = useState('');
  const here = text(value);
  const known = options.some((one) => one.value === here);
  const typed =
    free && search && !options.some(({ label }) => label.toLowerCase() === search.toLowerCase()) ? search : '';
  const data = [
    ...options,
    ...(here && !known ? [{ value: here, label: here }] : []),
    ...(typed && typed !== here ? [{ value: typed, label: typed }] : []),
  ];
  return (
    <Select
      {...common}
      data={[...new Map(data.map((one) => [one.value, one])).values()]}
      value={here || null}
      onChange={(next) => onChange(next ?? undefined)}
      searchable
      onSearchChange={setSearch}
      clearable={!common.required && !common.readOnly}
      nothingFoundMessage="Nothing is called that"
      comboboxProps={{ withinPortal: true }}
      clearButtonProps={{ 'aria-label': `Clear ${common.label}` }}
    />
  );
}

const StatusPick = (props: PickProps) => <Pick {...props} free options={useStatusOptions()} />;
const PersonPick = (props: PickProps) => <Pick {...props} options={usePersonOptions()} />;
const ProjectPick = (props: PickProps) => <Pick {...props} options={useProjectOptions()} />;
const ConnectionPick = ({ service, ...props }: PickProps & { service: string }) => (
  <Pick {...props} free options={useConnectionOptions(service)} />
);
const ThingPick = ({ thing, ...props }: PickProps & { thing: Parameters<typeof useThingOptions>[0] }) => (
  <Pick {...props} options={useThingOptions(thing)} />
);
const LabelPick = (props: PickProps) => (
  <Pick {...props} free options={useLabelNames().map((label) => ({ value: label, label }))} />
);
const LabelsPick = ({ value, onChange, ...common }: PickProps) => (
  <TagsInput {...common} data={useLabelNames()} value={texts(value)} onChange={onChange} />
);

function PeoplePick({ value, onChange, ...common }: PickProps) {
  return <Many {...common} value={value} onChange={onChange} options={usePersonOptions()} />;
}

/** People as rules name them: words, roles, groups, members. What is not in the list may be typed: an address, a template. */
export function RecipientsPick({
  words,
  value,
  onChange,
  person = (id) => id,
  ...common
}: PickProps & { words: string[]; person?: (id: string) => string }) {
  return <Many {...common} value={value} onChange={onChange} options={useRecipientOptions(words, person)} />;
}

function Many({ options, value, onChange, ...common }: PickProps & { options: Option[] }) {
  const [search, setSearch] = useState('');
  const chosen = texts(value);
  const typed = search.trim();
  const unknown = [...chosen, ...(/@|\{\{|^(user|role|group|oncall):./.test(typed) ? [typed] : [])]
    .filter((one) => !options.some((option) => option.value === one))
    .map((one) => ({ value: one, label: one }));
  return (
    <MultiSelect
      {...common}
      data={[...new Map([...options, ...unknown].map((one) => [one.value, one])).values()]}
      value={chosen}
      onChange={onChange}
      searchable
      searchValue={search}
      onSearchChange={setSearch}
      nothingFoundMessage="Type an address, or role: and a role"
      limit={60}
    />
  );
}

import { Button, Group, Modal, Select, Stack, Switch, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Problem } from '~/api/problem';
import type { Field, FieldOption, FieldType } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { keyOf } from './keyOf';
import { useAddField, useChangeField } from './queries';

/** What people read for each kind of field. */
export const FIELD_TYPES: Record<FieldType, string> = {
  text: 'Text',
  number: 'Number',
  money: 'Money',
  date: 'Date',
  select: 'One of several',
  multi_select: 'Some of several',
  user: 'Person',
  url: 'Link',
  checkbox: 'Yes or no',
};

const hasOptions = (type: FieldType) => type === 'select' || type === 'multi_select';

/** Options by the names that people typed; those that are there already keep their keys. */
function optionsOf(names: string[], old: FieldOption[]): FieldOption[] {
  const made: FieldOption[] = [];
  for (const name of names) {
    const known = old.find((option) => option.name === name);
    made.push(
      known ?? {
        key: keyOf(
          name,
          [...old, ...made].map(({ key }) => key),
        ),
        name,
      },
    );
  }
  return made;
}

interface Props {
  project: string;
  /** The one that is changed; a new one when left out. */
  field?: Field;
  taken: string[];
  close: () => void;
}

/** Asks for what a custom field is. What kind it is never changes. */
export function FieldForm({ project, field, taken, close }: Props) {
  const add = useAddField(project);
  const change = useChangeField(project);
  const form = useForm({
    initialValues: {
      name: field?.name ?? '',
      description: field?.description ?? '',
      type: field?.type ?? ('text' as FieldType),
      options: field?.options.map(({ name }) => name) ?? [],
      currency: field?.currency ?? 'EUR',
      required: field?.required ?? false,
      sensitive: field?.sensitive ?? false,
    },
  });
  const { type } = form.values;
  const onError = (error: Error) => {
    if (error instanceof Problem) form.setErrors(error.byField());
  };
  const submit = form.onSubmit(({ name, description, type, options, currency, required, sensitive }) => {
    const said = { name, description, required, sensitive };
    const choice = hasOptions(type) ? { options: optionsOf(options, field?.options ?? []) } : {};
    if (field) return change.mutate({ key: field.key, patch: { ...said, ...choice } }, { onSuccess: close, onError });
    const body = {
      ...said,
      ...choice,
      type,
      key: keyOf(name, taken),
      currency: type === 'money' ? currency : undefined,
    };
    add.mutate(body, { onSuccess: close, onError });
  });
  return (
    <Modal opened onClose={close} title={field ? `Change ${field.name}` : 'New field'}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput label="Name" required data-autofocus maxLength={100} {...form.getInputProps('name')} />
          <Select
            label="What it holds"
            allowDeselect={false}
            disabled={field !== undefined}
            data={Object.entries(FIELD_TYPES).map(([value, label]) => ({ value, label }))}
            {...form.getInputProps('type')}
          />
          {hasOptions(type) && (
            <TagsInput
              label="What can be chosen"
              description="Type one and press Enter. They sort as they stand here."
              required
              {...form.getInputProps('options')}
            />
          )}
          {type === 'money' && (
            <TextInput
              label="Currency"
              description="Three letters, such as EUR."
              maxLength={3}
              disabled={field !== undefined}
              {...form.getInputProps('currency')}
              onChange={(event) => form.setFieldValue('currency', event.currentTarget.value.toUpperCase())}
            />
          )}
          <TextInput label="What it is for" maxLength={1000} {...form.getInputProps('description')} />
          <Switch
            label="Required"
            description="No task is made without it."
            disabled={form.values.sensitive}
            {...form.getInputProps('required', { type: 'checkbox' })}
          />
          <Switch
            label="Sensitive"
            description="Only those see it who may see budgets."
            disabled={form.values.required}
            {...form.getInputProps('sensitive', { type: 'checkbox' })}
          />
          <ProblemAlert error={add.error ?? change.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending || change.isPending}>
              {field ? 'Save' : 'Add field'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

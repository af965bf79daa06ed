import { Group, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import dayjs from 'dayjs';
import { api, ask, ifMatch } from '~/api/client';
import type { Rate } from '~/api/schema';
import { useActivePeople } from '~/areas/people/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { AmountInput } from '~/parts/AmountInput';
import { FormModal } from '~/parts/FormModal';
import { currencies, plainAmount } from '~/parts/money';
import { useManner } from '~/parts/time';

/** Says what an hour costs: of whom, where, and from when until when. */
export function RateForm(props: {
  rate?: Rate;
  /** The id of the project that is looked at. */
  project?: string;
  currency?: string;
  opened: boolean;
  close: () => void;
}) {
  const { rate, project, currency, opened, close } = props;
  const { locale } = useManner();
  const people = useActivePeople();
  const { data: projects = [] } = useQuery(projectsQuery);
  return (
    <FormModal
      opened={opened}
      close={close}
      title={rate ? 'Change the rate' : 'New rate'}
      initial={{
        amount: rate?.amount ?? '',
        currency: rate?.currency ?? currency ?? 'EUR',
        user: (rate?.user ?? null) as string | null,
        project: (rate ? (rate.project ?? null) : (project ?? null)) as string | null,
        valid_from: rate?.valid_from ?? dayjs().startOf('year').format('YYYY-MM-DD'),
        valid_to: rate?.valid_to ?? '',
      }}
      action={rate ? 'Save' : 'Add the rate'}
      touches="budgets"
      run={({ user, project: where, ...values }) => {
        const body = { ...values, amount: plainAmount(values.amount), valid_to: values.valid_to || null };
        if (!rate) return ask(api.POST('/api/v1/rates', { body: { ...body, user, project: where } }));
        const params = { path: { id: rate.id }, header: ifMatch(rate.version) };
        return ask(api.PATCH('/api/v1/rates/{id}', { params, body }));
      }}
    >
      {(form) => (
        <>
          <Group grow align="flex-start">
            <AmountInput
              label="An hour costs"
              required
              data-autofocus
              currency={form.values.currency}
              {...form.getInputProps('amount')}
            />
            <Select
              label="Currency"
              searchable
              allowDeselect={false}
              data={currencies(locale)}
              {...form.getInputProps('currency')}
            />
          </Group>
          <Select
            label="Whose hours"
            placeholder="Everybody’s"
            searchable
            clearable
            clearButtonProps={{ 'aria-label': 'Everybody’s' }}
            disabled={!!rate}
            data={people.map(({ id, name }) => ({ value: id, label: name }))}
            {...form.getInputProps('user')}
          />
          <Select
            label="In which project"
            placeholder="In every one"
            searchable
            clearable
            clearButtonProps={{ 'aria-label': 'In every one' }}
            disabled={!!rate}
            data={projects.map(({ id, name }) => ({ value: id, label: name }))}
            {...form.getInputProps('project')}
          />
          <Group grow align="flex-start">
            <TextInput
              label="First day"
              type="date"
              required
              withAsterisk={false}
              {...form.getInputProps('valid_from')}
            />
            <TextInput label="Last day" type="date" {...form.getInputProps('valid_to')} />
          </Group>
        </>
      )}
    </FormModal>
  );
}

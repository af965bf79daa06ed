import { Autocomplete, Group, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import dayjs from 'dayjs';
import { api, ask, ifMatch } from '~/api/client';
import type { Cost, CostState } from '~/api/schema';
import { AmountInput } from '~/parts/AmountInput';
import { FormModal } from '~/parts/FormModal';
import { plainAmount } from '~/parts/money';

/** Enters a cost, or changes one as it was seen. */
export function CostForm(props: {
  project: string;
  currency: string;
  cost?: Cost;
  /** What costs were for until now. */
  categories: string[];
  opened: boolean;
  close: () => void;
}) {
  const { project, currency, cost, categories, opened, close } = props;
  return (
    <FormModal
      opened={opened}
      close={close}
      title={cost ? 'Change the cost' : 'Add a cost'}
      initial={{
        amount: cost?.amount ?? '',
        date: cost?.date ?? dayjs().format('YYYY-MM-DD'),
        category: cost?.category ?? '',
        state: (cost?.state ?? 'actual') as CostState,
        note: cost?.note ?? '',
      }}
      action={cost ? 'Save' : 'Add'}
      touches="budgets"
      run={(values) => {
        const body = { ...values, amount: plainAmount(values.amount) };
        if (!cost) return ask(api.POST('/api/v1/projects/{id}/costs', { params: { path: { id: project } }, body }));
        const params = { path: { id: cost.id }, header: ifMatch(cost.version) };
        return ask(api.PATCH('/api/v1/costs/{id}', { params, body }));
      }}
    >
      {(form) => (
        <>
          <Group grow align="flex-start">
            <AmountInput label="Amount" required data-autofocus currency={currency} {...form.getInputProps('amount')} />
            <TextInput label="Date" type="date" required withAsterisk={false} {...form.getInputProps('date')} />
          </Group>
          <Autocomplete
            label="What it is for"
            placeholder="Licences"
            data={categories}
            maxLength={100}
            {...form.getInputProps('category')}
          />
          <SegmentedControl
            aria-label="How it stands"
            data={[
              { value: 'actual', label: 'Paid' },
              { value: 'committed', label: 'Promised, not paid yet' },
            ]}
            {...form.getInputProps('state')}
          />
          <Textarea label="Note" autosize minRows={2} maxLength={2000} {...form.getInputProps('note')} />
        </>
      )}
    </FormModal>
  );
}

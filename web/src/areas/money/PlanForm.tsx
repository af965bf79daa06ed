import { Select, TagsInput } from '@mantine/core';
import { api, ask, ifMatch } from '~/api/client';
import type { Budget } from '~/api/schema';
import { AmountInput } from '~/parts/AmountInput';
import { FormModal } from '~/parts/FormModal';
import { currencies, plainAmount } from '~/parts/money';
import { useManner } from '~/parts/time';

/** Plans what a project may cost, or plans it anew. */
export function PlanForm(props: { project: string; budget?: Budget; opened: boolean; close: () => void }) {
  const { project, budget, opened, close } = props;
  const { locale } = useManner();
  return (
    <FormModal
      opened={opened}
      close={close}
      title={budget ? 'Change the budget' : 'Plan the budget'}
      initial={{
        planned: budget?.planned ?? '',
        currency: budget?.currency ?? 'EUR',
        thresholds: (budget?.thresholds ?? [50, 80, 100]).map(String),
      }}
      action={budget ? 'Save' : 'Plan it'}
      touches="budgets"
      run={({ planned, currency, thresholds }) =>
        ask(
          api.PUT('/api/v1/projects/{id}/budget', {
            params: { path: { id: project }, header: budget ? ifMatch(budget.version) : undefined },
            body: { planned: plainAmount(planned), currency, thresholds: thresholds.map(Number) },
          }),
        )
      }
    >
      {(form) => (
        <>
          <AmountInput
            label="What the project may cost"
            required
            data-autofocus
            currency={form.values.currency}
            {...form.getInputProps('planned')}
          />
          <Select
            label="Currency"
            description="Costs and rates in another one are not reckoned into it."
            searchable
            allowDeselect={false}
            data={currencies(locale)}
            {...form.getInputProps('currency')}
          />
          <TagsInput
            label="Tell when so many percent are used"
            description="Each is announced once when it is reached, and rules can do something then."
            acceptValueOnBlur
            {...form.getInputProps('thresholds')}
            onChange={(given) =>
              form.setFieldValue(
                'thresholds',
                given.map((one) => one.replace(/[%\s]/g, '')).filter((one) => /^\d{1,4}$/.test(one)),
              )
            }
          />
        </>
      )}
    </FormModal>
  );
}

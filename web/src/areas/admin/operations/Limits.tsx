import { Group, NumberInput, TextInput } from '@mantine/core';
import { api, ask } from '~/api/client';
import type { LimitsPatch, QueueInfo } from '~/api/schema';
import { FormModal } from '~/parts/FormModal';

/** How a queue is worked on: how many at once, how long, how fast, and before which others. */
export function Limits({ queue: { queue: id, limits }, close }: { queue: QueueInfo; close: () => void }) {
  const initial = {
    concurrency: limits.concurrency as number | '',
    timeout: limits.timeout as string,
    priority: limits.priority as number | '',
    jobs: (limits.rate?.jobs ?? '') as number | '',
    per: (limits.rate?.per ?? '1m') as string,
  };
  const patch = ({ concurrency, timeout, priority, jobs, per }: typeof initial): LimitsPatch => ({
    concurrency: concurrency === '' ? null : concurrency,
    timeout: timeout || null,
    priority: priority === '' ? null : priority,
    rate: jobs === '' ? null : { jobs, per },
  });
  return (
    <FormModal
      opened
      close={close}
      title={`Limits of ${id}`}
      initial={initial}
      action="Save"
      touches="operations"
      run={(values) => ask(api.PATCH('/api/v1/queues/{id}', { params: { path: { id } }, body: patch(values) }))}
    >
      {(form) => (
        <>
          <NumberInput
            label="At once on each node"
            description="Empty: as usual."
            min={1}
            max={4096}
            data-autofocus
            {...form.getInputProps('concurrency')}
          />
          <TextInput
            label="A job may take"
            description="Such as 30s, 2m or 1h. Then it is stopped and tried again."
            {...form.getInputProps('timeout')}
          />
          <NumberInput
            label="Priority"
            description="The higher goes first, from -100 to 100."
            min={-100}
            max={100}
            {...form.getInputProps('priority')}
          />
          <Group grow align="flex-start">
            <NumberInput
              label="No more than"
              description="Empty: as fast as it goes."
              min={1}
              {...form.getInputProps('jobs')}
              error={form.errors.rate ?? form.errors['rate.jobs']}
            />
            <TextInput label="per" description="Such as 1s or 1m." {...form.getInputProps('per')} />
          </Group>
        </>
      )}
    </FormModal>
  );
}

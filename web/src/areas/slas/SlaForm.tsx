import {
  Button,
  Collapse,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Problem } from '~/api/problem';
import type { Sla, SlaPolicy } from '~/api/schema';
import { projectsQuery } from '~/areas/projects/queries';
import { Duration } from '~/areas/rules/templates/Duration';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { useSaveSla } from './queries';
import { PRIORITIES, PRIORITY_LABELS } from './words';

const WHO = ['assignees', 'watchers', 'reporter', 'project.owner', 'role:project_manager', 'role:admin'];

const fresh = (sla: Sla | undefined): SlaPolicy => ({
  name: sla?.name ?? '',
  project: sla?.project ?? null,
  filter: sla?.filter ?? null,
  start: sla?.start ?? null,
  pause: sla?.pause ?? null,
  stop: sla?.stop ?? 'done',
  targets: { ...sla?.targets },
  clock: sla?.clock ?? 'working',
  warn: sla ? (sla.warn ?? null) : { percent: 75 },
  notify: {
    warned: sla?.notify?.warned ?? ['assignees'],
    breached: sla?.notify?.breached ?? ['assignees', 'project.owner'],
  },
  enabled: sla?.enabled ?? true,
});

/** What is left out is not sent, since the server tells nothing and empty apart. */
function sendable({ targets, ...policy }: SlaPolicy): SlaPolicy {
  const given = Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== null && value !== ''));
  const set = Object.fromEntries(Object.entries(targets).filter(([, period]) => period));
  return { ...given, targets: set } as SlaPolicy;
}

/** Makes a policy or changes it. */
export function SlaForm({ sla, close }: { sla?: Sla; close: () => void }) {
  const { data: projects = [] } = useQuery(projectsQuery);
  const save = useSaveSla(sla);
  const form = useForm<SlaPolicy>({
    initialValues: fresh(sla),
    validate: {
      name: (name) => (name.trim() ? null : 'Give it a name.'),
      targets: (targets) => (PRIORITIES.some((one) => targets[one]) ? null : 'Say how long for one priority at least.'),
    },
  });
  const [more, { toggle }] = useDisclosure(Boolean(sla?.filter || sla?.pause || sla?.start));
  const submit = form.onSubmit((policy) =>
    save.mutate(sendable(policy), {
      onSuccess: ({ name }) => {
        say(`“${name}” is saved`);
        close();
      },
      onError: (error) => {
        if (error instanceof Problem) form.setErrors(error.byField());
      },
    }),
  );
  const { warn } = form.values;
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Name" placeholder="Bugs are fixed in time" required {...form.getInputProps('name')} />
        <Select
          label="For the tasks of"
          placeholder="All projects"
          clearable
          data={projects.map(({ id, name }) => ({ value: id, label: name }))}
          {...form.getInputProps('project')}
        />
        <div>
          <Text size="sm" fw={500}>
            How long it may take
          </Text>
          <Stack gap="xs" mt={4}>
            {PRIORITIES.map((priority) => (
              <Duration
                key={priority}
                label={PRIORITY_LABELS[priority]}
                value={form.values.targets[priority] ?? undefined}
                error={form.errors[`targets.${priority}`] as string | undefined}
                onChange={(period) => form.setFieldValue(`targets.${priority}`, period ?? null)}
              />
            ))}
          </Stack>
          {form.errors.targets && (
            <Text size="xs" c="var(--mantine-color-error)" role="alert">
              {form.errors.targets}
            </Text>
          )}
        </div>
        <Group grow align="flex-start" preventGrowOverflow={false}>
          <Select
            label="Kept when the task is"
            data={[
              { value: 'done', label: 'done' },
              { value: 'first_response', label: 'answered by somebody' },
            ]}
            value={typeof form.values.stop === 'string' ? form.values.stop : null}
            placeholder="as its condition says"
            allowDeselect={false}
            onChange={(stop) => form.setFieldValue('stop', stop === 'first_response' ? 'first_response' : 'done')}
          />
          <NumberInput
            label="Warn at"
            suffix=" %"
            min={1}
            max={99}
            placeholder="Never"
            value={warn && 'percent' in warn ? warn.percent : ''}
            onChange={(percent) => form.setFieldValue('warn', typeof percent === 'number' ? { percent } : null)}
          />
        </Group>
        <SegmentedControl
          aria-label="Which time counts"
          data={[
            { value: 'working', label: 'Working time' },
            { value: 'wall', label: 'All of the time' },
          ]}
          {...form.getInputProps('clock')}
        />
        <TagsInput label="Told when it gets late" data={WHO} {...form.getInputProps('notify.warned')} />
        <TagsInput label="Told when it is too late" data={WHO} {...form.getInputProps('notify.breached')} />
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={toggle}
          style={{ alignSelf: 'flex-start' }}
          aria-expanded={more}
        >
          Which tasks, and when the clock stands still
        </Button>
        <Collapse expanded={more}>
          <Stack gap="sm">
            <ConditionField
              label="Only tasks for which"
              hint={'task.type == "bug"'}
              {...form.getInputProps('filter')}
            />
            <ConditionField
              label="The clock starts when"
              hint="When the task is made"
              {...form.getInputProps('start')}
            />
            <ConditionField
              label="The clock stands still while"
              hint={'task.status == "blocked"'}
              {...form.getInputProps('pause')}
            />
          </Stack>
        </Collapse>
        <Switch label="In force" {...form.getInputProps('enabled', { type: 'checkbox' })} />
        {!(save.error instanceof Problem && save.error.errors.length > 0) && <ProblemAlert error={save.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Not now
          </Button>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface ConditionProps {
  label: string;
  hint: string;
  value?: unknown;
  onChange: (value: string) => void;
  error?: React.ReactNode;
}

/** A condition as an expression; one that was made as a tree elsewhere stays as it is. */
function ConditionField({ label, hint, value, onChange, error }: ConditionProps) {
  const tree = typeof value === 'object' && value !== null;
  return (
    <TextInput
      label={label}
      placeholder={hint}
      description={tree ? 'Made of several parts; change it by way of the interface.' : undefined}
      disabled={tree}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
      value={tree ? JSON.stringify(value) : ((value as string | null) ?? '')}
    />
  );
}

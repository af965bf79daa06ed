import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { Problem } from '~/api/problem';
import type { Input, RuleInfo } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { FormField } from './FormField';
import { useRunByHand } from './queries';

/** Asks what the rule's form asks, starts it, and shows its run. */
export function RunByHand({ rule, opened, close }: { rule: RuleInfo; opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title={`Run “${rule.name}” now`} centered>
      <Questions rule={rule} close={close} />
    </Modal>
  );
}

const beginning = ({ type, default: usual }: Input) => usual ?? (type === 'boolean' ? false : '');

function Questions({ rule, close }: { rule: RuleInfo; close: () => void }) {
  const { form: asked = {}, subject } = rule.rule.trigger;
  const questions = Object.entries(asked as Record<string, Input>);
  const navigate = useNavigate();
  const run = useRunByHand();
  const form = useForm<{ task: string; inputs: Record<string, unknown> }>({
    initialValues: {
      task: '',
      inputs: Object.fromEntries(questions.map(([name, input]) => [name, beginning(input)])),
    },
  });
  const start = form.onSubmit(({ task, inputs }) => {
    const given = Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== '' && value !== null));
    run.mutate(
      { id: rule.id, inputs: given, task: subject ? task.trim() : undefined },
      {
        onSuccess: ({ id }) => {
          close();
          void navigate({ to: `/runs/${id}` as '/' });
        },
        onError: (error) => {
          if (error instanceof Problem) form.setErrors(error.byField());
        },
      },
    );
  });
  const atFields = run.error instanceof Problem && run.error.errors.length > 0;
  return (
    <form onSubmit={start}>
      <Stack>
        {rule.rule.description && (
          <Text size="sm" c="dimmed">
            {rule.rule.description}
          </Text>
        )}
        {subject && (
          <TextInput
            label="On which task"
            placeholder="WEB-142"
            required
            data-autofocus
            {...form.getInputProps('task')}
          />
        )}
        {questions.map(([name, input]) => (
          <FormField key={name} name={name} input={input} {...form.getInputProps(`inputs.${name}`)} />
        ))}
        {questions.length === 0 && !subject && <Text size="sm">It asks nothing and starts at once.</Text>}
        {!atFields && <ProblemAlert error={run.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Not now
          </Button>
          <Button type="submit" loading={run.isPending}>
            Run now
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

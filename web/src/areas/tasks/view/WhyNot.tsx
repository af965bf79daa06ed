import { Alert, Badge, Code, Group, Modal, Select, Skeleton, Stack, Text } from '@mantine/core';
import { IconCheck, IconQuestionMark, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Task, WhyNotEvent } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { When } from '~/parts/When';
import { ruleNamesQuery, whyNotQuery } from '../details';
import classes from './task.module.css';

const UPSHOT: Record<WhyNotEvent['outcome'], string> = {
  fired: 'It ran',
  not_fired: 'It did not run',
  rule_off: 'The rule was off',
  rule_later: 'The rule came later',
  pending: 'Not looked at yet',
  unknown: 'Not known any more',
};

/** Why a rule did nothing about what happened to a task. */
export function WhyNot({ task, close }: { task: Task; close: () => void }) {
  const [rule, setRule] = useState<string | null>(null);
  const { data: rules } = useQuery(ruleNamesQuery);
  return (
    <Modal
      opened
      onClose={close}
      title="Why did a rule not run?"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Select
          label="Rule"
          description={`Held against what happened to ${task.key} lately.`}
          placeholder="Choose a rule"
          searchable
          data={rules?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
          value={rule}
          onChange={setRule}
          nothingFoundMessage="There is no such rule."
          data-autofocus
        />
        {rule && <Answer rule={rule} task={task} />}
      </Stack>
    </Modal>
  );
}

function Answer({ rule, task }: { rule: string; task: Task }) {
  const { data, error, refetch } = useQuery(whyNotQuery(rule, task.id));
  if (error) return <ProblemAlert error={error} retry={refetch} />;
  if (!data) return <Skeleton height={120} />;
  return (
    <Stack gap="sm" aria-live="polite">
      <Alert color="blue">{data.summary}</Alert>
      {(data.events ?? []).map((one, at) => (
        <Event key={one.event.id ?? at} one={one} />
      ))}
    </Stack>
  );
}

function Event({ one }: { one: WhyNotEvent }) {
  const { event, outcome, detail, condition } = one;
  return (
    <div className={classes.comment}>
      <Group gap="xs" mb={4}>
        <Badge variant="default" tt="none">
          {UPSHOT[outcome]}
        </Badge>
        <Text size="xs" c="dimmed">
          {event.kind} · <When at={event.occurred_at} />
        </Text>
      </Group>
      <Text size="sm">{detail}</Text>
      {condition && condition.length > 0 && (
        <Stack gap={4} mt="xs">
          {condition.map((part) => (
            <Group key={part.expression} gap="xs" wrap="nowrap" align="flex-start">
              {part.holds === true ? (
                <IconCheck size={16} role="img" aria-label="Holds" color="light-dark(#1e7d43, #5bd38a)" />
              ) : part.holds === false ? (
                <IconX size={16} role="img" aria-label="Does not hold" color="var(--mantine-color-error)" />
              ) : (
                <IconQuestionMark size={16} role="img" aria-label="Could not be judged" />
              )}
              <div style={{ minWidth: 0 }}>
                <Code style={{ overflowWrap: 'anywhere' }}>{part.expression}</Code>
                {Object.entries(part.values ?? {}).map(([path, value]) => (
                  <Text key={path} size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                    {path} was {JSON.stringify(value)}
                  </Text>
                ))}
                {part.error && (
                  <Text size="xs" c="var(--mantine-color-error)">
                    {part.error}
                  </Text>
                )}
              </div>
            </Group>
          ))}
        </Stack>
      )}
    </div>
  );
}

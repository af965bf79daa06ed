/** A dependency between two tasks: of which kind, how long after, or not at all. */
import { Button, Group, Modal, NumberInput, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Dependency, TimelineItem } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { type DependencyType, TYPES } from './model';
import type { Dependencies } from './useDependencies';

interface Props {
  link: Dependency;
  from: TimelineItem;
  to: TimelineItem;
  perDay: number;
  dependencies: Dependencies;
  close(): void;
}

export function DependencyForm({ link, from, to, perDay, dependencies, close }: Props) {
  const [type, setType] = useState<DependencyType>(link.type);
  const [lag, setLag] = useState<number | string>(link.lag / perDay);
  const { change, remove } = dependencies;
  const error = change.error ?? remove.error;
  return (
    <Modal opened onClose={close} title="Dependency" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text size="sm">
          <b>{to.title}</b> waits for <b>{from.title}</b>.
        </Text>
        <Select
          label="Kind"
          data={TYPES}
          value={type}
          onChange={(value) => value && setType(value as DependencyType)}
          allowDeselect={false}
        />
        <NumberInput
          label="Days between"
          description="Working days. Below zero, the two overlap."
          value={lag}
          onChange={setLag}
          decimalScale={2}
          step={1}
        />
        <ProblemAlert error={error} />
        <Group justify="space-between">
          <Button
            variant="subtle"
            color="red"
            loading={remove.isPending}
            onClick={() => remove.mutate(link, { onSuccess: close })}
          >
            Remove
          </Button>
          <Button
            loading={change.isPending}
            onClick={() =>
              change.mutate({ link, type, lag: Math.round(Number(lag || 0) * perDay) }, { onSuccess: close })
            }
          >
            Save
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** What must hold, by choosing fields, or as an expression. */
import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { Condition, Tree } from '~/api/schema';
import { useBuilder, useProblemsAt } from '../model/builder';
import { isGroup, toExpression, toTree } from '../model/expression';
import { type Path, pointerOf } from '../model/path';
import { FieldProblems } from './FieldProblems';
import { PanelHead } from './PanelHead';
import { SmartField } from './SmartField';
import { TreeForm } from './TreeForm';

export function ConditionForm() {
  const { rule, set, select, readOnly, problems } = useBuilder();
  const { condition } = rule;
  if (condition === undefined || condition === null)
    return (
      <>
        <PanelHead title="Only if" about="What must hold besides the trigger." />
        <Stack p="md" align="flex-start">
          <Text size="sm">There is no condition: the rule runs every time.</Text>
          {!readOnly && (
            <Button variant="default" onClick={() => set(['condition'], { all: [{ field: '', op: 'eq', value: '' }] })}>
              Add a condition
            </Button>
          )}
        </Stack>
      </>
    );
  return (
    <>
      <PanelHead title="Only if" about="What must hold besides the trigger." />
      <Stack p="md" gap="md">
        <ConditionEditor condition={condition} path={['condition']} />
        <FieldProblems
          problems={(problems.get('/condition') ?? []).filter(
            ({ pointer }) => typeof condition !== 'string' && pointer === '/condition',
          )}
        />
        {!readOnly && (
          <Button
            variant="subtle"
            color="red"
            leftSection={<IconTrash size={15} aria-hidden />}
            style={{ alignSelf: 'flex-start' }}
            onClick={() => {
              set(['condition'], undefined);
              select(undefined);
            }}
          >
            Remove the condition
          </Button>
        )}
      </Stack>
    </>
  );
}

/** A condition as a tree or as an expression; what can be written both ways can be turned into the other. */
function ConditionEditor({ condition, path }: { condition: Condition; path: Path }) {
  const { set, readOnly } = useBuilder();
  const written = typeof condition === 'string';
  const [told, setTold] = useState<string>();
  const turn = (to: string) => {
    setTold(undefined);
    if (to === 'expression' && !written) set(path, toExpression(condition));
    if (to === 'fields' && written) {
      const tree =
        condition.trim() === '' ? { all: [{ field: '', op: 'eq', value: '' }] as Tree[] } : toTree(condition);
      if (tree) set(path, isGroup(tree) ? tree : { all: [tree] });
      else setTold('This expression says more than fields and values can. It stays as it is.');
    }
  };
  return (
    <Stack gap="sm">
      {!readOnly && (
        <Group>
          <SegmentedControl
            size="xs"
            aria-label="How the condition is written"
            value={written ? 'expression' : 'fields'}
            onChange={turn}
            data={[
              { value: 'fields', label: 'Fields' },
              { value: 'expression', label: 'Expression' },
            ]}
          />
        </Group>
      )}
      {told && (
        <Text size="sm" role="status">
          {told}
        </Text>
      )}
      {written ? (
        <SmartField
          label="Expression"
          description="True or false, such as task.priority == “high” && task.labels.contains(“billing”)."
          mode="expression"
          multiline
          path={path}
          value={condition}
          onChange={(value) => set(path, value)}
          placeholder={'task.priority == "high"'}
        />
      ) : (
        <TreeForm tree={condition} path={path} />
      )}
    </Stack>
  );
}

/** A condition that is always an expression, as that of a branch; by fields where it is as simple as that. */
export function ExpressionEditor({ label, path, value }: { label: string; path: Path; value: string }) {
  const { set, readOnly } = useBuilder();
  const tree = value.trim() === '' ? undefined : toTree(value);
  const [fields, setFields] = useState(() => value.trim() === '' || tree !== undefined);
  const [draft, setDraft] = useState<Tree>();
  const problems = useProblemsAt(pointerOf(path));
  // While a comparison is not whole yet it cannot be written as an expression; it is kept here until it can.
  const shown = draft && toExpression(draft) === value ? draft : (tree ?? draft ?? EMPTY);
  const byFields = fields && (tree !== undefined || value.trim() === '' || draft !== undefined);
  return (
    <Stack gap="sm">
      {!readOnly && (
        <SegmentedControl
          size="xs"
          aria-label={`${label}: how it is written`}
          style={{ alignSelf: 'flex-start' }}
          value={byFields ? 'fields' : 'expression'}
          onChange={(to) => setFields(to === 'fields')}
          data={[
            {
              value: 'fields',
              label: 'Fields',
              disabled: tree === undefined && value.trim() !== '' && draft === undefined,
            },
            { value: 'expression', label: 'Expression' },
          ]}
        />
      )}
      {byFields && value !== '' && <FieldProblems problems={problems} />}
      {byFields ? (
        <TreeForm
          tree={isGroup(shown) ? shown : { all: [shown] }}
          path={path}
          onChange={(next) => {
            setDraft(next);
            set(path, toExpression(next));
          }}
        />
      ) : (
        <SmartField
          label={label}
          hideLabel
          mode="expression"
          multiline
          path={path}
          value={value}
          onChange={(next) => set(path, next)}
        />
      )}
    </Stack>
  );
}

const EMPTY: Tree = { all: [{ field: '', op: 'eq', value: '' }] };

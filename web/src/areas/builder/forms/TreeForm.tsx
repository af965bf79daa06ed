/** A tree of comparisons: all of these, one of these, none of these. */
import { ActionIcon, Button, Group, Select, Stack } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { Operator, Tree } from '~/api/schema';
import { useBuilder, useProblemsAt } from '../model/builder';
import { groupKey, isGroup, partsOf } from '../model/expression';
import { at, type Path, pointerOf, put } from '../model/path';
import { typesOf } from '../model/schema';
import { fieldPaths, lookUp, type Variable } from '../model/scope';
import { DATE_OPERATORS, NO_VALUE, OPERATORS } from '../words/condition';
import { sentenceCase, spaced } from '../words/kinds';
import { pathWords } from '../words/values';
import { FieldProblems } from './FieldProblems';
import classes from './forms.module.css';
import { useVariables } from './SmartField';
import { ValueField } from './ValueField';

interface Props {
  tree: Tree;
  /** Where the condition stands in the rule. */
  path: Path;
  /** Tells of a change of the whole tree, where it does not stand in the rule as it is. */
  onChange?(tree: Tree): void;
}

export function TreeForm({ tree, path, onChange }: Props) {
  const { set } = useBuilder();
  const variables = useVariables(path);
  const change = (inner: Path, value: unknown) => {
    if (onChange) onChange(put(tree, inner, value));
    else set([...path, ...inner], value);
  };
  return <Node tree={tree} root={tree} inner={[]} path={path} variables={variables} change={change} />;
}

interface NodeProps {
  tree: Tree;
  root: Tree;
  inner: Path;
  path: Path;
  variables: Map<string, Variable>;
  change(inner: Path, value: unknown): void;
  onRemove?(): void;
}

const BLANK = { field: '', op: 'eq', value: '' } as const;

function Node(props: NodeProps) {
  if (!isGroup(props.tree)) return <Comparison {...props} />;
  return <GroupOf {...props} />;
}

function GroupOf({ tree, root, inner, path, variables, change, onRemove }: NodeProps) {
  const { readOnly } = useBuilder();
  const key = groupKey(tree);
  const parts = partsOf(tree);
  return (
    <div className={classes.group}>
      <Group justify="space-between" mb={8} wrap="nowrap">
        <Select
          aria-label="How these are joined"
          size="xs"
          w={170}
          readOnly={readOnly}
          allowDeselect={false}
          value={key}
          onChange={(next) => next && change(inner, { [next]: parts })}
          data={[
            { value: 'all', label: 'All of these hold' },
            { value: 'any', label: 'One of these holds' },
            { value: 'not', label: 'None of these holds' },
          ]}
        />
        {!readOnly && onRemove && (
          <ActionIcon variant="subtle" color="gray" aria-label="Remove the group" onClick={onRemove}>
            <IconX size={15} aria-hidden />
          </ActionIcon>
        )}
      </Group>
      <Stack gap={8}>
        {parts.map((part, index) => (
          <Node
            // biome-ignore lint/suspicious/noArrayIndexKey: a comparison has no name of its own.
            key={index}
            tree={part}
            root={root}
            inner={[...inner, key, index]}
            path={path}
            variables={variables}
            change={change}
            onRemove={
              parts.length > 1 || onRemove ? () => change([...inner, key], parts.toSpliced(index, 1)) : undefined
            }
          />
        ))}
        {!readOnly && (
          <Group gap={6}>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconPlus size={13} aria-hidden />}
              onClick={() => change([...inner, key], [...parts, BLANK])}
            >
              Add a field
            </Button>
            <Button
              size="compact-sm"
              variant="subtle"
              onClick={() => change([...inner, key], [...parts, { any: [BLANK] }])}
            >
              Add a group
            </Button>
          </Group>
        )}
      </Stack>
    </div>
  );
}

/** The operators that make sense for a field of that type. */
function operatorsFor(variable: Variable | undefined): Operator[] {
  const [type] = variable ? typesOf(variable.schema) : [];
  if (!variable || !type) return Object.keys(OPERATORS) as Operator[];
  if (type === 'array') return ['contains', 'not_contains', 'is_set', 'is_not_set'];
  if (type === 'boolean') return ['eq', 'ne', 'is_set', 'is_not_set'];
  if (type === 'number' || type === 'integer')
    return ['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'in', 'not_in', 'is_set', 'is_not_set'];
  if (variable.type === 'moment' || variable.type === 'day')
    return ['lt', 'lte', 'gt', 'gte', 'eq', 'ne', 'is_set', 'is_not_set'];
  if (variable.choices) return ['eq', 'ne', 'in', 'not_in', 'is_set', 'is_not_set'];
  return ['eq', 'ne', 'contains', 'not_contains', 'starts_with', 'ends_with', 'in', 'not_in', 'is_set', 'is_not_set'];
}

function Comparison({ tree, root, inner, path, variables, change, onRemove }: NodeProps) {
  const { readOnly } = useBuilder();
  const { field, op, value } = at(root, inner) as { field: string; op: Operator; value?: unknown };
  const variable = lookUp(variables, field);
  const problems = useProblemsAt(pointerOf([...path, ...inner]), true);
  const fields = fieldPaths(variables);
  const options = new Map(
    fields.map((one) => [one.path, sentenceCase((pathWords(one.path) ?? one.path).replace(/^the /, ''))]),
  );
  if (field && !options.has(field)) options.set(field, pathWords(field) ?? field);
  const allowed = operatorsFor(variable);
  const operators = allowed.includes(op) ? allowed : [op, ...allowed];
  const dated = variable?.type === 'moment' || variable?.type === 'day';
  const say = (next: object) => change(inner, { ...tree, ...next });
  return (
    <div>
      <div className={classes.wrap}>
        <Stack gap={4}>
          <Select
            aria-label="Field"
            placeholder="Choose a field"
            size="xs"
            searchable
            readOnly={readOnly}
            data={grouped(options)}
            value={field || null}
            onChange={(next) => {
              if (!next) return;
              const to = operatorsFor(lookUp(variables, next));
              const keeps = to.includes(op);
              say({ field: next, op: keeps ? op : to[0], value: keeps ? value : '' });
            }}
            nothingFoundMessage="There is no such field"
            limit={120}
          />
          <Group gap={4} wrap="nowrap" align="flex-start">
            <Select
              aria-label="Comparison"
              size="xs"
              w={138}
              style={{ flex: 'none' }}
              readOnly={readOnly}
              allowDeselect={false}
              data={operators.map((one) => ({
                value: one,
                label: (dated && DATE_OPERATORS[one]) || OPERATORS[one] || spaced(one),
              }))}
              value={op}
              onChange={(next) => {
                if (!next) return;
                const many = next === 'in' || next === 'not_in';
                const kept = many
                  ? Array.isArray(value)
                    ? value
                    : value
                      ? [value]
                      : []
                  : Array.isArray(value)
                    ? (value[0] ?? '')
                    : value;
                if (NO_VALUE.has(next)) change(inner, { field, op: next });
                else say({ op: next, value: kept ?? '' });
              }}
            />
            {!NO_VALUE.has(op) && (
              <div style={{ flex: 1, minWidth: 0 }}>
                <ValueField
                  label="Value"
                  field={field}
                  variable={variable}
                  many={op === 'in' || op === 'not_in'}
                  value={value}
                  onChange={(next) => say({ value: next })}
                />
              </div>
            )}
          </Group>
        </Stack>
        {!readOnly && onRemove && (
          <ActionIcon variant="subtle" color="gray" mt={2} aria-label="Remove the comparison" onClick={onRemove}>
            <IconX size={15} aria-hidden />
          </ActionIcon>
        )}
      </div>
      <FieldProblems problems={problems} />
    </div>
  );
}

/** Fields under the thing to which they belong. */
function grouped(options: Map<string, string>) {
  const groups = new Map<string, { value: string; label: string }[]>();
  for (const [value, label] of options) {
    const group = sentenceCase(spaced(value.split('.')[0] ?? ''));
    groups.set(group, [...(groups.get(group) ?? []), { value, label }]);
  }
  return [...groups].map(([group, items]) => ({ group, items }));
}

import { Code, Group, Text } from '@mantine/core';
import { IconCheck, IconQuestionMark, IconX } from '@tabler/icons-react';
import type { ConditionPart } from '~/api/schema';
import { toTree } from '~/areas/builder/model/expression';
import { useNames } from '~/areas/builder/queries';
import { conditionWords } from '~/areas/builder/words/condition';
import { sentenceCase } from '~/areas/builder/words/kinds';
import { textOf } from '~/areas/builder/words/parts';
import { fieldWords, valueWords } from './words';

/** Each part of a condition: whether it held, and what it looked at at that moment. */
export function ConditionParts({ parts }: { parts: ConditionPart[] }) {
  return (
    <ul style={{ listStyle: 'none', margin: '8px 0 0', padding: 0 }} aria-label="The condition, part by part">
      {parts.map((part) => {
        const holds = part.holds;
        const Icon = holds ? IconCheck : holds === false ? IconX : IconQuestionMark;
        const word = holds ? 'held' : holds === false ? 'did not hold' : 'could not be judged';
        return (
          <li key={part.expression} style={{ marginBlock: 8 }}>
            <Group gap={8} wrap="nowrap" align="flex-start">
              <Icon
                size={16}
                aria-hidden
                style={{ flexShrink: 0, marginTop: 3 }}
                color={`var(--mantine-color-${holds ? 'green' : 'red'}-6)`}
              />
              <div style={{ minWidth: 0 }}>
                <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
                  <Said expression={part.expression} /> <b>{word}</b>
                </Text>
                {part.error && (
                  <Text size="xs" c="var(--mantine-color-error)">
                    {part.error}
                  </Text>
                )}
                {Object.entries(part.values as Record<string, unknown>).map(([path, value]) => (
                  <Text key={path} size="xs" c="dimmed">
                    {fieldWords(path)} was {valueWords(value)}
                  </Text>
                ))}
              </div>
            </Group>
          </li>
        );
      })}
    </ul>
  );
}

/** In words where it only compares; else as it is written. */
function Said({ expression }: { expression: string }) {
  const names = useNames();
  if (!toTree(expression)) return <Code>{expression}</Code>;
  return <>{sentenceCase(textOf(conditionWords(expression, [], names)))}:</>;
}

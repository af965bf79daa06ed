import { Code, Group, Loader, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { RuleAnalysis, RuleProblem } from '~/api/schema';
import classes from './templates.module.css';

interface Props {
  words: string;
  /** Whether the words are about examples, since something that must be given is not there yet. */
  example: boolean;
  /** Whether newer words are on their way. */
  old: boolean;
  analysis?: RuleAnalysis | null;
  problems: RuleProblem[];
}

/** What a rule does, in words, and whether it may be switched on. */
export function WordsOfRule({ words, example, old, analysis, problems }: Props) {
  return (
    <section aria-label="What the rule does" aria-live="polite">
      <Group justify="space-between" mb={6}>
        <Text size="sm" fw={600}>
          {example ? 'What such a rule does' : 'What it will do'}
        </Text>
        {old && <Loader size={14} aria-label="Being worked out anew" />}
      </Group>
      <div className={classes.words} data-old={old || undefined}>
        {words
          .split('\n')
          .filter((line) => line.trim())
          .map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name, and are shown anew as a whole.
            <Line key={at} line={line} />
          ))}
      </div>
      {problems.map(({ pointer, message, severity }) => (
        <Note key={pointer + message} wrong={severity === 'error'}>
          {message}
        </Note>
      ))}
      {analysis?.conflicts.map((clash) => (
        <Note key={clash.name} wrong>
          “{clash.name}” sets the same field to something else on the same event.
        </Note>
      ))}
      {analysis && (
        <Note wrong={analysis.loops.can_loop}>
          {analysis.loops.can_loop ? analysis.loops.detail : 'It cannot start itself again.'}
        </Note>
      )}
    </section>
  );
}

function Line({ line }: { line: string }) {
  const depth = (line.length - line.trimStart().length) / 2;
  // The name of the event or action, which stands in brackets for those who write rules as code.
  const text = line.trim().replace(/\s*\(`[^`]+`\)/g, '');
  const [, head, rest] = /^(When(?: \(.*?\))?|If|Then|Else|Otherwise):(.*)$/.exec(text) ?? [];
  return (
    <div className={classes.line} style={{ paddingInlineStart: depth * 12 }}>
      {head ? (
        <>
          <b>{head}</b>
          {withCode(rest ?? '')}
        </>
      ) : (
        withCode(text.replace(/^- /, '• '))
      )}
    </div>
  );
}

function withCode(text: string): ReactNode[] {
  return text.split('`').map((part, at) => {
    if (at % 2 === 0) return part;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the same word may stand in a line twice.
      <Code key={at} fz="xs">
        {part.replaceAll('_', ' ')}
      </Code>
    );
  });
}

function Note({ wrong, children }: { wrong: boolean; children: ReactNode }) {
  const Icon = wrong ? IconAlertTriangle : IconCircleCheck;
  const color = wrong ? 'var(--mantine-color-orange-6)' : 'var(--mantine-color-green-6)';
  return (
    <Group gap={6} wrap="nowrap" align="flex-start" mt={8}>
      <Icon size={16} color={color} style={{ flexShrink: 0, marginTop: 2 }} aria-hidden />
      <Text size="xs">{children}</Text>
    </Group>
  );
}

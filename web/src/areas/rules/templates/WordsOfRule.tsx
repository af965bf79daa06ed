import { Code, Group, Loader, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Rule, RuleAnalysis, RuleProblem } from '~/api/schema';
import { pointerOf } from '~/areas/builder/model/path';
import { useNames } from '~/areas/builder/queries';
import type { Words } from '~/areas/builder/words/parts';
import { readRule, type Sentence } from '~/areas/builder/words/rule';
import classes from './templates.module.css';

interface Props {
  /** The rule as it would be; none while something that must be given is not there yet. */
  rule?: Rule;
  /** What it would do with examples, for as long as there is no rule. */
  otherwise: string;
  /** Whether newer words are on their way. */
  old: boolean;
  analysis?: RuleAnalysis | null;
  problems: RuleProblem[];
}

/** What a rule does, in words, and whether it may be switched on. */
export function WordsOfRule({ rule, otherwise, old, analysis, problems }: Props) {
  return (
    <section aria-label="What the rule does" aria-live="polite">
      <Group justify="space-between" mb={6}>
        <Text size="sm" fw={600}>
          {rule ? 'What it will do' : 'What such a rule does'}
        </Text>
        {old && <Loader size={14} aria-label="Being worked out anew" />}
      </Group>
      <div className={classes.words} data-old={old || undefined}>
        {rule ? <Reading rule={rule} /> : otherwise}
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

/** The rule as sentences. */
function Reading({ rule }: { rule: Rule }) {
  const { when, condition, steps } = readRule(rule, useNames());
  return (
    <>
      <p className={classes.line}>
        <b>When</b> <Said words={when} />
        {condition && (
          <>
            , <b>and only if</b> <Said words={condition} />
          </>
        )}
        , <b>then</b>:
      </p>
      <Steps sentences={steps} />
    </>
  );
}

function Steps({ sentences }: { sentences: Sentence[] }) {
  return (
    <ol className={classes.steps}>
      {sentences.map(({ at, words, lanes }) => (
        <li key={pointerOf(at)} className={classes.line}>
          <Said words={words} />.
          {lanes
            .filter((lane) => lane.sentences.length > 0)
            .map((lane) => (
              <div key={pointerOf(lane.at)} className={classes.lane}>
                <b>
                  <Said words={lane.label} />:
                </b>
                <Steps sentences={lane.sentences} />
              </div>
            ))}
        </li>
      ))}
    </ol>
  );
}

function Said({ words }: { words: Words }) {
  return words.map((part, at) => {
    if (typeof part === 'string') return part;
    const Shown = part.tone === 'code' ? Code : part.tone === 'value' ? 'b' : 'span';
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of a sentence have no name of their own.
    return <Shown key={at}>{part.text}</Shown>;
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

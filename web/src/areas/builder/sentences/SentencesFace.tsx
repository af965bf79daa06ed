/** The rule in plain English. Every underlined part leads to where it is changed. */
import { Paper, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useBuilder } from '../model/builder';
import { type Path, pointerOf } from '../model/path';
import { nodeOf } from '../model/problems';
import { useNames } from '../queries';
import { textOf, type Words } from '../words/parts';
import { readRule, type Sentence } from '../words/rule';
import classes from './sentences.module.css';

export function SentencesFace() {
  const { rule } = useBuilder();
  const reading = readRule(rule, useNames());
  return (
    <Paper p={{ base: 'sm', sm: 'xl' }} bg="var(--app-card)" withBorder radius="md" className={classes.page}>
      <Stack gap="md" maw={760} mx="auto">
        <p className={classes.line}>
          <Place at={['trigger']}>
            <b>When</b>
          </Place>{' '}
          <Said words={reading.when} />
          {reading.condition ? (
            <>
              , <b>and only if</b> <Said words={reading.condition} />,
            </>
          ) : (
            ','
          )}{' '}
          <b>then</b>:
        </p>
        {reading.steps.length > 0 ? (
          <Steps sentences={reading.steps} />
        ) : (
          <Text c="dimmed">Nothing yet. Add the first step on the canvas.</Text>
        )}
        {reading.besides.length > 0 && (
          <div>
            {reading.besides.map((words, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the lines have no name of their own.
              <p key={index} className={classes.besides}>
                <Said words={words} />
              </p>
            ))}
          </div>
        )}
      </Stack>
    </Paper>
  );
}

function Steps({ sentences }: { sentences: Sentence[] }) {
  return (
    <ol className={classes.steps}>
      {sentences.map((sentence) => (
        <li key={pointerOf(sentence.at)}>
          <Line sentence={sentence} />
          {sentence.lanes.map((lane) => (
            <div key={pointerOf(lane.at)} className={classes.lane}>
              <span className={classes.label}>
                <Said words={lane.label} />:
              </span>
              {lane.without ? (
                <Text span c="dimmed" size="sm" ms={6}>
                  {lane.without.toLowerCase()}.
                </Text>
              ) : lane.sentences.length === 0 ? (
                <Text span c="dimmed" size="sm" ms={6}>
                  nothing.
                </Text>
              ) : (
                <Steps sentences={lane.sentences} />
              )}
            </div>
          ))}
        </li>
      ))}
    </ol>
  );
}

/** A sentence; its first word leads to the step, so that every step can be reached. */
function Line({ sentence }: { sentence: Sentence }) {
  const { problems } = useBuilder();
  const [first, ...rest] = sentence.words;
  const next = textOf(rest);
  const apart = next !== '' && !/^[:,]/.test(next);
  const pointer = pointerOf(sentence.at);
  const wrong = problems.get(pointer);
  return (
    <div className={classes.line}>
      {typeof first === 'string' ? <Place at={sentence.at}>{first.trim()}</Place> : first && <Said words={[first]} />}
      {apart && ' '}
      <Said words={rest} />.
      {wrong?.map((problem) => (
        <Text
          key={problem.pointer + problem.message}
          size="sm"
          c={problem.severity === 'error' ? 'var(--mantine-color-error)' : 'dimmed'}
        >
          {problem.message}
        </Text>
      ))}
    </div>
  );
}

function Said({ words }: { words: Words }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: parts of a sentence have no name of their own.
  return words.map((part, index) => <Word key={index} part={part} />);
}

function Word({ part }: { part: Words[number] }) {
  if (typeof part === 'string') return part;
  const { text, at, tone } = part;
  const shown = tone === 'code' ? <code className={classes.code}>{text}</code> : text;
  if (!at) return <span>{shown}</span>;
  return (
    <Place at={at} tone={tone}>
      {shown}
    </Place>
  );
}

/** An underlined part: opens the editor of the node to which the place belongs. */
function Place({ at, tone, children }: { at: Path; tone?: string; children: ReactNode }) {
  const { rule, select, selected } = useBuilder();
  const node = nodeOf(rule, pointerOf(at));
  // A link breaks over lines as the words around it do; a button would not.
  return (
    <a
      className={classes.place}
      data-tone={tone}
      href={`#${node}`}
      aria-current={selected === node ? 'true' : undefined}
      onClick={(event) => {
        event.preventDefault();
        select(node || undefined);
      }}
    >
      {children}
    </a>
  );
}

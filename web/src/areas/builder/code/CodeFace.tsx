/**
 * The rule as code. What is typed here shows on the other faces as soon as it is a rule; until then they keep the last
 * one that was, and the place that is wrong is marked.
 */
import { autocompletion } from '@codemirror/autocomplete';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { foldGutter } from '@codemirror/language';
import { type Diagnostic, linter, lintGutter } from '@codemirror/lint';
import { search, searchKeymap } from '@codemirror/search';
import type { Extension } from '@codemirror/state';
import { type EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { Alert, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { RuleProblem } from '~/api/schema';
import { useBuilder } from '../model/builder';
import { at, pathOf, same } from '../model/path';
import { offsetOf, wordAt } from '../model/problems';
import { useActions, useEventKinds } from '../queries';
import CodeMirror from './CodeMirror';
import { ruleCompletion } from './complete';
import { type Language, type Read, rangeOf, readText, toText } from './text';

const languages: Record<Language, Extension> = { yaml: yaml(), json: json() };

const usual = (): Extension => [
  lineNumbers(),
  foldGutter(),
  lintGutter(),
  highlightActiveLine(),
  search({ top: true }),
  keymap.of(searchKeymap),
];

export default function CodeFace() {
  const { rule, change, readOnly, verdict, selected } = useBuilder();
  const [language, setLanguage] = useState<Language>('yaml');
  const [text, setText] = useState(() => toText(rule, 'yaml'));
  const read = useMemo(() => readText(text), [text]);
  const view = useRef<EditorView>(null);
  const actions = useActions();
  const kinds = useEventKinds();

  // The text stays as it was typed while it says the same as the rule; else the rule was changed elsewhere. A text that
  // is not a rule is somebody's unfinished work: it is left alone until the rule itself becomes another one.
  const last = useRef(rule);
  useEffect(() => {
    if (last.current === rule) return;
    last.current = rule;
    if (read.rule && same(read.rule, rule)) return;
    setText(toText(rule, language));
  }, [rule, read, language]);

  const edit = (next: string) => {
    setText(next);
    const { rule: typed } = readText(next);
    if (typed) change((old) => (same(old, typed) ? old : typed), 'code');
  };

  const marks = useMemo(() => {
    const diagnostics = (): Diagnostic[] => [
      ...read.problems,
      ...(read.rule && same(read.rule, rule) ? (verdict?.problems ?? []).map((one) => inText(one, read, text)) : []),
    ];
    return linter(diagnostics, { delay: 0 });
  }, [read, rule, verdict, text]);

  const completion = useMemo(
    () => autocompletion({ override: [ruleCompletion({ actions, kinds })], icons: false }),
    [actions, kinds],
  );
  const extensions = useMemo(() => [usual(), languages[language], marks, completion], [language, marks, completion]);

  // What was chosen on another face is shown here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only choosing moves the text, not typing.
  useEffect(() => {
    if (!selected || !view.current) return;
    const { from } = rangeOf(read.document, pathOf(selected));
    view.current.dispatch({ selection: { anchor: from }, scrollIntoView: true });
  }, [selected]);

  const first = read.problems[0];
  const place = first && placeOf(text, first.from);
  return (
    <Stack gap="xs" h="100%">
      <Group justify="space-between" gap="xs">
        <SegmentedControl
          size="xs"
          aria-label="Language of the code"
          value={language}
          onChange={(next) => {
            setLanguage(next as Language);
            if (read.rule) setText(toText(read.rule, next as Language));
          }}
          disabled={!read.rule}
          data={[
            { value: 'yaml', label: 'YAML' },
            { value: 'json', label: 'JSON' },
          ]}
        />
        <Text size="xs" c="dimmed" visibleFrom="sm">
          Ctrl+Space suggests. Escape, then Tab leaves the code.
        </Text>
      </Group>
      {first && place && (
        <Alert color="red" role="status" py="xs" icon={<IconAlertCircle aria-hidden />}>
          Line {place.line}, column {place.column}: {first.message} The other views show the rule as it last was.
        </Alert>
      )}
      <div
        style={{
          flex: 1,
          minHeight: 360,
          overflow: 'auto',
          border: '1px solid var(--app-line)',
          borderRadius: 10,
          background: 'var(--app-card)',
        }}
      >
        <CodeMirror
          value={text}
          onChange={edit}
          label="The rule as code"
          readOnly={readOnly}
          extensions={extensions}
          tabIndents
          onReady={(editor) => {
            view.current = editor;
          }}
        />
      </div>
    </Stack>
  );
}

function placeOf(text: string, offset: number) {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: [...(before.at(-1) ?? '')].length + 1 };
}

/** A problem of the server at its place in the text: at the very character where the value stands in it as it is. */
function inText(problem: RuleProblem, read: Read, text: string): Diagnostic {
  const path = pathOf(problem.pointer);
  const range = rangeOf(read.document, path);
  const { severity } = problem;
  const message = problem.suggestion ? `${problem.message} Did you mean \`${problem.suggestion}\`?` : problem.message;
  const value = at(read.rule, path);
  if (typeof value === 'string' && problem.line && problem.column) {
    const start = text.indexOf(value, range.from);
    if (start >= range.from && start + value.length <= range.to) {
      const word = wordAt(value, offsetOf(value, problem.line, problem.column));
      return { from: start + word.from, to: start + word.to, severity, message };
    }
  }
  return { ...range, to: Math.max(range.to, range.from), severity, message };
}

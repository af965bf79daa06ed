/** A field for an expression, or for a text with templates in it: suggestions, help, what is wrong, and what comes of it. */
import { Input, Skeleton, Textarea } from '@mantine/core';
import { lazy, Suspense, useId, useMemo, useState } from 'react';
import { type Mode, smart } from '../code/rhai';
import { useBuilder, useProblemsAt } from '../model/builder';
import { type Path, pointerOf } from '../model/path';
import { variablesAt } from '../model/scope';
import { useActions, useEventKinds } from '../queries';
import { isTemplate } from '../words/values';
import { FieldProblems } from './FieldProblems';
import classes from './forms.module.css';
import { Preview } from './Preview';

const CodeMirror = lazy(() => import('../code/CodeMirror'));

interface Props {
  label: string;
  /** The label is only read out: something around says it already. */
  hideLabel?: boolean;
  description?: string;
  required?: boolean;
  placeholder?: string;
  mode: Mode;
  /** Where in the rule the text stands. */
  path: Path;
  value: string;
  onChange(value: string): void;
  multiline?: boolean;
  /** What the server says of the place is shown by something around. */
  quiet?: boolean;
}

/** The variables that can be spoken of at a place. */
export function useVariables(path: Path) {
  const { rule } = useBuilder();
  const actions = useActions();
  const kinds = useEventKinds();
  const pointer = pointerOf(path);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is new each time, what it says is not.
  return useMemo(() => variablesAt(rule, path, { actions, kinds }), [rule, pointer, actions, kinds]);
}

export function SmartField(props: Props) {
  const { label, hideLabel, description, required, placeholder, mode, path, value, onChange, multiline, quiet } = props;
  const { readOnly } = useBuilder();
  const variables = useVariables(path);
  const problems = useProblemsAt(pointerOf(path));
  const [focused, setFocused] = useState(false);
  const id = useId();
  const extensions = useMemo(() => smart(mode, variables, problems), [mode, variables, problems]);
  const live = focused && (mode === 'expression' ? value.trim() !== '' : isTemplate(value));
  return (
    <Input.Wrapper
      label={hideLabel ? undefined : label}
      description={description}
      withAsterisk={required}
      labelElement="div"
      descriptionProps={{ id }}
    >
      <div
        className={classes.smart}
        data-invalid={problems.length > 0 || undefined}
        data-multiline={multiline || undefined}
      >
        <Suspense fallback={<Skeleton h={34} />}>
          <CodeMirror
            value={value}
            onChange={onChange}
            label={label}
            describedBy={description ? id : undefined}
            readOnly={readOnly}
            placeholder={placeholder}
            extensions={extensions}
            single={!multiline}
            invalid={problems.some(({ severity }) => severity === 'error')}
            onFocus={() => setFocused(true)}
            onBlur={() => setFocused(false)}
          />
        </Suspense>
      </div>
      {!quiet && <FieldProblems problems={problems} />}
      {live && <Preview mode={mode} value={value} path={path} />}
    </Input.Wrapper>
  );
}

/** A text without templates, of several lines. */
export function PlainText({
  label,
  value,
  onChange,
  placeholder,
}: {
  label: string;
  value: string;
  onChange(value: string): void;
  placeholder?: string;
}) {
  const { readOnly } = useBuilder();
  return (
    <Textarea
      label={label}
      value={value}
      placeholder={placeholder}
      autosize
      minRows={1}
      maxRows={6}
      readOnly={readOnly}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** The code editor, as React sees it. Everything of CodeMirror is behind this file and those beside it, loaded when needed. */
import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { Compartment, EditorState, type Extension, Prec } from '@codemirror/state';
import { drawSelection, EditorView, keymap, placeholder as placeholderText } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'light-dark(#2f3fd0, #a9b6ff)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'light-dark(#05664f, #7fdcbc)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'light-dark(#9a4a00, #ffbf7a)' },
  { tag: [tags.keyword, tags.operatorKeyword], color: 'light-dark(#8a1fb0, #dba3f5)' },
  { tag: tags.comment, color: 'var(--mantine-color-dimmed)', fontStyle: 'italic' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'light-dark(#0b6078, #7fd3ec)' },
  { tag: tags.invalid, color: 'var(--mantine-color-error)' },
]);

const look = EditorView.theme({
  '&': { color: 'var(--mantine-color-text)', backgroundColor: 'transparent', fontSize: '13px', height: '100%' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--mantine-color-text)', padding: '7px 0' },
  '.cm-line': { padding: '0 10px' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-gutters': {
    backgroundColor: 'transparent',
    color: 'var(--mantine-color-dimmed)',
    border: 'none',
  },
  '.cm-activeLine, .cm-activeLineGutter': {
    backgroundColor: 'color-mix(in srgb, var(--mantine-color-dimmed) 8%, transparent)',
  },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--mantine-color-anchor) 25%, transparent) !important',
  },
  '.cm-placeholder': { color: 'var(--mantine-color-placeholder)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--app-card)',
    color: 'var(--mantine-color-text)',
    border: '1px solid var(--app-line)',
    borderRadius: '8px',
    boxShadow: 'var(--mantine-shadow-md)',
    overflow: 'hidden',
    zIndex: 400,
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mantine-font-family-monospace)', maxHeight: '16em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '4px 10px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { background: 'var(--mantine-color-track-7)', color: '#fff' },
  '.cm-completionDetail': { fontStyle: 'normal', opacity: 0.8, marginInlineStart: '1em' },
  '.cm-completionInfo': { padding: '6px 10px', maxWidth: '280px', fontFamily: 'var(--mantine-font-family)' },
  '.cm-hover': { padding: '6px 10px', maxWidth: '340px', fontFamily: 'var(--mantine-font-family)', fontSize: '13px' },
  '.cm-diagnostic': { padding: '6px 10px', fontFamily: 'var(--mantine-font-family)', fontSize: '13px' },
  '.cm-template': {
    color: 'light-dark(#6429d9, #c4a6ff)',
    backgroundColor: 'color-mix(in srgb, #7a3ff2 10%, transparent)',
    borderRadius: '4px',
  },
});

interface Props {
  value: string;
  onChange(value: string): void;
  /** What is read out as the name of the field. */
  label: string;
  /** The id of what describes the field. */
  describedBy?: string;
  readOnly?: boolean;
  placeholder?: string;
  /** What the field can besides: a language, completion, marks of what is wrong. */
  extensions?: Extension;
  /** One line: Enter does not break it. */
  single?: boolean;
  /** Tab indents, as one expects of a page of code; Escape, then Tab leaves it. */
  tabIndents?: boolean;
  invalid?: boolean;
  onReady?(view: EditorView): void;
  onFocus?(): void;
  onBlur?(): void;
}

export default function CodeMirror(props: Props) {
  const { value, label, describedBy, readOnly, placeholder, extensions, single, tabIndents, invalid } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const parts = useRef({ extra: new Compartment(), state: new Compartment() });
  const newest = useRef(props);
  newest.current = props;

  const stateOf = (): Extension => [
    EditorState.readOnly.of(readOnly ?? false),
    EditorView.editable.of(!readOnly),
    EditorView.contentAttributes.of({
      'aria-label': label,
      ...(describedBy ? { 'aria-describedby': describedBy } : {}),
      ...(invalid ? { 'aria-invalid': 'true' } : {}),
      tabindex: '0',
      ...(readOnly ? { 'aria-readonly': 'true' } : {}),
      ...(single ? {} : { 'aria-multiline': 'true' }),
    }),
    placeholder ? placeholderText(placeholder) : [],
  ];

  // biome-ignore lint/correctness/useExhaustiveDependencies: the editor is made once; what changes is brought to it below.
  useEffect(() => {
    const { extra, state } = parts.current;
    const editor = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: value,
        extensions: [
          Prec.highest(keymap.of(single ? [{ key: 'Enter', run: () => true }] : [])),
          history(),
          drawSelection(),
          indentOnInput(),
          closeBrackets(),
          EditorView.lineWrapping,
          keymap.of([
            ...completionKeymap,
            ...closeBracketsKeymap,
            ...historyKeymap,
            ...defaultKeymap,
            ...(tabIndents ? [indentWithTab] : []),
          ]),
          syntaxHighlighting(colours),
          look,
          EditorState.tabSize.of(2),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !update.transactions.some((one) => one.isUserEvent('outside')))
              newest.current.onChange(update.state.doc.toString());
            if (update.focusChanged) {
              if (update.view.hasFocus) newest.current.onFocus?.();
              else newest.current.onBlur?.();
            }
          }),
          single ? EditorState.transactionFilter.of((one) => (one.newDoc.lines > 1 ? [] : one)) : [],
          extra.of(extensions ?? []),
          state.of(stateOf()),
        ],
      }),
    });
    view.current = editor;
    newest.current.onReady?.(editor);
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: value },
      userEvent: 'outside',
    });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.extra.reconfigure(extensions ?? []) });
  }, [extensions]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what `stateOf` reads.
  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.state.reconfigure(stateOf()) });
  }, [readOnly, label, describedBy, placeholder, invalid]);

  return <div ref={host} style={{ height: single ? undefined : '100%', minWidth: 0 }} />;
}

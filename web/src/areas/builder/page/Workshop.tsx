/** The builder: the rule on one of its faces, the editor of what is chosen, and what can be done with the whole. */
import { Alert, Box, Button, Group, Paper, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core';
import { useHotkeys, useMediaQuery } from '@mantine/hooks';
import { IconCode, IconDeviceFloppy, IconSitemap, IconTextWrap } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import type { Event, Rule, RuleInfo } from '~/api/schema';
import { ProblemAlert } from '~/parts/ProblemAlert';
import type { Marks } from '../canvas/marks';
import { RuleCanvas } from '../canvas/RuleCanvas';
import { Panel, PanelSheet, Whole } from '../forms/Panel';
import { type Builder, BuilderContext } from '../model/builder';
import { readDraft } from '../model/draft';
import { blankStep, insertStep } from '../model/edit';
import { useRuleHistory } from '../model/history';
import { at, type Path, pathOf, pointerOf, putTidy } from '../model/path';
import { byNode } from '../model/problems';
import { useActions } from '../queries';
import { SentencesFace } from '../sentences/SentencesFace';
import { Conflict } from './Conflict';
import { firstInputs } from './firstInputs';
import { LeaveGuard } from './LeaveGuard';
import { StepPicker } from './StepPicker';
import { Toolbar } from './Toolbar';
import { useCheck } from './useCheck';
import { focusCard, useEdits } from './useEdits';
import { useSaving } from './useSaving';
import classes from './workshop.module.css';

const CodeFace = lazy(() => import('../code/CodeFace'));
const Trial = lazy(() => import('../trial/Trial').then(({ Trial }) => ({ default: Trial })));
const Backtests = lazy(() => import('../trial/Backtests').then(({ Backtests }) => ({ default: Backtests })));
const Versions = lazy(() => import('./Versions').then(({ Versions }) => ({ default: Versions })));

export type Face = 'canvas' | 'sentences' | 'code';
/** What lies over the editor at the side. */
export type Side = 'trial' | 'backtest' | 'versions' | 'whole';

const FACES = [
  { value: 'canvas', label: 'Canvas', icon: IconSitemap },
  { value: 'sentences', label: 'Sentences', icon: IconTextWrap },
  { value: 'code', label: 'Code', icon: IconCode },
] as const;

interface Props {
  /** The rule as the server has it; undefined while it was never saved. */
  saved?: RuleInfo;
  /** With what a new rule begins. */
  blank?: Rule;
  person: string;
  readOnly?: boolean;
}

export function Workshop({ saved, blank, person, readOnly = false }: Props) {
  const [opened] = useState(() => {
    const draft = readOnly ? undefined : readDraft(person, saved?.id ?? 'new');
    const server = saved ? { rule: saved.rule, version: saved.version } : { rule: EMPTY, version: 0 };
    return { draft, base: draft && saved ? { rule: saved.rule, version: draft.version } : server };
  });
  const history = useRuleHistory(opened.draft?.rule ?? saved?.rule ?? blank ?? EMPTY);
  const { rule, change } = history;
  const navigate = useNavigate();
  const saving = useSaving({
    history,
    saved,
    first: opened.base,
    person,
    // What was saved just now needs no guard, though this page has not been drawn since.
    onCreated: (id) => void navigate({ to: '/rules/$id', params: { id }, replace: true, ignoreBlocker: true }),
  });
  const { verdict, checking } = useCheck(rule);
  const [selected, select] = useState<string | undefined>(saved ? undefined : '/trigger');
  const [face, setFace] = useState<Face>('canvas');
  const [side, setSide] = useState<Side>();
  const [adding, setAdding] = useState<{ list: Path; index: number }>();
  const [marks, setMarks] = useState<Marks>();
  const [sample, setSample] = useState<Event>();
  const [restored, setRestored] = useState(opened.draft !== undefined);
  const actions = useActions();
  const desk = useMediaQuery('(min-width: 62em)', undefined, { getInitialValueInEffect: false });
  const problems = useMemo(() => byNode(rule, verdict?.problems ?? []), [rule, verdict]);

  useEffect(() => {
    document.title = `${rule.name || 'New rule'} · Trackside`;
  }, [rule.name]);

  const set = useCallback(
    (path: Path, value: unknown) => change((old) => putTidy(old, path, value), pointerOf(path)),
    [change],
  );
  // What was chosen may have gone with an undo.
  const here = selected && !at(rule, pathOf(selected)) && selected !== '/condition' ? undefined : selected;
  const builder: Builder = useMemo(
    () => ({ rule, id: saved?.id, readOnly, change, set, selected: here, select, verdict, problems, sample }),
    [rule, saved?.id, readOnly, change, set, here, verdict, problems, sample],
  );
  const add = useCallback((list: Path, index: number) => setAdding({ list, index }), []);
  const edits = useEdits(builder, add);

  useHotkeys(
    [
      ['mod+Z', () => !readOnly && history.undo()],
      ['mod+shift+Z', () => !readOnly && history.redo()],
      ['mod+Y', () => !readOnly && history.redo()],
    ],
    ['INPUT', 'TEXTAREA', 'SELECT'],
  );
  useHotkeys([['mod+S', () => !readOnly && saving.dirty && saving.save.mutate({})]], [], true);

  const openSide = (next: Side | undefined) => {
    setSide(next);
    if (next !== 'trial') setMarks(undefined);
  };
  const editor = side ? (
    <Suspense fallback={<Skeleton h={240} />}>
      {side === 'trial' && <Trial onClose={() => openSide(undefined)} onMarks={setMarks} onSample={setSample} />}
      {side === 'whole' && <Whole />}
      {side === 'backtest' && <Backtests saved={saved} dirty={saving.dirty} onClose={() => openSide(undefined)} />}
      {side === 'versions' && saved && (
        <Versions saved={saved} dirty={saving.dirty} onRestored={saving.landed} onClose={() => openSide(undefined)} />
      )}
    </Suspense>
  ) : undefined;

  return (
    <BuilderContext.Provider value={builder}>
      <div className={classes.page}>
        <Toolbar
          saved={saved}
          saving={saving}
          history={history}
          verdict={verdict}
          checking={checking}
          side={side}
          onSide={openSide}
        />
        {restored && saving.dirty && (
          <Alert
            color="blue"
            py="xs"
            role="status"
            icon={<IconDeviceFloppy size={18} aria-hidden />}
            withCloseButton
            closeButtonLabel="Hide"
            onClose={() => setRestored(false)}
          >
            <Group gap="sm" justify="space-between">
              <Text size="sm">Your changes that were not saved are here again.</Text>
              <Button size="compact-xs" variant="default" onClick={saving.discard}>
                Discard them
              </Button>
            </Group>
          </Alert>
        )}
        {saved && saved.version > saving.base.version && saving.dirty && !saving.conflict && (
          <Alert color="yellow" py="xs" role="status">
            <Text size="sm">
              Somebody saved version {saved.version} meanwhile. When you save, both versions are shown and you decide.
            </Text>
          </Alert>
        )}
        {saving.save.error && !saving.conflict && <ProblemAlert error={saving.save.error} />}
        <div className={classes.body}>
          <Stack gap="xs" className={classes.main}>
            <Group justify="space-between" gap="xs">
              <SegmentedControl
                size="sm"
                aria-label="How the rule is shown"
                value={face}
                onChange={(next) => setFace(next as Face)}
                data={FACES.map(({ value, label, icon: Icon }) => ({
                  value,
                  label: (
                    <Group gap={6} wrap="nowrap">
                      <Icon size={16} aria-hidden />
                      {label}
                    </Group>
                  ),
                }))}
              />
              {readOnly && (
                <Text size="sm" c="dimmed">
                  You may look at this rule, not change it.
                </Text>
              )}
            </Group>
            <Box className={classes.face}>
              {face === 'canvas' && (
                <RuleCanvas
                  rule={rule}
                  selected={here}
                  onSelect={({ pointer }) => {
                    select(pointer);
                    if (side && side !== 'trial') openSide(undefined);
                  }}
                  problems={problems}
                  edits={edits}
                  marks={marks}
                  height="100%"
                />
              )}
              {face === 'sentences' && <SentencesFace />}
              {face === 'code' && (
                <Suspense fallback={<Skeleton h={420} />}>
                  <CodeFace />
                </Suspense>
              )}
            </Box>
          </Stack>
          {desk ? (
            <Paper withBorder radius="md" className={classes.side} component="aside" aria-label="Editor">
              {editor ?? <Panel />}
            </Paper>
          ) : (
            <PanelSheet covered={editor} onCoverClose={() => openSide(undefined)} />
          )}
        </div>
      </div>
      <StepPicker
        opened={adding !== undefined}
        onClose={() => setAdding(undefined)}
        onPick={(what) => {
          if (!adding) return;
          const { list, index } = adding;
          const inputs = what.kind === 'action' ? firstInputs(actions.get(what.action), rule) : {};
          change((old) => insertStep(old, list, index, blankStep(old, what, inputs)));
          setAdding(undefined);
          const pointer = pointerOf([...list, index]);
          select(pointer);
          openSide(undefined);
          focusCard(pointer);
        }}
      />
      {saving.conflict && <Conflict saving={saving} mine={rule} theirs={saving.conflict} />}
      <LeaveGuard dirty={saving.dirty && !readOnly} onDiscard={saving.discard} />
    </BuilderContext.Provider>
  );
}

const EMPTY: Rule = { name: '', trigger: { on: '' }, steps: [] };

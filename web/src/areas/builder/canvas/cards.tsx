/** The cards of a rule's parts: what starts it, what must hold, and its steps. */
import { ActionIcon, Menu } from '@mantine/core';
import {
  IconArrowDown,
  IconArrowUp,
  IconClipboard,
  IconClipboardCopy,
  IconCopy,
  IconDots,
  IconTrash,
} from '@tabler/icons-react';
import type { KeyboardEvent } from 'react';
import type { Step } from '~/api/schema';
import { type Path, pointerOf } from '../model/path';
import { kindOf } from '../model/steps';
import { conditionWords } from '../words/condition';
import { sentenceCase } from '../words/kinds';
import { textOf } from '../words/parts';
import { stepNotes, stepTitle, stepWords } from '../words/steps';
import { triggerKind, triggerWords } from '../words/trigger';
import { Card } from './Card';
import classes from './canvas.module.css';
import { chosen, useCanvas } from './context';
import { ConditionIcon, stepIcon, triggerIcon } from './icons';

const STARTS = {
  event: 'When this happens',
  hook: 'When a webhook comes in',
  schedule: 'On a schedule',
  date: 'By a date',
  manual: 'When started by hand',
  threshold: 'When a figure crosses',
};

/** Which way the arrow keys go: through the cards as they are read. */
function walkCards(event: KeyboardEvent<HTMLButtonElement>) {
  const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
  const all = [...document.querySelectorAll<HTMLElement>('[data-canvas] [data-node]')];
  const next = all[all.indexOf(event.currentTarget) + by];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

export function TriggerCard() {
  const { rule, names, selected, select, problems, marks } = useCanvas();
  return (
    <Card
      icon={triggerIcon(rule.trigger)}
      tone="start"
      title={STARTS[triggerKind(rule.trigger)]}
      detail={sentenceCase(textOf(triggerWords(rule, names)))}
      selected={selected === '/trigger'}
      problems={problems.get('/trigger')}
      onClick={select && (() => select(chosen('/trigger', marks)))}
      onKeyDown={walkCards}
      pointer="/trigger"
    />
  );
}

export function ConditionCard() {
  const { rule, names, selected, select, problems, marks } = useCanvas();
  const words = textOf(conditionWords(rule.condition ?? '', ['condition'], names));
  return (
    <Card
      icon={ConditionIcon}
      tone="condition"
      title="Only if"
      detail={words}
      selected={selected === '/condition'}
      problems={problems.get('/condition')}
      onClick={select && (() => select(chosen('/condition', marks)))}
      onKeyDown={walkCards}
      pointer="/condition"
    />
  );
}

/** "Ask Mia to approve, tried again twice", or what its author says of it. */
function useDetail(step: Step, path: Path): string {
  const { names } = useCanvas();
  if (step.description) return step.description;
  const notes = stepNotes(step, path).map((note) => `, ${textOf(note)}`);
  return textOf(stepWords(step, path, names)) + notes.join('');
}

export function StepCard({ step, path }: { step: Step; path: Path }) {
  const { selected, select, problems, marks, edits } = useCanvas();
  const pointer = pointerOf(path);
  const kind = kindOf(step);
  const detail = useDetail(step, path);
  const list = path.slice(0, -1);
  const index = Number(path.at(-1));
  const keys = (event: KeyboardEvent<HTMLButtonElement>) => {
    walkCards(event);
    if (!edits) return;
    const command = event.ctrlKey || event.metaKey;
    const turns: [boolean, () => void][] = [
      [event.key === 'Delete' || event.key === 'Backspace', () => edits.remove(path)],
      [event.altKey && event.key === 'ArrowUp', () => edits.nudge(path, -1)],
      [event.altKey && event.key === 'ArrowDown', () => edits.nudge(path, 1)],
      [command && event.key === 'd', () => edits.duplicate(path)],
      [command && event.key === 'c', () => edits.copy(path)],
      [command && event.key === 'x', () => edits.cut(path)],
      [command && event.key === 'v', () => edits.paste(list, index + 1)],
    ];
    const turn = turns.find(([pressed]) => pressed);
    if (!turn) return;
    event.preventDefault();
    turn[1]();
  };
  return (
    <Card
      icon={stepIcon(step)}
      tone={kind === 'action' || kind === 'script' || kind === 'call' ? 'action' : kind === 'stop' ? 'stop' : 'flow'}
      title={stepTitle(step)}
      detail={detail}
      selected={selected === pointer}
      mark={step.id ? marks.get(step.id) : undefined}
      problems={problems.get(pointer)}
      onClick={select && (() => select(chosen(pointer, marks, step)))}
      onKeyDown={keys}
      pointer={pointer}
      menu={edits && <StepMenu path={path} title={stepTitle(step)} />}
    />
  );
}

function StepMenu({ path, title }: { path: Path; title: string }) {
  const { edits } = useCanvas();
  if (!edits) return null;
  const list = path.slice(0, -1);
  const index = Number(path.at(-1));
  const size = { size: 16, 'aria-hidden': true } as const;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon
          className={`${classes.menu} nodrag`}
          variant="subtle"
          color="gray"
          aria-label={`More for ${title}`}
          size={30}
        >
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconArrowUp {...size} />} onClick={() => edits.nudge(path, -1)}>
          Move up
        </Menu.Item>
        <Menu.Item leftSection={<IconArrowDown {...size} />} onClick={() => edits.nudge(path, 1)}>
          Move down
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconCopy {...size} />} onClick={() => edits.duplicate(path)}>
          Duplicate
        </Menu.Item>
        <Menu.Item leftSection={<IconClipboardCopy {...size} />} onClick={() => edits.copy(path)}>
          Copy
        </Menu.Item>
        <Menu.Item
          leftSection={<IconClipboard {...size} />}
          disabled={!edits.canPaste}
          onClick={() => edits.paste(list, index + 1)}
        >
          Paste after
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconTrash {...size} />} color="red" onClick={() => edits.remove(path)}>
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

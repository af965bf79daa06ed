import { useDroppable } from '@dnd-kit/core';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import type { Status, Workflow } from '~/api/schema';
import classes from './board.module.css';
import type { Card } from './cache';

interface Props {
  workflow: Workflow;
  sorted: Map<string, Card[]>;
  here: string;
  open: (status: string) => void;
  dragged?: Card;
  refused: (status: string) => boolean;
}

/** The columns of a phone as tabs; a card is dropped on the tab of the column that it shall go to. */
export function PhoneTabs({ workflow, sorted, here, open, dragged, refused }: Props) {
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const { statuses } = workflow;
    const at = statuses.findIndex(({ key }) => key === here) + step;
    const next = statuses[(at + statuses.length) % statuses.length]!;
    open(next.key);
    document.getElementById(`tab-${next.key}`)?.focus();
  };
  return (
    <div className={classes.tabs} role="tablist" aria-label="Columns" onKeyDown={onKeyDown}>
      {workflow.statuses.map((status) => (
        <Tab
          key={status.key}
          status={status}
          count={sorted.get(status.key)?.length ?? 0}
          here={status.key === here}
          open={open}
          over={dragged !== undefined && dragged.status !== status.key}
          refused={refused(status.key)}
        />
      ))}
    </div>
  );
}

interface TabProps {
  status: Status;
  count: number;
  here: boolean;
  open: (status: string) => void;
  /** Whether a card is dragged that could be dropped here. */
  over: boolean;
  refused: boolean;
}

function Tab({ status, count, here, open, over, refused }: TabProps) {
  const target = useDroppable({
    id: `tab:${status.key}`,
    data: { status: status.key, name: status.name, refused },
    disabled: refused,
  });
  const button = useRef<HTMLButtonElement | null>(null);
  useEffect(() => {
    if (here) button.current?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [here]);
  return (
    <button
      ref={(node) => {
        button.current = node;
        target.setNodeRef(node);
      }}
      id={`tab-${status.key}`}
      type="button"
      role="tab"
      className={classes.tab}
      aria-selected={here}
      tabIndex={here ? 0 : -1}
      data-over={(over && target.isOver) || undefined}
      data-refused={refused || undefined}
      onClick={() => open(status.key)}
    >
      {status.name} {count}
    </button>
  );
}

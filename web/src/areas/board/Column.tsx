import { useDroppable } from '@dnd-kit/core';
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconChevronsLeft, IconChevronsRight, IconPlus } from '@tabler/icons-react';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { memo, useRef, useState } from 'react';
import type { Status } from '~/api/schema';
import classes from './board.module.css';
import type { Card } from './cache';
import { DragCard } from './DragCard';
import { QuickAdd } from './QuickAdd';
import type { CardLook } from './TaskCard';

export interface ColumnProps {
  status: Status;
  cards: Card[];
  look: CardLook;
  project: string;
  mayAdd: boolean;
  mayMove: boolean;
  /** The card that is being dragged, and whether it may come here. */
  dragged?: Card;
  refused: boolean;
  folded?: boolean;
  fold?: (status: string) => void;
  complete?: (card: Card) => void;
  /** Whether it is the only one on the screen; then tabs are what cards are dropped on. */
  alone?: boolean;
}

/** One status with its cards, of which only those on the screen are there. */
export const Column = memo(function Column(props: ColumnProps) {
  const { status, cards, refused, dragged, folded, alone } = props;
  const [adding, setAdding] = useState(false);
  const target = useDroppable({
    id: `column:${status.key}`,
    data: { status: status.key, name: status.name, refused },
    disabled: refused || alone,
  });
  const state = {
    'data-over': (target.isOver && dragged?.status !== status.key) || undefined,
    'data-refused': refused || undefined,
  };
  const heading = `column-${status.key}`;
  if (folded) {
    return (
      <section
        ref={target.setNodeRef}
        className={`${classes.column} ${classes.folded}`}
        aria-labelledby={heading}
        {...state}
      >
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={`Unfold ${status.name}`}
          onClick={() => props.fold?.(status.key)}
        >
          <IconChevronsRight size={16} aria-hidden />
        </ActionIcon>
        <h2 id={heading} className={classes.name}>
          {status.name} <span className={classes.count}>{cards.length}</span>
        </h2>
      </section>
    );
  }
  return (
    <section
      ref={target.setNodeRef}
      className={alone ? `${classes.column} ${classes.one}` : classes.column}
      data-fills
      aria-labelledby={heading}
      {...state}
    >
      <div className={classes.head}>
        <h2 id={heading} className={alone ? 'sr-only' : classes.name}>
          {status.name}
        </h2>
        {!alone && (
          <span className={classes.count}>
            {cards.length}
            <span className="sr-only"> tasks</span>
          </span>
        )}
        {!alone && <span className={classes.grow} />}
        {props.fold && !alone && (
          <Tooltip label="Fold" openDelay={400}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={`Fold ${status.name}`}
              onClick={() => props.fold?.(status.key)}
            >
              <IconChevronsLeft size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
        {props.mayAdd && (
          <AddButton status={status.name} adding={adding} alone={alone} toggle={() => setAdding(!adding)} />
        )}
      </div>
      {refused && dragged && <div className={classes.refusal}>{dragged.key} cannot go here.</div>}
      {adding && <QuickAdd project={props.project} status={status} close={() => setAdding(false)} />}
      <Cards {...props} />
    </section>
  );
});

function AddButton(props: { status: string; adding: boolean; alone?: boolean; toggle: () => void }) {
  const { status, adding, alone, toggle } = props;
  const label = `Add a task to ${status}`;
  if (alone) {
    return (
      <Button
        variant="subtle"
        size="compact-md"
        leftSection={<IconPlus size={18} aria-hidden />}
        aria-expanded={adding}
        onClick={toggle}
      >
        {label}
      </Button>
    );
  }
  return (
    <Tooltip label="Add a task here" openDelay={400}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} aria-expanded={adding} onClick={toggle}>
        <IconPlus size={18} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

/** What a card is about as high as, before it has been measured. */
const guess = ({ title, labels, due_at, assignees, points }: Card) =>
  58 +
  20 * Math.min(3, Math.ceil(title.length / 34)) +
  (labels.length > 0 ? 27 : 0) +
  (due_at || assignees.length > 0 || points != null ? 30 : 0);

function Cards({ cards, look, mayMove, dragged, complete, status }: ColumnProps) {
  const list = useRef<HTMLDivElement>(null);
  const lifted = dragged ? cards.findIndex(({ id }) => id === dragged.id) : -1;
  const rows = useVirtualizer({
    count: cards.length,
    getScrollElement: () => list.current,
    estimateSize: (index) => guess(cards[index]!),
    getItemKey: (index) => cards[index]!.id,
    overscan: 5,
    // The card that is dragged stays, however far the list is scrolled meanwhile.
    rangeExtractor: (range) => {
      const seen = defaultRangeExtractor(range);
      return lifted < 0 || seen.includes(lifted) ? seen : [...seen, lifted].sort((one, other) => one - other);
    },
  });
  return (
    <div ref={list} className={classes.list}>
      <ul className={classes.rows} style={{ height: rows.getTotalSize() }} aria-label={`Tasks in ${status.name}`}>
        {rows.getVirtualItems().map(({ key, index, start }) => (
          <li
            key={key}
            ref={rows.measureElement}
            data-index={index}
            className={classes.place}
            style={{ transform: `translateY(${start}px)` }}
            aria-setsize={cards.length}
            aria-posinset={index + 1}
          >
            <DragCard card={cards[index]!} look={look} movable={mayMove} complete={complete} />
          </li>
        ))}
      </ul>
    </div>
  );
}

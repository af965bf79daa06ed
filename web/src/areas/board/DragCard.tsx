import { useDraggable } from '@dnd-kit/core';
import { memo } from 'react';
import classes from './board.module.css';
import type { Card } from './cache';
import { SwipeToDone } from './SwipeToDone';
import { type CardLook, TaskCard } from './TaskCard';

interface Props {
  card: Card;
  look: CardLook;
  movable: boolean;
  /** Completes the card where it can be completed: what swiping it does on a phone. */
  complete?: (card: Card) => void;
}

/** A card in its column, which can be taken up where one may move it. */
export const DragCard = memo(function DragCard({ card, look, movable, complete }: Props) {
  const { setNodeRef, setActivatorNodeRef, listeners, attributes, isDragging } = useDraggable({
    id: card.id,
    data: { card },
    disabled: !movable,
  });
  // The keyboard lifts a card by the link in it; mouse and finger by any part of it.
  const { onKeyDown, ...pointers } = listeners ?? {};
  const grip = movable
    ? {
        ref: setActivatorNodeRef,
        onKeyDown: onKeyDown as never,
        'aria-describedby': attributes['aria-describedby'],
        'aria-roledescription': 'card that can be moved',
      }
    : undefined;
  const shown = (
    <div
      ref={setNodeRef}
      className={classes.card}
      data-movable={movable || undefined}
      data-lifted={isDragging || undefined}
      data-card={card.key}
      {...pointers}
    >
      <TaskCard card={card} {...look} grip={grip} />
    </div>
  );
  if (!complete) return shown;
  return <SwipeToDone done={() => complete(card)}>{shown}</SwipeToDone>;
});

/** How cards are dragged: with a mouse, with a finger after a long press, and with the keyboard. */
import {
  type Announcements,
  type CollisionDetection,
  closestCenter,
  KeyboardCode,
  type KeyboardCoordinateGetter,
  KeyboardSensor,
  MouseSensor,
  pointerWithin,
  TouchSensor,
  useSensor,
  useSensors,
} from '@dnd-kit/core';
import type { Card } from './cache';

export interface Dragged {
  card: Card;
}

export interface Target {
  status: string;
  name: string;
  /** Whether the workflow has no way there for the card that is dragged. */
  refused: boolean;
}

/** The next column in the direction of the arrow that the card may go to. */
const toNextColumn: KeyboardCoordinateGetter = (event, { context }) => {
  const steps: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const step = steps[event.code];
  if (!step) return undefined;
  event.preventDefault();
  const places = context.droppableContainers
    .getEnabled()
    .map(({ id }) => ({ id, rect: context.droppableRects.get(id) }))
    .filter((place) => place.rect !== undefined)
    .sort((one, other) => one.rect!.left - other.rect!.left);
  const from = context.collisionRect?.left ?? 0;
  const here = context.over ? places.findIndex(({ id }) => id === context.over?.id) : -1;
  const after = places.findIndex(({ rect }) => rect!.left > from);
  const next = here >= 0 ? here + step : step > 0 ? after : (after < 0 ? places.length : after) - 1;
  const rect = places[next]?.rect;
  return rect ? { x: rect.left + 8, y: rect.top + 52 } : undefined;
};

export const useCardSensors = () =>
  useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 260, tolerance: 8 } }),
    useSensor(KeyboardSensor, {
      coordinateGetter: toNextColumn,
      // Enter opens the task, as on any link.
      keyboardCodes: {
        start: [KeyboardCode.Space],
        cancel: [KeyboardCode.Esc],
        end: [KeyboardCode.Space, KeyboardCode.Enter],
      },
    }),
  );

/** What the pointer is over; with the keyboard, what the card is nearest to. */
export const overColumn: CollisionDetection = (args) =>
  args.pointerCoordinates ? pointerWithin(args) : closestCenter(args);

const cardOf = (active: { data: { current?: unknown } }) => (active.data.current as Dragged | undefined)?.card;
const targetOf = (over: { data: { current?: unknown } } | null) => over?.data.current as Target | undefined;

/** Whether the card has just been picked up: that it is over its own column needs no saying then. */
let lifted = false;

/** What is said to those who do not see the drag. */
export const announcements: Announcements = {
  onDragStart: ({ active }) => {
    lifted = true;
    return `Picked up ${cardOf(active)?.key}. Choose a column with the arrow keys.`;
  },
  onDragOver: ({ active, over }) => {
    const target = targetOf(over);
    const begins = lifted && target?.status === cardOf(active)?.status;
    lifted = false;
    return target && !begins ? `${cardOf(active)?.key} is over ${target.name}.` : undefined;
  },
  onDragEnd: ({ active, over }) => {
    const [card, target] = [cardOf(active), targetOf(over)];
    return target && card && target.status !== card.status
      ? `${card.key} was moved to ${target.name}.`
      : `${card?.key} stays where it was.`;
  },
  onDragCancel: ({ active }) => `${cardOf(active)?.key} stays where it was.`,
};

export const instructions = {
  draggable:
    'Press Space to pick the card up, the arrow keys to choose a column, Space to put it down, Escape to leave.',
};

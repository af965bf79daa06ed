/** How cards are dragged: with a mouse, with a finger after a long press, and with the keyboard. */
import {
  type Announcements,
  type CollisionDetection,
  KeyboardCode,
  type KeyboardCoordinateGetter,
  KeyboardSensor,
  MouseSensor,
  pointerWithin,
  TouchSensor,
  type UniqueIdentifier,
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

const cardOf = (active: { data: { current?: unknown } }) => (active.data.current as Dragged | undefined)?.card;

/** The column that has been chosen with the keyboard, while a card is lifted by it. */
let chosen: UniqueIdentifier | undefined;

const targetOf = (over: { data: { current?: unknown } } | null) => over?.data.current as Target | undefined;

const statusOf = (container: { data: { current?: unknown } }) => targetOf(container)?.status;

/** The next column in the direction of the arrow that the card may go to. It is scrolled to, wherever it is. */
const toNextColumn: KeyboardCoordinateGetter = (event, { context }) => {
  const steps: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const step = steps[event.code];
  if (!step) return undefined;
  event.preventDefault();
  const left = (node: HTMLElement | null) => node?.getBoundingClientRect().left ?? 0;
  const places = context.droppableContainers
    .getEnabled()
    .sort((one, other) => left(one.node.current) - left(other.node.current));
  const own = context.active && cardOf(context.active)?.status;
  const here = places.findIndex((place) => (chosen === undefined ? statusOf(place) === own : place.id === chosen));
  const next = places[here + step];
  const node = next?.node.current;
  if (!next || !node) return undefined;
  chosen = next.id;
  node.scrollIntoView({ inline: 'nearest', block: 'nearest', behavior: 'instant' });
  const { x, y } = node.getBoundingClientRect();
  return { x: x + 8, y: y + 52 };
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

/** What the pointer is over; with the keyboard, the column that was chosen. */
export const overColumn: CollisionDetection = (args) => {
  if (args.pointerCoordinates) return pointerWithin(args);
  const own = cardOf(args.active)?.status;
  const droppableContainer = args.droppableContainers.find((container) =>
    chosen === undefined ? statusOf(container) === own : container.id === chosen,
  );
  return droppableContainer ? [{ id: droppableContainer.id, data: { droppableContainer, value: 0 } }] : [];
};

/** Whether the card has just been picked up: that it is over its own column needs no saying then. */
let lifted = false;

/** What is said to those who do not see the drag. */
export const announcements: Announcements = {
  onDragStart: ({ active }) => {
    lifted = true;
    chosen = undefined;
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

import { IconAlertTriangle, IconCalendarEvent, IconDots } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type HTMLAttributes, memo, type Ref } from 'react';
import type { Member } from '~/api/schema';
import type { Manner } from '~/parts/time';
import classes from './board.module.css';
import type { Card } from './cache';
import { dueWords, isOverdue } from './due';
import { PriorityMark, TypeMark } from './marks';

export interface CardLook {
  people: Map<string, Member>;
  types: Map<string, string>;
  manner: Manner;
  /** Opens the menu of a card beside its button; absent where nothing can be done with cards. */
  onMenu?: (card: Card, button: HTMLElement) => void;
}

interface Props extends CardLook {
  card: Card;
  /** What makes the title's link lift the card with the keyboard. */
  grip?: HTMLAttributes<HTMLElement> & { ref?: Ref<HTMLAnchorElement> };
}

/** What a card says. Made of plain elements, since a board has hundreds of them on the screen. */
export const TaskCard = memo(function TaskCard({ card, people, types, manner, onMenu, grip }: Props) {
  const faces = card.assignees.slice(0, 3);
  return (
    <>
      <div className={classes.row}>
        <TypeMark type={card.type} name={types.get(card.type)} />
        <span className={classes.key}>{card.key}</span>
        <span className={classes.grow} />
        {card.priority !== 'medium' && <PriorityMark priority={card.priority} />}
        {onMenu && (
          <button
            type="button"
            className={classes.more}
            aria-label={`More for ${card.key}`}
            aria-haspopup="menu"
            onClick={(event) => onMenu(card, event.currentTarget)}
          >
            <IconDots size={16} aria-hidden />
          </button>
        )}
      </div>
      <Link
        to="."
        search={((old: object) => ({ ...old, task: card.key })) as never}
        className={classes.title}
        draggable={false}
        preload={false}
        {...grip}
      >
        {card.title}
      </Link>
      {card.labels.length > 0 && (
        <div className={classes.labels}>
          {card.labels.slice(0, 4).map((label) => (
            <span key={label} className={classes.label}>
              {label}
            </span>
          ))}
          {card.labels.length > 4 && <span className={classes.label}>+{card.labels.length - 4}</span>}
        </div>
      )}
      {(card.due_at || faces.length > 0 || card.points != null) && (
        <div className={classes.row}>
          {card.due_at && <Due card={card} at={card.due_at} manner={manner} />}
          {card.points != null && <span className={classes.points}>{card.points} pt</span>}
          <span className={classes.grow} />
          <span className={classes.faces}>
            {faces.map((id) => {
              const name = people.get(id)?.name ?? 'Somebody';
              return (
                <span key={id} className={classes.face} role="img" aria-label={name} title={name}>
                  {initials(name)}
                </span>
              );
            })}
            {card.assignees.length > 3 && <span className={classes.face}>+{card.assignees.length - 3}</span>}
          </span>
        </div>
      )}
    </>
  );
});

function Due({ card, at, manner }: { card: Card; at: string; manner: Manner }) {
  const late = isOverdue(card);
  const Icon = late ? IconAlertTriangle : IconCalendarEvent;
  return (
    <span className={late ? classes.late : classes.due}>
      <Icon size={14} aria-hidden />
      <span className="sr-only">{late ? 'Overdue since' : 'Due'}</span>
      {dueWords(at, manner)}
    </span>
  );
}

const initials = (name: string) =>
  name
    .split(/\s+/)
    .map((word) => word[0])
    .filter(Boolean)
    .slice(0, 2)
    .join('')
    .toUpperCase();

import { IconCheck } from '@tabler/icons-react';
import { type ReactNode, type TouchEvent, useRef } from 'react';
import classes from './board.module.css';

/** How far a finger goes before letting go completes the card. */
const FAR = 96;

/** A card that is completed by swiping it towards the end of the line. */
export function SwipeToDone({ done, children }: { done: () => void; children: ReactNode }) {
  const moved = useRef<HTMLDivElement>(null);
  const start = useRef<{ x: number; y: number } | null>(null);
  const way = useRef(0);
  const put = (offset: number, eased = false) => {
    if (!moved.current) return;
    moved.current.parentElement?.toggleAttribute('data-swiped', offset !== 0);
    moved.current.style.transition = eased ? 'transform 160ms' : '';
    moved.current.style.transform = offset ? `translateX(${offset}px)` : '';
  };
  const onTouchStart = ({ touches }: TouchEvent) => {
    const touch = touches[0];
    start.current = touch && touches.length === 1 ? { x: touch.clientX, y: touch.clientY } : null;
    way.current = 0;
  };
  const onTouchMove = ({ touches }: TouchEvent) => {
    const touch = touches[0];
    if (!start.current || !touch) return;
    const forward = document.dir === 'rtl' ? -1 : 1;
    const x = (touch.clientX - start.current.x) * forward;
    // A finger that goes up or down scrolls, and one that rests lifts the card.
    if (way.current === 0 && (Math.abs(touch.clientY - start.current.y) > 10 || x < 12)) return;
    way.current = Math.max(0, x);
    put(way.current * forward);
  };
  const onTouchEnd = () => {
    const complete = way.current > FAR;
    start.current = null;
    way.current = 0;
    put(0, true);
    if (complete) done();
  };
  return (
    <div
      className={classes.swipe}
      onTouchStart={onTouchStart}
      onTouchMove={onTouchMove}
      onTouchEnd={onTouchEnd}
      onTouchCancel={onTouchEnd}
    >
      <div className={classes.under} aria-hidden>
        <IconCheck size={18} />
        Done
      </div>
      <div ref={moved}>{children}</div>
    </div>
  );
}

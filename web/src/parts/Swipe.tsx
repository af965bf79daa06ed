import { type ReactNode, useRef, useState } from 'react';
import classes from './swipe.module.css';

interface Way {
  label: string;
  icon: ReactNode;
  run: () => void;
}

/** How far a finger has to go for it to count. */
const FAR = 88;

/**
 * A line that does something when a finger pushes it aside: one thing towards the end of the line, another back. Each of
 * them has a button as well, for whoever does not swipe.
 */
export function Swipe({ forth, back, children }: { forth?: Way; back?: Way; children: ReactNode }) {
  const from = useRef<{ x: number; y: number }>(undefined);
  const [pushed, setPushed] = useState(0);
  const rtl = document.documentElement.dir === 'rtl' ? -1 : 1;
  const way = pushed * rtl > 0 ? forth : pushed * rtl < 0 ? back : undefined;
  const far = Math.abs(pushed) >= FAR;
  const end = () => {
    if (far) way?.run();
    from.current = undefined;
    setPushed(0);
  };
  return (
    <div className={classes.frame}>
      {way && (
        <div
          className={classes.under}
          data-far={far || undefined}
          data-side={pushed > 0 ? 'left' : 'right'}
          aria-hidden
        >
          {way.icon}
          {way.label}
        </div>
      )}
      <div
        className={classes.over}
        data-still={pushed === 0 || undefined}
        style={{ transform: pushed === 0 ? undefined : `translateX(${pushed}px)` }}
        onTouchStart={({ touches }) => {
          const touch = touches[0];
          if (touch) from.current = { x: touch.clientX, y: touch.clientY };
        }}
        onTouchMove={({ touches }) => {
          const touch = touches[0];
          if (!touch || !from.current) return;
          const [x, y] = [touch.clientX - from.current.x, touch.clientY - from.current.y];
          // The page is scrolled, and nothing pushed aside.
          if (pushed === 0 && Math.abs(y) > Math.abs(x)) from.current = undefined;
          else if (Math.abs(x) > 8 && (x * rtl > 0 ? forth : back)) setPushed(x);
        }}
        onTouchEnd={end}
        onTouchCancel={() => setPushed(0)}
      >
        {children}
      </div>
    </div>
  );
}

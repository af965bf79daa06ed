import { type ReactNode, useId } from 'react';
import classes from '../view/task.module.css';

/** A field of a task with its name: to be changed by whoever may, to be read by the others. */
export function Row({
  label,
  edit,
  read,
}: {
  label: string;
  /** The control, with the id that joins it to its label; left out where one may not change it. */
  edit?: (control: { id: string; classNames: { input: string } }) => ReactNode;
  read: ReactNode;
}) {
  const id = useId();
  return (
    <div className={classes.row}>
      {edit ? (
        <label className={classes.label} htmlFor={id}>
          {label}
        </label>
      ) : (
        <span className={classes.label}>{label}</span>
      )}
      {edit ? edit({ id, classNames: { input: classes.field! } }) : <div className={classes.read}>{read || '—'}</div>}
    </div>
  );
}

import { useState } from 'react';
import type { Task } from '~/api/schema';
import { Clash } from '~/offline/change';
import { useDraft } from './draft';
import { useChangeTask } from './queries';

interface Base {
  version: number;
  value: string;
}

/**
 * Editing a text of a task with a draft that is kept on the device. Whoever saved the same text meanwhile is not
 * overwritten: `behind` says so before one saves, `clash` afterwards, and what was typed stays.
 */
export function useTextEdit(task: Task, field: 'title' | 'description') {
  const [draft, keep] = useDraft<Base>(`${task.id}.${field}`);
  const [open, setOpen] = useState(false);
  const [failure, setFailure] = useState<Error>();
  const change = useChangeTask({ quiet: true });
  const now: Base = { version: task.version, value: task[field] };
  const base = draft?.base ?? now;
  const text = draft?.text ?? task[field];
  const clash = failure instanceof Clash ? failure : undefined;

  const end = () => {
    keep(undefined);
    setOpen(false);
    setFailure(undefined);
  };
  const save = (on: Base = base) => {
    if (text === on.value || (field === 'title' && !text.trim())) return end();
    const seen = { ...task, version: on.version, [field]: on.value };
    const patch = { [field]: field === 'title' ? text.trim() : text };
    change.mutate({ task: seen, patch }, { onSuccess: end, onError: setFailure });
  };
  return {
    editing: open || draft !== undefined,
    /** Whether this was typed before, and found again. */
    restored: draft !== undefined && !open,
    text,
    base,
    saving: change.isPending,
    failure: clash ? undefined : failure,
    clash,
    theirs: clash?.theirs[field] ?? task[field],
    behind: !change.isPending && base.value !== task[field] && task[field] !== text,
    begin: () => setOpen(true),
    type: (typed: string) => {
      setOpen(true);
      keep({ text: typed, base });
    },
    save: () => save(),
    cancel: end,
    /** Saves over what somebody else saved meanwhile. */
    keepMine: () => save(clash ? { version: clash.theirs.version, value: clash.theirs[field] } : now),
  };
}

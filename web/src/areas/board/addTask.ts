import { useSyncExternalStore } from 'react';

/** What the form for a new task begins with. */
export interface Preset {
  /** The key or id of a project. */
  project?: string;
  status?: string;
  /** A day, `2026-11-26`. */
  due?: string;
  assignee?: string;
  title?: string;
}

let now: Preset | undefined;
const listeners = new Set<() => void>();
const set = (next?: Preset) => {
  now = next;
  for (const tell of listeners) tell();
};

/** Opens the form for a new task from wherever one is. */
export const addTask = {
  open: (preset: Preset = {}) => set(preset),
  close: () => set(),
};

export const useAddTask = () =>
  useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => void listeners.delete(tell);
    },
    () => now,
  );

/** How figures are taken and said. */
import type { Page } from '@playwright/test';
import type { Person } from '../stories/support';

/** One line of the table: what was measured, and the figure with its unit. */
export function say(what: string, figure: string) {
  process.stdout.write(`${what}: ${figure}\n`);
}

export const at = (sorted: number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
export const sorted = (figures: number[]) => [...figures].sort((a, b) => a - b);
export const ms = (figure: number) => `${figure < 100 ? figure.toFixed(1) : Math.round(figure)} ms`;
export const spread = (figures: number[]) => {
  const all = sorted(figures);
  return `median ${ms(at(all, 0.5))}, p95 ${ms(at(all, 0.95))}, p99 ${ms(at(all, 0.99))}`;
};

/** The times between frames, in milliseconds, while something is done. */
export async function frames(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate(() => {
    const told = window as unknown as { frames: number[]; counting: boolean };
    told.frames = [];
    told.counting = true;
    let before = performance.now();
    const count = (now: number) => {
      told.frames.push(now - before);
      before = now;
      if (told.counting) requestAnimationFrame(count);
    };
    requestAnimationFrame((now) => {
      before = now;
      requestAnimationFrame(count);
    });
  });
  await act();
  return page.evaluate(() => {
    const told = window as unknown as { frames: number[]; counting: boolean };
    told.counting = false;
    return told.frames;
  });
}

/** Makes many of something, a few at a time. */
export async function many(count: number, make: (n: number) => Promise<unknown>) {
  let next = 0;
  const hand = async () => {
    while (next < count) await make(next++);
  };
  await Promise.all(Array.from({ length: 8 }, hand));
}

const STATUSES = ['todo', 'in_progress', 'in_review', 'blocked', 'completed'];

/** A project with that many tasks, spread over its statuses. */
export async function bigProject(ada: Person, key: string, count: number, more: (n: number) => object = () => ({})) {
  await ada.post('/projects', { key, name: `Large ${key}` });
  await many(count, (n) =>
    ada.post(`/projects/${key}/tasks`, {
      title: `Task ${n} of a large plan`,
      status: STATUSES[n % STATUSES.length],
      ...more(n),
    }),
  );
}

import { describe, expect, it } from 'vitest';
import { dayIn, dueOn } from './days';

const ZONE = 'Pacific/Auckland';

describe('the days of the calendar', () => {
  it('are those of the person, wherever the browser is', () => {
    expect(dayIn(ZONE, '2027-03-01T12:30:00Z')).toBe('2027-03-02');
    expect(dayIn('America/New_York', '2027-03-01T03:30:00Z')).toBe('2027-02-28');
  });
  it('keep the time of day of a task that is moved, over a change of the clocks too', () => {
    const task = { due_at: '2027-04-01T04:00:00Z', start_at: null };
    expect(dueOn(task, '2027-04-06', ZONE)).toEqual({ due_at: '2027-04-06T05:00:00.000Z' });
    expect(dueOn(task, '2027-04-01', ZONE)).toBeUndefined();
  });
  it('let a task begin no later than it is due', () => {
    const task = { due_at: '2027-03-05T04:00:00Z', start_at: '2027-03-03T20:00:00Z' };
    expect(dueOn(task, '2027-03-02', ZONE)).toEqual({
      due_at: '2027-03-02T04:00:00.000Z',
      start_at: '2027-02-28T20:00:00.000Z',
    });
  });
});

import { expect, test } from 'vitest';
import { isWeek, laterWeek, momentOn, mondayOf, nextStart, sundayOf, weekOf } from './week';

test('a day lies in the week of its Thursday', () => {
  expect(weekOf('2026-11-23')).toBe('2026-W48');
  expect(weekOf('2026-11-29')).toBe('2026-W48');
  expect(weekOf('2027-01-01')).toBe('2026-W53');
  expect(weekOf('2027-01-04')).toBe('2027-W01');
  expect(weekOf('2024-12-30')).toBe('2025-W01');
});

test('a week has its Monday and its Sunday, and others before and after it', () => {
  expect([mondayOf('2026-W48'), sundayOf('2026-W48')]).toEqual(['2026-11-23', '2026-11-29']);
  expect(mondayOf('2025-W01')).toBe('2024-12-30');
  expect(laterWeek('2026-W53', 1)).toBe('2027-W01');
  expect(laterWeek('2027-W01', -1)).toBe('2026-W53');
  expect(['2026-W48', '2026-W54', '2026-48', undefined].map(isWeek)).toEqual([true, false, false, false]);
});

test('what is written down without a time follows what the day has already', () => {
  expect([0, 90, 5000].map(nextStart)).toEqual(['09:00', '10:30', '23:45']);
  expect(momentOn('2026-11-23', '09:00', 'Europe/Berlin')).toBe('2026-11-23T08:00:00.000Z');
});

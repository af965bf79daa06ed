import { expect, test } from 'vitest';
import { placeholders, REPEAT, repeatOf, repeatWords, ruleOf } from './rrule';

test('what is chosen is written as a rule and read again', () => {
  const rules = [
    'FREQ=DAILY',
    'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH',
    'FREQ=MONTHLY;BYMONTHDAY=-1',
    'FREQ=MONTHLY;BYDAY=-1FR;COUNT=6',
    'FREQ=YEARLY;UNTIL=20301231T235959Z',
  ];
  for (const rule of rules) expect(ruleOf(repeatOf(rule)!)).toBe(rule);
  expect(ruleOf({ ...REPEAT, days: ['FR', 'MO'] })).toBe('FREQ=WEEKLY;BYDAY=MO,FR');
});

test('a rule that says more than can be chosen stays as it is', () => {
  for (const rule of ['FREQ=HOURLY', 'FREQ=MONTHLY;BYDAY=1MO,3MO', 'FREQ=WEEKLY;BYHOUR=9', 'nonsense'])
    expect(repeatOf(rule)).toBeUndefined();
  expect(repeatWords('FREQ=WEEKLY;BYHOUR=9')).toBe('FREQ=WEEKLY;BYHOUR=9');
});

test('a rule is told in words', () => {
  expect(repeatWords('FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH')).toBe('Every 2 weeks on Monday and Thursday');
  expect(repeatWords('FREQ=MONTHLY;BYDAY=-1FR;COUNT=6')).toBe('Every month on the last Friday, 6 times');
});

test('placeholders are found wherever they stand', () => {
  const task = { title: 'Set up {{ customer }}', subtasks: [{ title: '{{date}} {{ customer }}' }] };
  expect(placeholders(task)).toEqual(['customer', 'date']);
});

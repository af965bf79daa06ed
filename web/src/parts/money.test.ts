import { expect, test } from 'vitest';
import { money, plainAmount } from './money';

test('amounts are shown exactly, in the manner of the reader', () => {
  expect(money('1234.5', 'EUR', 'en')).toBe('€1,234.50');
  expect(money('999999999999.9999', 'EUR', 'en')).toBe('€999,999,999,999.9999');
  expect(money('-12', 'JPY', 'en')).toBe('-¥12');
  expect(money('1234.50', 'EUR', 'de').replace(/\u00a0/g, ' ')).toBe('1.234,50 €');
});

test('what is typed with separators is read as it is meant', () => {
  expect(['1234.50', '1 234,50', '1,234.50', '1.234,50', '12,5', ',5', '1,234', "1'000"].map(plainAmount)).toEqual([
    '1234.50',
    '1234.50',
    '1234.50',
    '1234.50',
    '12.5',
    '0.5',
    '1234',
    '1000',
  ]);
});

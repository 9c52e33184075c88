/** Figures as text: what a reader sees must be what is known, no more and no less. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  amount,
  change,
  isNegative,
  kw,
  negate,
  number,
  signed,
  sum,
  thousands,
} from '../../web/app/format.ts';
import { cleanAmount } from '../../web/app/pages/sale/amount.ts';

const SEED = 20261124;

describe('a number', () => {
  test.each([
    [1234.5, 1, '1,234.5'],
    [-106.78, 2, '−106.78'],
    [0, 0, '0'],
    [-0.001, 1, '0.0'],
    [null, 2, '–'],
    [undefined, 0, '–'],
    [Number.NaN, 0, '–'],
  ])('%s with %s decimals reads %s', (value, decimals, text) => {
    expect(number(value, decimals)).toBe(text);
  });

  test('a change bears its sign, and none when it rounds to nothing', () => {
    expect([signed(3.44), signed(-2.1), signed(0.01), signed(null)]).toEqual([
      '+3.4',
      '−2.1',
      '0.0',
      '–',
    ]);
  });

  test('base units are shown as thousands', () => {
    expect([thousands(26_654_080), thousands(70_164, 3), kw(3_024_640)]).toEqual([
      '26,654',
      '70.164',
      '3,024.6',
    ]);
  });

  test('there is no change against nothing', () => {
    expect([change(5, 0), change(5, null), change(null, 5), change(6, 5)]).toEqual([
      null,
      null,
      null,
      20,
    ]);
  });
});

describe('money', () => {
  test.each([
    ['-12345.6', '−12,345.60'],
    ['0', '0.00'],
    ['-0.00', '0.00'],
    ['0012.5', '12.50'],
    ['97.036100', '97.036100'],
    ['', '–'],
    ['abc', '–'],
    [null, '–'],
  ])('%s reads %s', (text, shown) => {
    expect(amount(text)).toBe(shown);
  });

  test('sums are exact in any order', () => {
    const cents = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
    fc.assert(
      fc.property(fc.array(cents, { minLength: 1, maxLength: 30 }), (values) => {
        const texts = values.map(textOfCents);
        const expected = textOfCents(values.reduce((a, b) => a + b, 0n));
        expect(sum(texts)).toBe(expected);
        expect(sum(texts.toReversed())).toBe(expected);
      }),
      { seed: SEED },
    );
  });

  test('sums of different scales keep the finer one, and none is not zero', () => {
    expect([sum(['1.5', '0.0625', null]), sum([null]), sum([])]).toEqual(['1.5625', null, null]);
  });

  test('the other sign, and below zero', () => {
    expect([negate('5.00'), negate('-5.00')]).toEqual(['-5.00', '5.00']);
    expect([isNegative('-0.01'), isNegative('-0.00'), isNegative('1')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('an amount that was typed', () => {
  test.each([
    ['1000', '1000.00'],
    ['1,000.5', '1000.50'],
    [' 0007 ', '7.00'],
    ['12。50', '12.50'],
    ['0', null],
    ['-5', null],
    ['1.234', null],
    ['1e3', null],
    ['', null],
    ['12345678901', null],
  ])('%s becomes %s', (typed, clean) => {
    expect(cleanAmount(typed)).toBe(clean);
  });
});

function textOfCents(cents: bigint): string {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** What the pages of the books make of exact texts: rounding for the eye, and sums that foot or do not. */
import { describe, expect, test } from 'vitest';
import type { Correction } from '../../web/app/books.ts';
import { rounded, shownAmount, signedAmount } from '../../web/app/pages/books/exact.ts';
import { instantOf } from '../../web/app/pages/books/instant.ts';
import { lineKey, sumsOf, wasThere } from '../../web/app/pages/books/lines.ts';
import { booksSearch, ledgerSearch } from '../../web/app/search.ts';

describe('exact amounts for the eye', () => {
  test('the nearest, a half to the even digit, also below zero', () => {
    expect(rounded('97.03615', 4)).toBe('97.0362');
    expect(rounded('97.03625', 4)).toBe('97.0362');
    expect(rounded('97.036250001', 4)).toBe('97.0363');
    expect(rounded('-0.125', 2)).toBe('-0.12');
    expect(rounded('-0.1250000001', 2)).toBe('-0.13');
    expect(rounded('9.999', 2)).toBe('10.00');
    expect(rounded('2.5', 0)).toBe('2');
  });

  test('what rounds to nothing has no sign, and missing stays missing', () => {
    expect(signedAmount('-0.0004')).toBe('0.00');
    expect(signedAmount('3.1845')).toBe('+3.18');
    expect(signedAmount('-1106.78')).toBe('−1,106.78');
    expect(shownAmount(null)).toBe('–');
  });
});

describe('corrected lines', () => {
  const line = (oldAmount: string, newAmount: string, difference: string): Correction => ({
    ...{ settlementId: '2', supersedes: '1', accountId: '7', accountNumber: 'S7', pointId: '3' },
    ...{ pointCode: 'A1', serviceDay: '2026-11-01', accountingDate: '2026-11-02', at: '' },
    ...{ component: 'energy', kind: 'usage', unit: 'wh', period: 3, step: 1, cause: [], by: null },
    ...{ oldQuantity: 0, newQuantity: 10, oldPrice: null, newPrice: '0.1', oldAmount, newAmount },
    ...{ difference, transactionId: '9', runId: '4', traceId: null },
  });

  test('foot to the last digit or not at all', () => {
    const rows = [line('1.0000001', '2', '0.9999999'), line('0', '0.5', '0.5')];
    expect(sumsOf(rows)).toMatchObject({ difference: '1.4999999', foots: true });
    expect(sumsOf([line('1', '2', '1.0000001')]).foots).toBe(false);
    expect(sumsOf([])).toMatchObject({ difference: null, foots: true });
  });

  test('a line that was not there is missing, not zero', () => {
    expect(wasThere(line('0', '1', '1'), 'old')).toBe(false);
    expect(wasThere(line('0', '1', '1'), 'new')).toBe(true);
    expect(lineKey(line('0', '1', '1'))).toBe('2/energy/usage/3/1');
  });
});

test('an address of the ledger drops what is no position, day or time', () => {
  expect(
    ledgerSearch({ as: 'position', position: '9x', time: '25:00', date: '2026-13-01' }),
  ).toEqual({ as: 'position' });
  expect(ledgerSearch({ as: 'instant', date: '2026-11-01', time: '23:59' })).toMatchObject({
    date: '2026-11-01',
    time: '23:59',
  });
  expect(booksSearch({ kind: 'main-sub', show: 'some' })).toEqual({ kind: 'main-sub' });
});

test('wall time is the right instant also on the days on which the clocks are set', () => {
  expect(instantOf('2026-11-24', '14:32', 'Asia/Shanghai')).toBe('2026-11-24T06:32:00.000Z');
  expect(instantOf('2026-10-25', '12:00', 'Europe/Berlin')).toBe('2026-10-25T11:00:00.000Z');
  expect(instantOf('2026-10-25', '01:00', 'Europe/Berlin')).toBe('2026-10-24T23:00:00.000Z');
  expect(instantOf('2026-03-29', '12:00', 'Europe/Berlin')).toBe('2026-03-29T10:00:00.000Z');
});

/** Money and local days: the two value types that everything is counted in. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addMonths,
  daySpan,
  dayStart,
  isLocalDay,
  isZone,
  localDayOf,
  wallMinutes,
} from '../../sql/local-day.ts';
import { formatMinor, parseMinor, toMinor } from '../../sql/money.ts';
import { questdbUrl } from '../../sql/questdb.ts';

describe('money', () => {
  test.each([
    ['0.125', 'CNY', 12n],
    ['0.135', 'CNY', 14n],
    ['-0.125', 'CNY', -12n],
    ['2.5', 'JPY', 2n],
    ['1.2345', 'KWD', 1234n],
    ['0.005000000000000000000000000001', 'CNY', 1n],
  ])('%s %s rounds half to even: %s', (exact, currency, minor) => {
    expect(toMinor(exact, currency)).toBe(minor);
  });

  test.each([
    ['12.34', 'CNY', 1234n],
    ['12', 'CNY', 1200n],
    ['-0.05', 'CNY', -5n],
    ['500', 'JPY', 500n],
    ['1.005', 'CNY', undefined],
    ['1e3', 'CNY', undefined],
    [' 1', 'CNY', undefined],
    ['1.5', 'JPY', undefined],
    ['99999999999999', 'CNY', undefined],
    ['NaN', 'CNY', undefined],
  ])('%j in %s is parsed as %s', (text, currency, minor) => {
    expect(parseMinor(text, currency)).toBe(minor);
  });

  test('what is formatted is parsed back', () => {
    const minors = fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n });
    fc.assert(
      fc.property(minors, fc.constantFrom('CNY', 'JPY', 'KWD'), (minor, currency) => {
        fc.pre(formatMinor(minor, currency).replace(/\D/g, '').length <= 13);
        expect(parseMinor(formatMinor(minor, currency), currency)).toBe(minor);
      }),
      { seed: 1 },
    );
  });
});

describe('local days', () => {
  test.each([
    ['Asia/Shanghai', '2026-11-24', 96],
    ['Europe/Berlin', '2026-03-29', 92],
    ['Europe/Berlin', '2026-10-25', 100],
    ['America/Sao_Paulo', '2018-11-04', 92],
    ['Australia/Lord_Howe', '2026-10-04', 94],
    ['Australia/Lord_Howe', '2026-04-05', 98],
  ])('%s %s has %i quarter-hours', (zone, day, slots) => {
    expect(daySpan(zone, day).slots).toBe(slots);
    expect(wallMinutes(zone, day)).toHaveLength(slots);
  });

  test('a day whose midnight does not exist begins at one', () => {
    expect(wallMinutes('America/Sao_Paulo', '2018-11-04')[0]).toBe(60);
  });

  test('days follow one another without a gap in every zone', () => {
    const zones = fc.constantFrom(
      'Asia/Shanghai',
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'America/Sao_Paulo',
    );
    const instants = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2030, 0) });
    fc.assert(
      fc.property(zones, instants, (zone, at) => {
        const { startMs, endMs } = daySpan(zone, localDayOf(zone, at));
        expect(startMs <= at && at < endMs).toBe(true);
        expect(localDayOf(zone, endMs - 1)).toBe(localDayOf(zone, startMs));
        expect(dayStart(zone, localDayOf(zone, endMs))).toBe(endMs);
      }),
      { seed: 2 },
    );
  });

  test('days and zones that do not exist are told apart from those that do', () => {
    expect([isLocalDay('2026-02-28'), isLocalDay('2026-02-30'), isLocalDay('2026-2-3')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([isZone('Asia/Shanghai'), isZone('Asia/Nowhere'), isZone('')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(addMonths('2026-12-31', 1)).toBe('2027-01-01');
  });
});

describe('a QuestDB client configuration', () => {
  test('names the address and the user', () => {
    expect(questdbUrl('http::addr=db:9000;username=a;password=b;')).toBe('http://a:b@db:9000');
    expect(questdbUrl('https::addr=db;')).toBe('https://db:9000');
  });
  test.each(['tcp::addr=x:9009;', 'http::username=a;', ''])('%j is refused', (conf) => {
    expect(() => questdbUrl(conf)).toThrow(/QDB_CLIENT_CONF/);
  });
});

/** What the form of a credit policy finds wrong, where it was typed, and what it makes of what is right. */
import { describe, expect, test } from 'vitest';
import { policyFaults, usualPolicy } from '../../billing/credit-policy.ts';
import {
  cleanMoney,
  draftOf,
  faultsOf,
  isOverMidnight,
  type PolicyDraft,
  policyOf,
} from '../../web/app/pages/credit/draft.ts';

const usual = draftOf(usualPolicy('CNY'));
const found = (change: Partial<PolicyDraft>) =>
  faultsOf({ ...usual, ...change }).map(({ at, code }) => `${at} ${code}`);
const rungs = (...hours: string[]) =>
  usual.ladder.map((rung, i) => ({ ...rung, isUsed: i < hours.length, hours: hours[i] ?? '' }));

describe('the form of a credit policy', () => {
  // biome-ignore format: what is typed, and what is said to it, a case a line
  const cases: [string, Partial<PolicyDraft>, string[]][] = [
    ['what holds where nobody wrote any', {}, []],
    ['supply that would come back below the limit', { creditLimit: '50', restoreAt: '-50.01' }, ['restoreAt upsideDown']],
    ['supply that comes back at the limit', { creditLimit: '50', restoreAt: '−50' }, []],
    ['too many decimals', { creditLimit: '50.001', silentExposure: '1.2345' }, ['creditLimit decimals', 'silentExposure decimals']],
    ['no money', { creditLimit: '1e18', restoreAt: '', silentExposure: '-1' }, ['creditLimit money', 'restoreAt money', 'silentExposure money']],
    ['a share that is none', { sharePercent: '0' }, ['sharePercent count']],
    ['a share above the whole', { sharePercent: '101' }, ['sharePercent count']],
    ['the whole', { sharePercent: '100' }, []],
    ['half an hour of grace', { graceHours: '0.5' }, ['graceHours count']],
    ['hours over midnight', { noCutHours: [{ from: '22:00', to: '07:00' }] }, []],
    ['hours that are none', { noCutHours: [{ from: '08:00', to: '08:00' }] }, ['noCutHours/0 sameClock']],
    ['half of a window', { noCutHours: [{ from: '08:00', to: '' }] }, ['noCutHours/0 clock']],
    ['windows that overlap after midnight', { noCutHours: [{ from: '22:00', to: '07:00' }, { from: '06:00', to: '08:00' }] }, ['noCutHours/1 overlap']],
    ['windows that fill the day', { noCutHours: [{ from: '08:00', to: '20:00' }, { from: '20:00', to: '08:00' }] }, ['noCutHours wholeDay']],
    ['every day of the week', { weekdays: [1, 2, 3, 4, 5, 6, 7] }, ['weekdays everyDay']],
    ['a day twice, and none', { dates: ['2026-12-24', '2026-12-24', ''] }, ['dates/1 twice', 'dates/2 date']],
    ['a ladder upside down', { ladder: rungs('24', '48') }, ['ladder/alarm2 ladder']],
    ['a ladder', { ladder: rungs('72', '48', '48', '24') }, []],
    ['a rung without hours', { ladder: rungs('72', '') }, ['ladder/alarm2 count']],
  ];
  test.each(cases)('%s', (_, change, says) => {
    expect(found(change)).toEqual(says);
    const policy = policyOf({ ...usual, ...change }, 'CNY');
    expect(policy === null).toBe(says.length > 0);
    // What the form lets pass the server takes.
    if (policy) expect(policyFaults(policy, 'CNY')).toEqual([]);
  });

  test('a policy comes back out of its form as it was', () => {
    const written = {
      ...usualPolicy('CNY'),
      ...{ creditLimit: { amount: '50.00', currency: 'CNY' }, cutWater: true },
      ...{ restoreAt: { amount: '-10.00', currency: 'CNY' } },
      silent: { minutes: 60, exposure: { amount: '50.00', currency: 'CNY' } },
    };
    expect(policyOf(draftOf(written), 'CNY')).toEqual(written);
  });

  test('an end at midnight is not over midnight', () => {
    expect(isOverMidnight({ from: '18:00', to: '00:00' })).toBe(false);
    expect(isOverMidnight({ from: '18:00', to: '08:00' })).toBe(true);
    expect(cleanMoney('1,200。5', { signed: false })).toBe('1200.50');
    expect(cleanMoney('-0', { signed: true })).toBe('0.00');
  });
});

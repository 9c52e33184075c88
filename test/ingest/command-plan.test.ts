/** What commands mean on the wire, without one: steps of a clock, tables of both families, frames of 20H. */
import { describe, expect, test } from 'vitest';
import { CLOCK_STEP_MS, clockPlan, crosses } from '../../ingest/command-clock.ts';
import { commandMapOf } from '../../ingest/command-maps.ts';
import { planOf, type Seen } from '../../ingest/command-plan.ts';
import { parseReply, requestFrame } from '../../ingest/frame.ts';
import { type ModelName, models } from '../../ingest/models.ts';

const target = (name: ModelName, serial = '240165101123') => ({
  model: models[name],
  map: commandMapOf(models[name]),
  ...{ serial, zone: 'Asia/Shanghai', ratio: 1 },
});
const wall = (text: string) => Date.parse(`${text}Z`);

describe('a clock', () => {
  const plan = clockPlan(target('DTSY1352-SIM'));
  const boundaries = [0, 360, 660, 780, 840, 1320];
  /** What it would do when the meter shows one time and it is another, both local. */
  const intent = (shown: string, is: string) =>
    plan?.intend(
      { clock: `2026-11-18T${shown}`, boundaries },
      { nowMs: Date.parse(`2026-11-18T${is}+08:00`), attempts: 0 },
    );
  const written = (shown: string, is: string): number[] => {
    const found = intent(shown, is);
    const [frame] = found?.do === 'send' ? found.writes : [];
    return frame?.kind === 'masked' ? [...frame.bytes].slice(0, 3).reverse() : [];
  };

  test.each([
    // shown, is, what happens
    ['10:20:30', '10:20:32', 'nothing'],
    ['10:20:30', '10:22:00', 'send'],
    ['10:20:30', '10:40:00', 'send'],
    ['13:58:00', '14:01:00', 'wait'],
    ['14:01:00', '13:58:00', 'wait'],
    ['14:00:02', '14:03:00', 'wait'],
    ['13:52:00', '13:59:00', 'send'],
    ['13:57:30', '14:20:00', 'wait'],
    ['10:20:30', '12:30:30', 'refuse'],
  ])('showing %s when it is %s: %s', (shown, is, what) => {
    expect(intent(shown, is)?.do).toBe(what);
  });

  test('goes by five minutes at the most, either way', () => {
    expect(CLOCK_STEP_MS).toBe(300_000);
    expect(written('10:20:30', '10:22:00')).toEqual([10, 22, 0]);
    expect(written('10:20:30', '10:40:00')).toEqual([10, 25, 30]);
    expect(written('10:40:00', '10:20:30')).toEqual([10, 35, 0]);
  });

  test('midnight is a boundary, whatever the tables say', () => {
    expect(crosses([0], wall('2026-11-18T23:58:00'), wall('2026-11-19T00:01:00'))).toBe(true);
    expect(crosses([0], wall('2026-11-18T23:50:00'), wall('2026-11-18T23:55:00'))).toBe(false);
  });
});

test('the two families swap what stands at 2000H', () => {
  const table = {
    dayPlans: [[{ fromMinute: 0, rank: 3 }]],
    seasons: [{ month: 3, day: 1, plan: 1 }],
  };
  const addresses = (name: ModelName) => {
    const plan = planOf('tou-table', table, target(name));
    const found = plan?.intend({}, { nowMs: 0, attempts: 0 });
    return found?.do === 'send' ? found.writes.map(({ address }) => address) : [];
  };
  expect(addresses('DDSY1352')).toEqual([0x2000, 0x2006, 0x201b]);
  expect(addresses('DTSY1352')).toEqual([0x0028, 0x2000, 0x2015]);
  expect(planOf('trip', {}, target('DTSD1352'))).toBeUndefined();
});

describe('a recharge is judged by its counter', () => {
  const plan = planOf('recharge', { amountMinor: 5_000, counter: 8 }, target('DTSY1352-SIM'));
  const before = { remainingMinor: 1_000, counter: 7, highestPrice: 10_000 };
  const judge = (seen: Seen, minutes = 0) =>
    plan?.judge({ ...before, ...seen }, { before, sentMs: 0, nowMs: minutes * 60_000 });
  test.each([
    // counter, remaining, minutes since, verdict
    [7, 900, 1, 'not-done'],
    [8, 6_000, 0, 'done'],
    [8, 5_500, 60, 'done'],
    [8, 5_000, 0, 'differs'],
    [8, 6_001, 60, 'differs'],
    [9, 6_000, 0, 'differs'],
  ])('counter %i, %i left after %i min: %s', (counter, remainingMinor, minutes, verdict) => {
    expect(judge({ counter, remainingMinor }, minutes)).toBe(verdict);
  });
  test.each([
    [7, 0, 'send'],
    [8, 0, 'refuse'],
    [8, 1, 'nothing'],
    [9, 1, 'refuse'],
    [6, 0, 'refuse'],
  ])('with the counter at %i, sent %i times before: %s', (counter, attempts, what) => {
    expect(plan?.intend({ ...before, counter }, { nowMs: 0, attempts })?.do).toBe(what);
  });
});

describe('function 20H', () => {
  const ask = { kind: 'masked', unit: 4, address: 0x354, bytes: new Uint8Array(10) } as const;
  const answer = (bytes: number[], transaction = 9) =>
    Buffer.from([0, transaction, 0, 0, 0, bytes.length, ...bytes]);
  const good = [4, 0x20, 3, 0x54, 0, 5, 6, 0x24, 1, 0x65, 0x10, 0x11, 0x23];
  test('is framed with its words and bytes', () => {
    const frame = requestFrame('tcp', ask, 9);
    expect(frame.toString('hex')).toBe(`0009000000110420035400050a${'00'.repeat(10)}`);
  });
  test.each([
    ['the meter’s number', good, { outcome: 'masked', number: '240165101123' }],
    ['another start', [4, 0x20, 3, 0x55, ...good.slice(4)], { outcome: 'violation', kind: 'echo' }],
    ['a lying count', [...good.slice(0, 6), 7, ...good.slice(7)], { kind: 'byte-count' }],
    ['another unit', [5, ...good.slice(1)], { kind: 'unit' }],
    ['too little', good.slice(0, 12), { kind: 'length' }],
    ['no', [4, 0xa0, 3], { outcome: 'exception', code: 3 }],
  ])('answered with %s', (_what, bytes, parsed) => {
    expect(parseReply('tcp', ask, 9, answer(bytes))).toMatchObject(parsed);
  });
});

/** A day of samples: gaps stay gaps, and registers are read at boundaries, not beside them. */
import { describe, expect, test } from 'vitest';
import type { Reading } from '../../web/app/api.ts';
import {
  gapsOf,
  ratioOf,
  registerAt,
  spots,
  unbalance,
} from '../../web/app/pages/meter/samples.ts';

const START = Date.parse('2026-11-23T16:00:00Z');
const MINUTE = 60_000;
const reading = (minute: number, channels: Record<string, number>): Reading => ({
  at: new Date(START + minute * MINUTE + 2000).toISOString(),
  quality: 'ok',
  channels,
});
const every = (from: number, to: number, step = 1) =>
  Array.from({ length: (to - from) / step }, (_, i) =>
    reading(from + i * step, { powerW: 1000, activeWh: 1_000_000 + (from + i * step) * 60 }),
  );

describe('gaps', () => {
  test('26 silent minutes are one gap; a minute late is none', () => {
    const day = [...every(0, 581), ...every(607, 700)];
    expect(gapsOf(day, START, START + 701 * MINUTE)).toEqual([
      { fromMs: START + 580 * MINUTE + 2000, toMs: START + 607 * MINUTE + 2000 },
    ]);
  });

  test('a fifteen-minute schedule has no gaps between its samples', () => {
    expect(gapsOf(every(0, 600, 15), START, START + 610 * MINUTE)).toEqual([]);
  });

  test('silence until now is a gap to now', () => {
    const [gap] = gapsOf(every(0, 60), START, START + 300 * MINUTE);
    expect(gap?.toMs).toBe(START + 300 * MINUTE);
  });

  test('a day without samples is one gap', () => {
    expect(gapsOf([], START, START + 600 * MINUTE)).toHaveLength(1);
  });

  test('the line breaks at a gap and keeps to its day', () => {
    const line = spots(
      [...every(-30, 10), ...every(40, 50)],
      { channel: 'powerW', scale: 0.001 },
      START,
    );
    expect(line[0]?.[0]).toBeGreaterThanOrEqual(0);
    expect(line.filter(([, value]) => value === null)).toHaveLength(1);
    expect(line.filter(([, value]) => value === 1)).toHaveLength(20);
  });

  test('a channel that the meter did not give draws nothing, not zero', () => {
    const line = spots(every(0, 3), { channel: 'frequencyHz', scale: 1 }, START);
    expect(line.every(([, value]) => value === null)).toBe(true);
  });
});

describe('registers', () => {
  test('midnight lies between two samples', () => {
    const around = [reading(-1, { activeWh: 1_000_000 }), reading(1, { activeWh: 1_000_120 })];
    expect(registerAt(around, 'activeWh', START + 2000)).toBe(1_000_060);
  });

  test('before the first and after the last sample nothing is known', () => {
    expect(registerAt(every(0, 10), 'activeWh', START)).toBeNull();
    expect(registerAt(every(0, 10), 'activeWh', START + 60 * MINUTE)).toBeNull();
    expect(registerAt([], 'activeWh', START)).toBeNull();
  });
});

test('values are multiplied by CT and PT only where the meter counts secondary', () => {
  expect(ratioOf({ ct: 40, pt: 10, basis: 'secondary' })).toEqual({
    power: 400,
    current: 40,
    voltage: 10,
  });
  expect(ratioOf({ ct: 40, pt: 10, basis: 'primary' }).power).toBe(1);
  expect(ratioOf(undefined).power).toBe(1);
});

test('unbalance is the largest deviation from the mean, and unknown without load', () => {
  expect(unbalance({ currentAA: 12, currentBA: 10, currentCA: 8 })).toBeCloseTo(20);
  expect(unbalance({ currentAA: 0, currentBA: 0, currentCA: 0 })).toBeNull();
  expect(unbalance({ currentAA: 5 })).toBeNull();
});

/** A clock that is put is seen, and trusted again when that is undone or long ago (fault 12). */
import { beforeEach, describe, expect, test } from 'vitest';
import { CLOCK_DOUBT_MS, watchClock } from '../../sql/clock-watch.ts';

const HOUR = 3_600_000;
const BEGAN = Date.parse('2026-03-01T12:00:00Z');
let passedMs: number;
let putMs: number;
let look: ReturnType<typeof watchClock>;
const clock = () => new Date(BEGAN + passedMs + putMs);
const jumpAfter = (ms: number) => {
  passedMs += ms;
  return look()?.jumpMs;
};

beforeEach(() => {
  passedMs = 0;
  putMs = 0;
  look = watchClock({ clock, monotonicMs: () => passedMs });
});

describe('a clock', () => {
  test('that runs, is slewed, or is looked at seldom is in no doubt', () => {
    for (let i = 0; i < 1000; i++) {
      putMs -= 50;
      expect(jumpAfter(10_000)).toBeUndefined();
    }
    expect(jumpAfter(24 * HOUR)).toBeUndefined();
  });

  test.each([2 * HOUR, -2 * HOUR])('that is put by %s ms is in doubt for half an hour', (by) => {
    expect(jumpAfter(10_000)).toBeUndefined();
    putMs = by;
    expect(jumpAfter(10_000)).toBe(by);
    expect(look()?.seenAt).toEqual(clock());
    expect(jumpAfter(CLOCK_DOUBT_MS - 1)).toBe(by);
    expect(jumpAfter(1)).toBeUndefined();
    // It is taken as it is: back where it was would be another jump.
    putMs = 0;
    expect(jumpAfter(10_000)).toBe(-by);
  });

  test('that is put right again is trusted at once, also in several steps', () => {
    putMs = 2 * HOUR;
    expect(jumpAfter(10_000)).toBe(2 * HOUR);
    putMs = HOUR;
    expect(jumpAfter(10_000)).toBe(HOUR);
    putMs = 500;
    expect(jumpAfter(10_000)).toBeUndefined();
    putMs = -HOUR;
    expect(jumpAfter(10_000)).toBe(-HOUR - 500);
  });

  test('that is put again and again stays in doubt', () => {
    for (let i = 1; i <= 5; i++) {
      putMs = i * 2 * HOUR;
      expect(jumpAfter(CLOCK_DOUBT_MS - 1)).toBe(i * 2 * HOUR);
    }
  });
});

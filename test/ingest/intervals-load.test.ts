/** How fast intervals are built: a park's first 35 days, a live tick. Only in the soak. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayStart } from '../../sql/local-day.ts';
import { type IntervalPark, openIntervalPark } from './interval-park.ts';

const ZONE = 'Asia/Shanghai';
const DAY = 86_400_000;
const MINUTE = 60_000;
const T = dayStart(ZONE, '2026-10-01');
const POINTS = 180;
const DAYS = 35;
/** One-minute samples at the end, every quarter-hour before. */
const MINUTE_DAYS = 2;

describe.runIf(process.env.SOAK === '1')('a park of 180 points', () => {
  let park: IntervalPark;
  const meters: string[] = [];
  beforeAll(async () => {
    park = await openIntervalPark({ zone: ZONE, nowMs: T + DAYS * DAY });
    for (let i = 0; i < POINTS; i++) {
      const [pointId, meterId] = [await park.point(), await park.meter()];
      await park.install(pointId, meterId, T, { first_register: 0, ct: i % 4 === 0 ? 40 : 1 });
      await park.add('schedules', {
        ...{ project_id: park.projectId, meter_id: meterId, seconds: 900 },
        ...{ valid_from: new Date(T), valid_to: new Date(T + (DAYS - MINUTE_DAYS) * DAY) },
      });
      meters.push(meterId);
    }
    for (const [i, meterId] of meters.entries()) await park.say(meterId, samples(i));
  }, 600_000);
  afterAll(() => park?.close());

  /** A load that rises and falls by the day, up to 20 kW. */
  function samples(nth: number) {
    let register = 0;
    const all: { ms: number; register: number }[] = [];
    for (let minute = 0; minute < DAYS * 1440; minute++) {
      const hour = Math.floor(minute / 60) % 24;
      register += hour > 7 && hour < 19 ? 100 + ((minute * 7 + nth) % 230) : 5;
      if (minute < (DAYS - MINUTE_DAYS) * 1440 && minute % 15 !== 0) continue;
      all.push({
        ms: T + minute * MINUTE + (nth % 50) * 1000,
        register: register - (register % 10),
      });
    }
    return all;
  }

  it('has its first 35 days built within twenty seconds', async () => {
    const began = performance.now();
    const built = await park.tick();
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `first build: ${seconds.toFixed(1)} s`,
      built,
      process.memoryUsage.rss() >> 20,
      'MiB',
    );
    expect(built.intervals).toBe(POINTS * (DAYS * 96 - 1));
    expect(built.raised).toBe(0);
    expect(seconds).toBeLessThan(20);
  }, 120_000);

  it('is up to date within a second when a quarter-hour ends, and at once when none does', async () => {
    let began = performance.now();
    await park.tick();
    const idle = performance.now() - began;
    park.clock.now = new Date(T + DAYS * DAY + 2 * MINUTE);
    for (const meterId of meters) {
      await park.say(meterId, [{ ms: T + DAYS * DAY + MINUTE, register: 90_000_000 }].slice(1));
    }
    began = performance.now();
    await park.tick();
    console.log(
      `idle tick ${idle.toFixed(0)} ms, quarter-hour ${(performance.now() - began).toFixed(0)} ms`,
    );
    expect(idle).toBeLessThan(1000);
  }, 120_000);
});

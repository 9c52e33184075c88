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
  const lastOf: number[] = [];
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
    for (const [i, meterId] of meters.entries()) {
      const all = samples(i);
      lastOf.push(all.at(-1)?.register ?? 0);
      await park.say(meterId, all);
    }
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
    const lines = meters.map(
      (meterId, nth) =>
        `samples,project=${park.projectId},meter=${meterId},quality=ok digest=1i,active_wh=${lastOf[nth]}i ${T + DAYS * DAY + MINUTE}000000\n`,
    );
    await park.questdb.write(lines.join(''));
    await park.questdb.settled(['samples']);
    began = performance.now();
    const { intervals } = await park.tick();
    const quarter = performance.now() - began;
    console.log(`idle tick ${idle.toFixed(0)} ms, quarter-hour ${quarter.toFixed(0)} ms`);
    expect(intervals).toBe(POINTS);
    expect(Math.max(idle, quarter)).toBeLessThan(1000);
  }, 120_000);
});

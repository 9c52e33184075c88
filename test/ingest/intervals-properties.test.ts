/** The statement that turns samples into intervals: what holds for any history. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPEN_END } from '../../ingest/interval-statement.ts';
import { bruteIntervals } from './brute-intervals.ts';
import { MINUTE, openStatement, type Placed, type Row, SLOT } from './statement.ts';

const HOUR = 4 * SLOT;
/** A slot boundary: 2026-03-02T00:00Z. */
const T = Date.UTC(2026, 2, 2);

let statement: Awaited<ReturnType<typeof openStatement>>;
beforeAll(async () => {
  statement = await openStatement();
});
afterAll(() => statement.close());

const run = (
  rows: readonly Row[],
  installations: readonly Placed[] = [{ starts: T }],
  more: Partial<Parameters<typeof statement.run>[0]> = {},
) =>
  statement.run({
    rows,
    installations,
    nowMs: Math.max(...rows.map((r) => r.ms)) + MINUTE,
    ...more,
  });

const SEED = 20_260_302;
const SOAK = process.env.SOAK === '1';
const RUNS = SOAK ? 1000 : 20;
/** Each run plans five statements; on a busy machine that takes its time. */

/** Readings at uneven instants, seconds to hours apart, never faster than the rating. */
const steadyReadings = fc
  .array(
    fc.record({
      gapS: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 20, max: 180 }) },
        { weight: 1, arbitrary: fc.integer({ min: 600, max: 9000 }) },
      ),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { minLength: 2, maxLength: 160 },
  )
  .map((steps) => {
    let ms = T;
    let register = 999_000;
    const readings: { ms: number; register: number }[] = [];
    for (const { gapS, share } of steps) {
      ms += gapS * 1000;
      register += Math.floor(share * 14.6 * gapS);
      readings.push({ ms, register });
    }
    return readings;
  });

describe('properties', () => {
  it('intervals sum to the difference of the register', async () => {
    await fc.assert(
      fc.asyncProperty(steadyReadings, fc.constantFrom(1, 40), async (readings, multiplier) => {
        const [first, last] = [readings[0], readings.at(-1)];
        if (!first || !last) return;
        const ends = last.ms + 1;
        const { intervals, verdicts } = await run(
          readings,
          [{ starts: T, ends, multiplier, rated: 52_800 * multiplier }],
          { nowMs: ends + HOUR },
        );
        expect(verdicts).toEqual([]);
        const sum = intervals.reduce((total, i) => total + (i.quantity ?? 0n), 0n);
        expect(sum).toBe(BigInt(last.register - first.register) * BigInt(multiplier));
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('what the pass tells of a meter that nobody doubts is what the statement tells', async () => {
    const reverses = fc.array(fc.option(fc.nat({ max: 30 })), { maxLength: 160 });
    await fc.assert(
      fc.asyncProperty(
        steadyReadings,
        reverses,
        // With the last one products pass what a double holds.
        fc.constantFrom(1, 40, 3_987_654_321),
        async (readings, flows, multiplier) => {
          let reverse = 500;
          const rows = readings.map((r, nth) => {
            const flow = flows[nth] ?? 0;
            reverse += flow;
            return { ...r, reverse: flows[nth] === null ? null : reverse };
          });
          const placed = [
            { starts: T - HOUR, whole: false, multiplier, rated: 52_800 * multiplier },
          ];
          const [nowMs, cadenceMs] = [(rows.at(-1)?.ms ?? T) + HOUR, 10 * MINUTE];
          const told = await run(rows, placed, { nowMs, cadenceMs });
          // Where a person has decided, however long ago, the readings are walked one by one.
          const openers = [{ inst: 1, ms: T - HOUR, kind: 'wall' as const }];
          expect(told).toEqual(
            await run(rows, placed, { nowMs, cadenceMs, judgements: { openers } }),
          );
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('an independent computation, reading by reading, agrees whatever the faults', async () => {
    const faults = fc.array(
      fc.record({
        at: fc.nat({ max: 159 }),
        kind: fc.constantFrom('spike', 'dip', 'reset', 'jump', 'double', 'rollover'),
        size: fc.integer({ min: 40_000, max: 90_000 }),
      }),
      { maxLength: 4 },
    );
    const SPAN = 1_000_000;
    await fc.assert(
      fc.asyncProperty(
        steadyReadings,
        faults,
        fc.option(fc.nat({ max: 159 })),
        fc.nat({ max: 159 }),
        async (steady, faulty, swap, wallAt) => {
          const readings = steady.map((r) => ({ ...r }));
          const extra: Row[] = [];
          for (const { at, kind, size } of faulty) {
            const reading = readings[at];
            if (!reading) continue;
            const rest = readings.slice(at);
            if (kind === 'spike') reading.register += size * 20;
            if (kind === 'dip') reading.register -= Math.min(size * 20, reading.register);
            if (kind === 'jump') for (const r of rest) r.register += size * 20;
            if (kind === 'double')
              extra.push({ ms: reading.ms, register: reading.register + size });
            if (kind === 'reset') {
              const base = reading.register;
              for (const r of rest) r.register = Math.max(0, r.register - base);
            }
          }
          // What passes the span comes round again.
          for (const r of readings) r.register %= SPAN;
          const swapAt = swap === null ? undefined : readings[swap]?.ms;
          const rows = [...readings, ...extra];
          const nowMs = Math.max(...rows.map((r) => r.ms)) + 3 * MINUTE;
          const shape = { multiplier: 3, span: SPAN, step: 10, rated: 158_400, cadenceMs: MINUTE };
          const meters =
            swapAt === undefined
              ? [{ meter: '1', starts: T, ends: OPEN_END, first: 999_000, last: null }]
              : [
                  { meter: '1', starts: T, ends: swapAt, first: null, last: null },
                  { meter: '2', starts: swapAt, ends: OPEN_END, first: null, last: null },
                ];
          const wall = readings[wallAt]?.ms ?? 0;
          const walls = faulty.length > 2 ? [wall] : [];
          const all = rows.flatMap((r) => [
            { ...r, meter: '1' },
            ...(swapAt === undefined ? [] : [{ ...r, meter: '2' }]),
          ]);
          const { intervals } = await run(
            all,
            meters.map((m) => ({ ...m, ...shape })),
            {
              nowMs,
              judgements: {
                openers: walls.flatMap((ms) =>
                  meters
                    .map((m, i) => ({ inst: i + 1, ms, kind: 'wall' as const, m }))
                    .filter(({ m }) => ms >= m.starts && ms < m.ends)
                    .map(({ inst, kind }) => ({ inst, ms, kind })),
                ),
              },
            },
          );
          const expected = bruteIntervals({
            installations: meters.map((m) => ({ ...m, ...shape })),
            readings: new Map(
              ['1', '2'].map((meter) => [meter, all.filter((r) => r.meter === meter)]),
            ),
            walls,
            nowMs,
          });
          const told = new Map(
            intervals.map((i) => [i.slot, { quantity: i.quantity, quality: i.quality }]),
          );
          expect(told).toEqual(expected);
        },
      ),
      { seed: SEED, numRuns: RUNS * 2 },
    );
  });

  it('a history cut anywhere gives the same intervals and verdicts as one piece', async () => {
    const faults = fc.array(
      fc.record({ at: fc.nat({ max: 159 }), size: fc.integer({ min: -900_000, max: 900_000 }) }),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(steadyReadings, faults, fc.nat(), async (steady, faulty, where) => {
        const rows = steady.map((r) => ({ ...r }));
        for (const { at, size } of faulty) {
          const row = rows[at];
          if (row) row.register = Math.max(0, row.register + size);
        }
        const nowMs = (rows.at(-1)?.ms ?? T) + 3 * MINUTE;
        const starts = T - HOUR;
        const one = await run(rows, [{ starts }], { nowMs });
        const slots = [...new Set(rows.map((r) => Math.floor(r.ms / SLOT)))];
        const nth = where % slots.length;
        const cut = slots[nth] ?? 0;

        const early = await run(
          rows.filter((r) => r.ms < cut * SLOT),
          [{ starts, final: false }],
          { nowMs },
        );
        const wanted = new Map(one.intervals.map((i) => [i.slot, i]));
        expect(early.intervals).toEqual(early.intervals.map((i) => wanted.get(i.slot)));
        const verdicts = new Set(one.verdicts.map((v) => `${v.at} ${v.rule} ${v.breaks}`));
        expect(
          early.verdicts.filter((v) => !verdicts.has(`${v.at} ${v.rule} ${v.breaks}`)),
        ).toEqual([]);

        if (nth < 2) return;
        const from = (slots[nth - 2] ?? 0) * SLOT;
        const known = one.verdicts.filter((v) => v.at < cut * SLOT && v.kind === 'verdict');
        const late = await run(
          rows.filter((r) => r.ms >= from),
          [{ starts, whole: false }],
          {
            nowMs,
            judgements: {
              openers: known
                .filter((v) => v.breaks)
                .map((v) => ({ inst: 1, ms: v.at, kind: 'break' as const })),
              spikes: known.filter((v) => !v.breaks).map((v) => ({ inst: 1, ms: v.at })),
            },
          },
        );
        const fromCut = <Row extends { slot: number }>(all: Row[]) =>
          all.filter((i) => i.slot >= cut);
        expect(fromCut(late.intervals)).toEqual(fromCut(one.intervals));
      }),
      { seed: SEED, numRuns: RUNS * 2 },
    );
  });
});

/** The register of a boundary and what flows between two: half up, whole base units, on milliseconds. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  billedRegisters,
  boundaryAt,
  type Reading,
  type Stretch,
  withoutError,
} from '../../sql/boundary.ts';

const seed = 20261127;
const reading = (ms: number, register: number | bigint, more: Partial<Reading> = {}): Reading => ({
  ...{ ms, register: BigInt(register), source: 'sample', shiftMs: 0, opens: false, ...more },
});
const stretch = (readings: readonly Reading[], more: Partial<Stretch> = {}): Stretch => ({
  ...{ startMs: 0, endMs: Number.POSITIVE_INFINITY, multiplier: 1n, span: 1_000_000n },
  ...{ readings, isWhole: true, ...more },
});
const at = (of: Stretch, ms: number) => boundaryAt(of, billedRegisters(of), ms);

describe('a boundary between two readings', () => {
  // [before ms, register], [after ms, register], boundary ms, multiplier → primary register
  test.each([
    [[0, 100], [10, 101], 5, 1n, 101n], // a half goes up
    [[0, 100], [1000, 101], 499, 1n, 100n],
    [[0, 100], [1000, 101], 500, 1n, 101n],
    [[0, 100], [3, 101], 1, 1n, 100n], // a third
    [[0, 100], [3, 101], 2, 1n, 101n],
    [[0, 100], [60_000, 100], 30_000, 1n, 100n], // nothing flowed
    [[0, 100], [4, 101], 1, 40n, 4010n], // the ratio first: 40 / 4, not a quarter of one × 40
    [[0, 0], [7, 2 ** 42], 3, 1n, 1_884_877_076_187n], // 13,194,139,533,312 ÷ 7 = …187.43
  ] as const)('%j, %j at %i × %i is %i', ([m0, r0], [m1, r1], ms, multiplier, expected) => {
    const of = stretch([reading(m0, r0), reading(m1, r1)], { multiplier, span: 2n ** 50n });
    expect(at(of, ms)).toMatchObject({ register: expected, bridgeMs: m1 - m0, rolledOver: false });
  });

  test('takes the line down where a register falls, half up as well', () => {
    const of = stretch([reading(0, 101), reading(10, 100)]);
    expect(at(of, 5)?.register).toBe(101n);
    expect(at(of, 6)?.register).toBe(100n);
  });

  test('is the reading that stands on it, without a bridge', () => {
    const of = stretch([reading(0, 100), reading(900, 130), reading(1800, 150)]);
    expect(at(of, 900)).toMatchObject({ register: 130n, bridgeMs: 0, after: { ms: 1800 } });
  });

  test('is not known before the first reading of a cut history, nor after the last', () => {
    const readings = [reading(500, 100), reading(900, 130)];
    expect(at(stretch(readings, { isWhole: false }), 400)).toBeNull();
    expect(at(stretch(readings), 1000)).toBeNull();
    expect(at(stretch([]), 1000)).toBeNull();
  });

  test('is the first word of a meter that came, and the last of one that left', () => {
    const of = stretch([reading(500, 100), reading(900, 130)], { startMs: 450, endMs: 1000 });
    expect(at(of, 0)).toMatchObject({ ms: 500, register: 100n, after: null });
    expect(at(of, 1800)).toMatchObject({ ms: 900, register: 130n, after: null });
  });
});

describe('what is billed up to a reading', () => {
  test('goes on where a nearly full register begins again, and says so at the boundary', () => {
    const of = stretch([reading(0, 999_990), reading(10, 20)], { multiplier: 3n });
    expect(billedRegisters(of)).toEqual([2_999_970n, 3_000_060n]);
    expect(at(of, 5)).toMatchObject({ register: 3_000_015n, rolledOver: true });
  });

  test('falls with a register that was not full: that is for a person', () => {
    expect(billedRegisters(stretch([reading(0, 989_999), reading(10, 20)]))).toEqual([
      989_999n,
      20n,
    ]);
  });

  test('stands still over a break after which counting began anew', () => {
    const of = stretch([reading(0, 500), reading(10, 12, { opens: true }), reading(20, 15)]);
    expect(billedRegisters(of)).toEqual([500n, 500n, 503n]);
    expect(at(of, 5)?.register).toBe(500n);
  });
});

test('quarter-hours sum to the register, whatever the readings', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.integer({ min: 1, max: 4_000_000 }), fc.integer({ min: 0, max: 9999 })),
        {
          minLength: 2,
          maxLength: 40,
        },
      ),
      fc.integer({ min: 1, max: 400 }),
      (steps, ratio) => {
        let [ms, register] = [0, 1000];
        const readings = steps.map(([gap, flow]) => {
          ms += gap;
          register += flow;
          return reading(ms, register);
        });
        const of = stretch(readings, { multiplier: BigInt(ratio), span: 2n ** 50n, endMs: ms + 1 });
        const slots = Math.ceil((ms + 1) / 900_000);
        const boundaries = Array.from({ length: slots + 1 }, (_, i) => at(of, i * 900_000));
        const flows = boundaries
          .slice(1)
          .map((b, i) => (b?.register ?? -1n) - (boundaries[i]?.register ?? 0n));
        expect(flows.every((flow) => flow >= 0n)).toBe(true);
        const first = readings[0]?.register ?? 0n;
        expect(flows.reduce((sum, flow) => sum + flow, 0n)).toBe(
          (BigInt(register) - first) * BigInt(ratio),
        );
      },
    ),
    { seed, numRuns: 200 },
  );
});

// quantity, parts per million too much → what it was in truth
test.each([
  [30n, 40_000n, 29n], // 28.846
  [52n, 40_000n, 50n],
  [13n, 40_000n, 13n], // 12.5 goes up
  [100n, -20_000n, 102n], // 102.04
  [0n, 40_000n, 0n],
  [-13n, 40_000n, -12n], // −12.5 goes up too
])('%i less an error of %i ppm is %i', (quantity, ppm, expected) => {
  expect(withoutError(quantity, ppm)).toBe(expected);
});

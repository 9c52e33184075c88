/** The demo's own figures: tenants, tariffs and sales, before anything is entered. */
import { describe, expect, test } from 'vitest';
import { parseTariff } from '../../billing/tariff.ts';
import { salesOf, thresholdsOf } from '../../web/demo/sales.ts';
import type { SheetMeter } from '../../web/demo/sheet.ts';
import { electricity, water } from '../../web/demo/tariffs.ts';
import { TENANTS, tenantsOf } from '../../web/demo/tenants.ts';

const meter = (label: string, role: SheetMeter['role']): SheetMeter => ({
  serial: label,
  model: 'DTSY1352-SIM',
  bus: 'G1-1',
  unit: 1,
  role,
  commodity: role === 'water' ? 'water' : 'electricity',
  building: label.slice(0, 1),
  floor: 1,
  label,
  name: label,
  nameZh: label,
  parent: null,
  profile: 'office',
  ct: 1,
  pt: 1,
  basis: 'secondary',
  registerSpan: 1e9,
  firstRegister: 0,
  ratedW: null,
  overloadW: null,
  expectedDayWh: 100_000,
  expectedDayL: null,
});
const units = ['A', 'B', 'C', 'D', 'E'].flatMap((building) =>
  Array.from({ length: 31 }, (_, i) => meter(`${building}${101 + i}`, 'tenant')),
);
const taps = ['A', 'B', 'C', 'D', 'E'].flatMap((building) =>
  [1, 2, 3, 4].map((n) => meter(`${building}-W${n}`, 'water')),
);
const tenants = tenantsOf([...units, ...taps]);

describe('the sixty tenants', () => {
  test('rent every unit but the empty ones, each once', () => {
    const rented = tenants.flatMap((t) => t.meters.map((m) => m.label));
    expect(tenants).toHaveLength(TENANTS);
    expect(new Set(rented).size).toBe(rented.length);
    expect(rented.filter((l) => !l.includes('W'))).toHaveLength(units.length - 3);
    expect(rented.filter((l) => l.includes('W'))).toHaveLength(taps.length);
    expect(rented).not.toContain('A110');
    expect(Math.min(...tenants.map((t) => t.meters.length))).toBe(1);
  });

  test('have names of their own in both languages', () => {
    for (const key of ['name', 'nameZh', 'number'] as const) {
      expect(new Set(tenants.map((t) => t[key])).size).toBe(TENANTS);
    }
  });

  test('stand mostly in credit, some warned, two owing', () => {
    const count = (standing: string) => tenants.filter((t) => t.standing === standing).length;
    expect([count('credit'), count('alarm1'), count('alarm2'), count('arrears')]).toEqual([
      51, 4, 3, 2,
    ]);
  });
});

test('the demo’s tariffs hold', () => {
  expect(parseTariff(electricity.definition).components).toHaveLength(2);
  expect(parseTariff(water.definition).components).toHaveLength(2);
});

describe('sales', () => {
  const [dayCost, days] = [317, 35];
  test.each(['credit', 'alarm1', 'alarm2', 'arrears'] as const)(
    'leave who stands %s there, also when days cost a tenth more or less than expected',
    (standing) => {
      const { alarm1, alarm2 } = thresholdsOf(standing, dayCost);
      for (let index = 0; index < TENANTS; index++) {
        const sold = salesOf({ standing, dayCost, days, index }).reduce(
          (sum, s) => sum + s.amount,
          0,
        );
        for (const share of [0.9, 1, 1.1]) {
          const balance = sold - share * dayCost * days;
          const state =
            balance < 0
              ? 'arrears'
              : balance < alarm2
                ? 'alarm2'
                : balance < alarm1
                  ? 'alarm1'
                  : 'credit';
          expect([index, share, state]).toEqual([index, share, standing]);
        }
      }
    },
  );

  test('never leave who is in credit without any on the way', () => {
    for (let index = 0; index < TENANTS; index++) {
      const sales = salesOf({ standing: 'credit', dayCost, days, index });
      for (let day = 1; day <= days; day++) {
        const sold = sales.filter((s) => s.day < day).reduce((sum, s) => sum + s.amount, 0);
        expect(sold - 1.1 * dayCost * day).toBeGreaterThan(0);
      }
    }
  });
});

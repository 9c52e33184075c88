/** The demo park: what hangs where, and that its meters agree with one another. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bridgedAtFirst,
  type Device,
  deviceRateAt,
  devicesOf,
  quantitiesAt,
  stateOf,
} from '../../ingest/simulator/device.ts';
import { phasesAt } from '../../ingest/simulator/electric.ts';
import { registersAt } from '../../ingest/simulator/meter.ts';
import { buildPark, DEFAULT_SEED, METERS_PER_BUS_MAX } from '../../ingest/simulator/park.ts';
import { curvesOf } from '../../ingest/simulator/profile.ts';
import { loadReadings } from '../../ingest/simulator/readings.ts';
import { HISTORY_DAYS_MIN, sheetOf } from '../../ingest/simulator/sheet.ts';

const readings = loadReadings();
const curves = curvesOf(readings);
const park = buildPark(DEFAULT_SEED);
const devices = devicesOf(park, { curves, readings });
const byLabel = new Map([...devices.values()].map((device) => [device.meter.label, device]));
const HOUR = 3_600_000;
const runs = { seed: 20261124, numRuns: 40 };
const anyInstant = fc.integer({
  min: Date.parse('2026-01-01T00:00:00Z'),
  max: Date.parse('2027-06-01T00:00:00Z'),
});

const device = (label: string): Device => {
  const found = byLabel.get(label);
  if (!found) throw new Error(`no ${label}`);
  return found;
};
const children = (label: string) =>
  [...devices.values()].filter(({ meter }) => meter.parent === label);
const usedWh = (of: Device, from: number, to: number) =>
  (quantitiesAt(of, to)[0] ?? 0) - (quantitiesAt(of, from)[0] ?? 0);

describe('park', () => {
  test('154 tenants, five building mains, one park main and 20 water meters', () => {
    const count = (role: string) => park.meters.filter((meter) => meter.role === role).length;
    expect(['tenant', 'building-main', 'park-main', 'water'].map(count)).toEqual([154, 5, 1, 20]);
    expect(
      ['A', 'B', 'C', 'D', 'E'].map(
        (code) => park.meters.filter((m) => m.role === 'tenant' && m.building === code).length,
      ),
    ).toEqual([36, 34, 30, 32, 22]);
  });

  test('every serial has twelve digits and is one of a kind, also under other seeds', () => {
    for (const seed of [DEFAULT_SEED, 'another', '7']) {
      const serials = buildPark(seed).meters.map(({ serial }) => serial);
      expect(new Set(serials).size).toBe(180);
      expect(serials.every((serial) => /^\d{12}$/.test(serial))).toBe(true);
    }
  });

  test('no bus carries more than 32 meters, and no unit is twice on a bus', () => {
    const buses = park.gateways.flatMap((gateway) => gateway.buses);
    expect(park.gateways).toHaveLength(3);
    expect(buses.length).toBeGreaterThanOrEqual(6);
    expect(new Set(buses.map(({ framing }) => framing))).toEqual(new Set(['tcp', 'rtu-over-tcp']));
    for (const { code } of buses) {
      const units = park.meters.filter(({ bus }) => bus === code).map(({ unit }) => unit);
      expect(units.length).toBeGreaterThan(0);
      expect(units.length).toBeLessThanOrEqual(METERS_PER_BUS_MAX);
      expect(new Set(units).size).toBe(units.length);
      expect(units.every((unit) => unit >= 1 && unit <= 247)).toBe(true);
    }
    const known = new Set(buses.map(({ code }) => code));
    expect(park.meters.every(({ bus }) => known.has(bus))).toBe(true);
  });

  test('the same seed gives the same park, another seed another', () => {
    expect(buildPark('x')).toEqual(buildPark('x'));
    expect(buildPark('x').meters).not.toEqual(buildPark('y').meters);
  });

  test('direct meters stay below 32 kW, the others within their transformers', () => {
    for (const { label, ct, peak, commodity } of park.meters) {
      if (commodity === 'water') continue;
      if (ct === 1) expect(peak, label).toBeLessThan(32_000);
      else expect(peak / ct, label).toBeLessThan(3 * 220 * 6);
    }
  });

  test('a main is never above its rating in any hour of eight weeks', () => {
    for (const main of [...devices.values()].filter(({ meter }) => meter.role.endsWith('main')))
      for (let hour = 0; hour < 56 * 24; hour++) {
        const power = deviceRateAt(main, Date.parse('2026-10-05T00:17:00+08:00') + hour * HOUR);
        expect(power / main.meter.ct, main.meter.label).toBeLessThan(3 * 220 * 6);
      }
  });
});

describe('mains', () => {
  test('a main counts what its sub-meters count and one to three per cent more', () => {
    fc.assert(
      fc.property(anyInstant, fc.integer({ min: HOUR / 4, max: 48 * HOUR }), (from, length) => {
        for (const code of ['A', 'B', 'C', 'D', 'E']) {
          const subs = children(`${code}-MAIN`);
          const sum = subs.reduce((wh, sub) => wh + usedWh(sub, from, from + length), 0);
          const ratio = usedWh(device(`${code}-MAIN`), from, from + length) / sum;
          expect(ratio).toBeGreaterThan(1.0099);
          expect(ratio).toBeLessThan(1.0301);
        }
      }),
      runs,
    );
  });

  test('the park main is never below the sum of the building mains', () => {
    fc.assert(
      fc.property(anyInstant, fc.integer({ min: HOUR / 4, max: 48 * HOUR }), (from, length) => {
        const mains = children('PARK-MAIN');
        const sum = mains.reduce((wh, main) => wh + usedWh(main, from, from + length), 0);
        const ratio = usedWh(device('PARK-MAIN'), from, from + length) / sum;
        expect(mains).toHaveLength(5);
        expect(ratio).toBeGreaterThan(1.004);
        expect(ratio).toBeLessThan(1.035);
      }),
      runs,
    );
  });

  test('a tenant without supply is missing from its mains', () => {
    const cut = devicesOf(buildPark(DEFAULT_SEED), { curves, readings });
    const from = Date.parse('2026-11-18T09:00:00+08:00');
    const [tenant] = [...cut.values()].filter(({ meter }) => meter.label === 'B101');
    const [main] = [...cut.values()].filter(({ meter }) => meter.label === 'B-MAIN');
    if (!tenant || !main) throw new Error('B101 or its main is not there');
    const whole = usedWh(main, from, from + HOUR);
    const part = usedWh(tenant, from, from + HOUR);
    tenant.consumers[0]?.outages.push({ from, to: null });
    expect(usedWh(main, from, from + HOUR)).toBeCloseTo(whole - part * main.scale, 3);
  });
});

describe('a bridged meter', () => {
  const startedAt = Date.parse('2026-11-24T03:00:00Z');
  const from = Date.parse('2026-11-17T22:40:00+08:00');
  const bridged = devicesOf(park, { curves, readings, kept: bridgedAtFirst(park, startedAt) });
  const of = (label: string): Device => bridged.get(device(label).meter.serial) ?? device(label);

  test('counts a third from its evening on, as its power says, and its main counts all', () => {
    const [meter, main] = [of('E110'), of('E-MAIN')];
    expect(usedWh(meter, from - HOUR, from)).toBe(usedWh(device('E110'), from - HOUR, from));
    const whole = usedWh(device('E110'), from, startedAt);
    expect(usedWh(meter, from, startedAt)).toBeCloseTo(whole / 3, 3);
    expect(deviceRateAt(meter, from + HOUR)).toBeCloseTo(
      deviceRateAt(device('E110'), from + HOUR) / 3,
      6,
    );
    const [a, b, c] = phasesAt(meter, from + HOUR);
    expect(a?.powerW).toBeGreaterThan(0);
    expect([b?.currentA, c?.currentA]).toEqual([0, 0]);
    expect(usedWh(main, from, startedAt)).toBe(usedWh(device('E-MAIN'), from, startedAt));
    const subs = children('E-MAIN').reduce(
      (wh, { meter: { label } }) => wh + usedWh(of(label), from, startedAt),
      0,
    );
    // More than what is suspicious beside the one to three per cent that are usual.
    expect(usedWh(main, from, startedAt) / subs).toBeGreaterThan(1.25);
  });

  test('is kept over restarts, and is the only one', () => {
    const kept = [...bridged.values()].flatMap((one) => stateOf(one) ?? []);
    expect(kept).toEqual([
      { force: { enabled: 0, trip: 0 }, outages: [], bypass: { from, share: 2 / 3 } },
    ]);
  });
});

describe('sheet', () => {
  const ports = Object.fromEntries(
    park.gateways.flatMap(({ buses }) => buses).map(({ code }, index) => [code, 15_020 + index]),
  );
  const startedAt = Date.parse('2026-11-24T00:00:00Z');
  const sheet = sheetOf(park, { devices, host: '127.0.0.1', ports, startedAt, notes: [] });

  test('what a meter is expected to use in a day is what it uses in eight weeks', () => {
    for (const { serial, expectedDayWh, expectedDayL, label } of sheet.meters) {
      const used = usedWh(
        devices.get(serial) ?? device(label),
        startedAt,
        startedAt + 56 * 24 * HOUR,
      );
      expect((expectedDayWh ?? expectedDayL ?? 0) / (used / 56), label).toBeCloseTo(1, 3);
    }
  });

  test('three meters are silent, each from an instant before the first start', () => {
    const silent = sheet.meters.filter(({ behaviour }) => behaviour);
    expect(silent.map(({ label }) => label).sort()).toEqual(['B203', 'C302', 'D111']);
    for (const { behaviour } of silent)
      expect(Date.parse(behaviour?.silentFrom ?? '')).toBeLessThan(startedAt);
  });

  test('the dirt of the history lies within its 35 days, on buses that exist', () => {
    expect(sheet.dirt).toHaveLength(3);
    for (const { from, to, buses } of sheet.dirt) {
      expect(Date.parse(from)).toBeGreaterThan(startedAt - 35 * 24 * HOUR);
      expect(Date.parse(to)).toBeLessThan(startedAt);
      expect(buses.every((bus) => bus in ports)).toBe(true);
      expect(buses.length).toBeGreaterThan(0);
    }
  });

  test('a shorter history begins later, and all dirt lies within the shortest', () => {
    const history = { days: HISTORY_DAYS_MIN, minuteHours: 6 };
    const short = sheetOf(park, {
      ...{ devices, host: '127.0.0.1', ports, startedAt, notes: [], history },
    });
    expect(short.history).toEqual({
      from: '2026-11-08T16:00:00.000Z',
      minuteFrom: '2026-11-23T18:00:00.000Z',
    });
    for (const { from } of short.dirt) expect(from > short.history.from).toBe(true);
  });

  test('the first register is what the meter says when the history begins', () => {
    const from = Date.parse(sheet.history.from);
    expect(from).toBe(Date.parse('2026-10-20T00:00:00+08:00'));
    expect(sheet.history.minuteFrom).toBe('2026-11-22T00:00:00.000Z');
    for (const { serial, label, model, resolution, firstRegister, registerSpan } of sheet.meters) {
      const address = model === 'DTSY1352-SIM' ? 0x215 : model === 'DTSD1352-SIM' ? 0x0a : 0;
      const meter = devices.get(serial) ?? device(label);
      const [high = 0, low = 0] = registersAt(meter, { address, count: 2, at: from }) ?? [];
      expect((high * 65_536 + low) * resolution, label).toBe(firstRegister);
      expect(registerSpan).toBe(100_000_000 * resolution);
    }
  });

  test('it survives JSON as it is', () => {
    expect(JSON.parse(JSON.stringify(sheet))).toEqual(sheet);
  });
});

/** Register images of the simulated meters, held against the address tables; and what can be written. */
import { describe, expect, test } from 'vitest';
import { devicesOf, quantitiesAt, stateOf } from '../../ingest/simulator/device.ts';
import { registersAt, serve } from '../../ingest/simulator/meter.ts';
import { buildPark, DEFAULT_SEED } from '../../ingest/simulator/park.ts';
import { curvesOf } from '../../ingest/simulator/profile.ts';
import { loadReadings } from '../../ingest/simulator/readings.ts';

const readings = loadReadings();
const curves = curvesOf(readings);
const AT = Date.parse('2026-11-18T10:20:30+08:00');
const MINUTE = 60_000;

function parkDevices() {
  const devices = [...devicesOf(buildPark(DEFAULT_SEED), { curves, readings }).values()];
  const find = (test: (device: (typeof devices)[number]) => boolean) => {
    const found = devices.find(test);
    if (!found) throw new Error('no such device');
    return found;
  };
  return {
    devices,
    direct: find(({ meter }) => meter.role === 'tenant' && meter.ct === 1),
    transformer: find(({ meter }) => meter.ct === 60),
    main: find(({ meter }) => meter.role === 'building-main'),
    parkMain: find(({ meter }) => meter.role === 'park-main'),
    water: find(({ meter }) => meter.role === 'water'),
  };
}
const { devices, direct, transformer, main, parkMain, water } = parkDevices();
type Device = typeof direct;

const read = (device: Device, address: number, count: number, at = AT) => {
  const words = registersAt(device, { address, count, at });
  if (!words) throw new Error(`nothing at ${address.toString(16)}`);
  return [...words];
};
const uint32 = ([high = 0, low = 0]: number[]) => high * 65_536 + low;
const int16 = (word = 0) => (word << 16) >> 16;
const ask = (device: Device, hex: string, at = AT) =>
  serve(device, Buffer.from(hex.replaceAll(' ', ''), 'hex'), at).reply.toString('hex');

describe('DTSY1352 block 0200H', () => {
  const tenants = devices.filter(({ meter }) => meter.role === 'tenant');

  test('P = U · I · factor in each phase, and the phases add up to the total', () => {
    for (const device of tenants) {
      const words = read(device, 0x200, 48);
      let sum = 0;
      for (let phase = 0; phase < 3; phase++) {
        const [volt = 0, ampere = 0] = [words[1 + phase], words[4 + phase]];
        const [watt, factor] = [int16(words[7 + phase]), int16(words[15 + phase])];
        const apparent = (volt / 10) * (ampere / 100);
        // Half a step of current at 220 V is about a watt; of the factor half a thousandth.
        expect(Math.abs(apparent * (factor / 1000) - watt)).toBeLessThan(2.5 + watt * 0.002);
        expect(volt).toBeGreaterThan(1_980);
        expect(volt).toBeLessThan(2_420);
        sum += watt;
      }
      expect(int16(words[10])).toBe(sum);
    }
  });

  test('power times time is what the register gains', () => {
    for (const device of tenants.slice(0, 40)) {
      const start = Math.floor(AT / MINUTE) * MINUTE;
      let wattMinutes = 0;
      for (let minute = 0; minute < 120; minute++)
        wattMinutes += int16(read(device, 0x20a, 1, start + minute * MINUTE)[0]);
      const gained =
        uint32(read(device, 0x215, 2, start + 120 * MINUTE)) -
        uint32(read(device, 0x215, 2, start));
      expect(Math.abs(gained * 10 - wattMinutes / 60)).toBeLessThan(10 + 2 * 1.5);
    }
  });

  test('the register is the exact energy, secondary, cut to 0.01 kWh', () => {
    for (const device of [direct, transformer]) {
      const wh = quantitiesAt(device, AT)[0] ?? 0;
      const step = uint32(read(device, 0x215, 2));
      expect(step).toBe(Math.floor(wh / device.meter.ct / 10));
      expect(read(device, 0x213, 2)).toEqual([1, device.meter.ct]);
    }
  });

  test('the tariff registers add up to the total within their rounding', () => {
    for (const device of tenants) {
      const words = read(device, 0x215, 10);
      const [total = 0, ...ranks] = [0, 2, 4, 6, 8].map((at) => uint32(words.slice(at)));
      const lost = total - ranks.reduce((sum, rank) => sum + rank, 0);
      expect(lost).toBeGreaterThanOrEqual(0);
      expect(lost).toBeLessThanOrEqual(4);
    }
  });

  test('model code, relays closed and the clock stand where they belong', () => {
    const bytes = Buffer.concat(
      read(direct, 0x200, 48).map((word) => Buffer.of(word >> 8, word & 0xff)),
    );
    expect(bytes.readUInt16BE(0)).toBe(5);
    expect(bytes.readUInt16BE(2 * 0x24)).toBe(0xe000);
    expect([...bytes.subarray(2 * 0x28, 2 * 0x28 + 7)]).toEqual([26, 11, 18, 3, 10, 20, 30]);
  });

  test('direct energies at 0000H are those of the block', () => {
    expect(read(direct, 0x0000, 10)).toEqual(read(direct, 0x215, 10));
  });

  test('the meter number, ratios and run mode are readable', () => {
    const number = read(direct, 0x43, 3).map((word) => word.toString(16).padStart(4, '0'));
    expect(number.join('')).toBe(direct.meter.serial);
    expect(read(transformer, 0x37, 2)).toEqual([1, 60]);
    expect((read(direct, 0x22, 1)[0] ?? 0) & 0x20).toBe(0);
  });

  test('season and day plans are written as tariff, minute, hour and plan, day, month', () => {
    const bytes = (address: number, count: number) =>
      read(direct, address, count).flatMap((word) => [word >> 8, word & 0xff]);
    expect(bytes(0x28, 6)).toEqual([2, 1, 3, 1, 1, 6, 2, 1, 9, 1, 1, 12]);
    expect(bytes(0x2000, 21).slice(0, 9)).toEqual([4, 0, 0, 3, 0, 6, 4, 0, 11]);
    expect(bytes(0x2015, 21).slice(0, 6)).toEqual([3, 0, 0, 4, 0, 2]);
    expect(bytes(0x2000, 21).slice(18)).toEqual(new Array(24).fill(0));
  });
});

describe('DTSD1352', () => {
  test('forward energy is the total, reverse is zero', () => {
    const words = read(main, 0x0000, 0x3c);
    expect(words.slice(0, 10)).toEqual(words.slice(10, 20));
    expect(words.slice(20, 30)).toEqual(new Array(10).fill(0));
    expect(uint32(words)).toBe(Math.floor((quantitiesAt(main, AT)[0] ?? 0) / main.meter.ct / 10));
  });

  test('16-bit and 32-bit power agree, and with U · I · factor', () => {
    for (const device of [main, parkMain]) {
      const short = read(device, 0x61, 0x17);
      const long = read(device, 0x164, 0x1c);
      for (let phase = 0; phase < 4; phase++)
        expect(uint32(long.slice(2 * phase))).toBe(int16(short[6 + phase]));
      const apparent = ((short[0] ?? 0) / 10) * ((short[3] ?? 0) / 100);
      expect(Math.abs(apparent * ((short[14] ?? 0) / 1000) - int16(short[6]))).toBeLessThan(5);
      expect(read(device, 0x8d, 2)).toEqual([1, device.meter.ct]);
      expect(short[0x16]).toBeGreaterThan(4_990);
    }
  });

  test('the clock is three byte pairs', () => {
    expect(read(main, 0x3c, 3)).toEqual([0x1a0b, 0x120a, 0x141e]);
  });
});

describe('water', () => {
  test('litres and an open valve', () => {
    const words = read(water, 0x0000, 3);
    expect(uint32(words)).toBe(Math.floor(quantitiesAt(water, AT)[0] ?? 0));
    expect(words[2]).toBe(1);
  });

  test('a closed valve stops the litres, an open one lets them run', () => {
    const { water: tap } = parkDevices();
    expect(ask(tap, '10 0002 0001 02 0000')).toBe('1000020001');
    const shut = read(tap, 0, 3, AT + MINUTE);
    expect(shut[2]).toBe(0);
    expect(read(tap, 0, 2, AT + 600 * MINUTE)).toEqual(shut.slice(0, 2));
    ask(tap, '10 0002 0001 02 0001', AT + 600 * MINUTE);
    expect(uint32(read(tap, 0, 2, AT + 2_000 * MINUTE))).toBeGreaterThan(uint32(shut));
  });
});

describe('requests', () => {
  test.each([
    ['a read outside the map', '03 0300 0001', '8302'],
    ['a read over the end of a block', '03 0200 0031', '8302'],
    ['a read across a hole', '03 0022 0008', '8302'],
    ['no registers', '03 0200 0000', '8303'],
    ['too many registers', '03 0200 007e', '8303'],
    ['a short read request', '03 0200', '8303'],
    ['input registers', '04 0200 0001', '8401'],
    ['a single write', '06 0057 0001', '8601'],
    ['a short recharge, function 20H', '20 0200 001e 3c', 'a003'],
    ['a masked write elsewhere', '20 0300 0001 02 0000', 'a002'],
    ['a day plan with a 25th hour', '10 2000 0003 06 0100 1901 0000', '9003'],
    ['factory, function AAH', 'aa 0046 001c', 'aa01'],
    ['a write to a read-only register', '10 0215 0001 02 0000', '9002'],
    ['a write over the edge of the force registers', '10 0058 0002 04 0000 0000', '9002'],
    ['a force state that does not exist', '10 0057 0002 04 0002 0000', '9003'],
    ['a lying byte count', '10 0057 0002 02 0001 0001', '9003'],
    ['nothing', '', '8001'],
  ])('%s is refused', (_what, request, reply) => {
    expect(ask(direct, request)).toBe(reply);
  });

  test('force trip opens the relay and freezes energy; restore prepaid closes it', () => {
    const { direct: meter, main: above } = parkDevices();
    const later = AT + 60 * MINUTE;
    const mainBefore = uint32(read(above, 0, 2, later));
    expect(ask(meter, '10 0057 0002 04 0001 0001')).toBe('1000570002');
    const tripped = read(meter, 0x200, 48, later);
    expect(tripped[0x24]).toBe(0x0008);
    expect(tripped.slice(4, 11)).toEqual(new Array(7).fill(0));
    expect(tripped.slice(0x15, 0x17)).toEqual(read(meter, 0x215, 2, AT));
    expect(read(meter, 0x57, 2, later)).toEqual([1, 1]);
    expect(uint32(read(above, 0, 2, later))).toBeLessThanOrEqual(mainBefore);
    expect(ask(meter, '10 0057 0002 04 0001 0000', later)).toBe('1000570002');
    expect(read(meter, 0x224, 1, later)).toEqual([0xe00f]);
    expect(ask(meter, '10 0057 0002 04 0000 0000', later)).toBe('1000570002');
    expect(read(meter, 0x224, 1, later)).toEqual([0xe000]);
    expect(uint32(read(meter, 0x215, 2, later + 300 * MINUTE))).toBeGreaterThan(
      uint32(tripped.slice(0x15)),
    );
  });

  test('what was forced is kept and comes back with the next start', () => {
    const { direct: meter } = parkDevices();
    ask(meter, '10 0057 0002 04 0001 0001');
    const kept = { [meter.meter.serial]: JSON.parse(JSON.stringify(stateOf(meter))) };
    const again = devicesOf(buildPark(DEFAULT_SEED), { curves, readings, kept });
    const device = again.get(meter.meter.serial);
    if (!device) throw new Error('the meter is gone');
    expect(read(device, 0x200, 48, AT + MINUTE)).toEqual(read(meter, 0x200, 48, AT + MINUTE));
    expect(stateOf(parkDevices().direct)).toBeNull();
  });
});

/** A frame of function 20H: `groups` puts bytes at their offsets. */
function masked(address: number, words: number, groups: Record<number, number[]>): string {
  const data = Buffer.alloc(2 * words);
  for (const [at, bytes] of Object.entries(groups)) data.set(bytes, Number(at));
  const head = Buffer.from([0x20, address >> 8, address & 0xff, 0, words, 2 * words]);
  return Buffer.concat([head, data]).toString('hex');
}
const u32 = (value: number) => [
  value >>> 24,
  (value >> 16) & 0xff,
  (value >> 8) & 0xff,
  value & 0xff,
];
const number = (device: Device) => [...Buffer.from(device.meter.serial, 'hex')];
/** Sets what is left and the counter after it; `more` groups go along. */
const recharge = (
  device: Device,
  { left, counter, more = {} }: { left: number; counter: number; more?: Record<number, number[]> },
) => masked(0x200, 30, { 2: [1, ...u32(left)], 7: [1, 0, counter], 54: number(device), ...more });
const priced = { 0: [1, 1], 29: [1, ...[8000, 8000, 8000, 8000].flatMap(u32)] };
const status = (device: Device, at: number) => read(device, 0x224, 1, at)[0] ?? 0;
const DONE = /^200200001e06/;

describe('prepayment in the meter', () => {
  test('money runs down with energy, alarms come, the relay opens in arrears, a recharge closes it', () => {
    const { direct: meter } = parkDevices();
    const first = recharge(meter, {
      left: 2_000,
      counter: 1,
      more: { ...priced, 20: [1, ...u32(1_500), ...u32(500)] },
    });
    expect(ask(meter, first)).toMatch(DONE);
    expect(uint32(read(meter, 0x21f, 2))).toBe(2_000);
    expect(read(meter, 0x221, 1)).toEqual([1]);
    const energy = (at: number) => quantitiesAt(meter, at)[0] ?? 0;
    const later = AT + 30 * MINUTE;
    const left = uint32(read(meter, 0x21f, 2, later));
    expect(left).toBe(Math.floor(2_000 - ((energy(later) - energy(AT)) / 1000) * 80));
    // Polled every minute until nothing is left: alarm 1, alarm 2, arrears, in this order.
    const seen: number[] = [];
    let at = AT;
    for (; (status(meter, at) & 0x20) === 0 && at < AT + 40 * 1440 * MINUTE; at += MINUTE) {
      ask(meter, '03 0224 0001', at);
      const bits = status(meter, at) & 0xe0;
      if (bits !== seen.at(-1)) seen.push(bits);
    }
    expect(seen).toEqual([0, 0x40, 0xc0]);
    expect(ask(meter, '03 0224 0001', at)).toBe('030200e0');
    expect(read(meter, 0x225, 1, at)).toEqual([0x0008]);
    const stopped = energy(at);
    expect(energy(at + 60 * MINUTE)).toBe(stopped);
    expect(ask(meter, recharge(meter, { left: 3_000, counter: 2 }), at)).toMatch(DONE);
    expect(status(meter, at)).toBe(0xe000);
    expect(energy(at + 60 * MINUTE)).toBeGreaterThan(stopped);
    // Everything of it is there after a restart.
    const kept = { [meter.meter.serial]: JSON.parse(JSON.stringify(stateOf(meter))) };
    const again = devicesOf(buildPark(DEFAULT_SEED), { curves, readings, kept });
    const device = again.get(meter.meter.serial);
    if (!device) throw new Error('the meter is gone');
    expect(read(device, 0x46, 28, at + MINUTE)).toEqual(read(meter, 0x46, 28, at + MINUTE));
  });

  test('a recharge replayed, out of turn or for a sister meter is refused and changes nothing', () => {
    const [meter, sister] = devices.filter(({ meter: { role } }) => role === 'tenant').slice(4, 6);
    if (!meter || !sister) throw new Error('no two tenants');
    const frame = recharge(meter, { left: 5_000, counter: 1 });
    expect(ask(sister, frame)).toBe('a003');
    expect(ask(meter, frame)).toMatch(DONE);
    expect(ask(meter, frame)).toBe('a003');
    expect(ask(meter, recharge(meter, { left: 9_000, counter: 3 }))).toBe('a003');
    expect(ask(meter, masked(0x200, 30, { 2: [1, ...u32(9_000)] }))).toBe('a003');
    expect([uint32(read(meter, 0x21f, 2)), read(meter, 0x221, 1)]).toEqual([5_000, [1]]);
    expect(stateOf(sister)).toBeNull();
  });

  test('forced control goes before money; its number cannot be rewritten', () => {
    const { direct: meter } = parkDevices();
    ask(meter, masked(0x200, 30, priced));
    expect(ask(meter, '03 0224 0001')).toBe('030200e0');
    ask(meter, '10 0057 0002 04 0001 0000');
    expect(status(meter, AT)).toBe(0xe0ef);
    ask(meter, '10 0057 0002 04 0000 0000');
    expect(status(meter, AT)).toBe(0x00e0);
    expect(ask(meter, masked(0x200, 30, { 53: [1, ...number(meter)] }))).toBe('a003');
  });

  test('too much load opens the relay for five minutes and counts', () => {
    const { direct: meter } = parkDevices();
    const limit = masked(0x400, 13, { 0: [0xff, 1], 2: [1, 0, 1] });
    expect(ask(meter, limit)).toMatch(/^200400000d06/);
    expect(read(meter, 0x61, 1)).toEqual([1]);
    expect([status(meter, AT), read(meter, 0x222, 2)]).toEqual([0x0010, [1, 3]]);
    expect(ask(meter, '03 0224 0001', AT + 4 * MINUTE)).toBe('03020010');
    ask(meter, masked(0x400, 13, { 2: [1, 0xff, 0xff] }));
    expect(ask(meter, '03 0224 0001', AT + 6 * MINUTE)).toBe('0302e000');
  });

  test('the clock is set and runs on; a date that is none is refused', () => {
    const { direct: meter } = parkDevices();
    expect(ask(meter, masked(0x354, 5, { 0: [30, 21, 10, 3, 18, 11, 26] }))).toMatch(/^2003540005/);
    const bytes = (at: number) => read(meter, 0x228, 4, at).flatMap((w) => [w >> 8, w & 0xff]);
    expect(bytes(AT).slice(0, 7)).toEqual([26, 11, 18, 3, 10, 21, 30]);
    expect(bytes(AT + MINUTE).slice(4, 7)).toEqual([10, 22, 30]);
    expect(ask(meter, masked(0x354, 5, { 0: [30, 21, 10, 3, 31, 2, 26] }))).toBe('a003');
  });

  test('tables of a time of use are written and read back', () => {
    const { direct: meter } = parkDevices();
    expect(ask(meter, '10 0028 0006 0c 0101 0101 0601 0109 0101 0c01')).toBe('1000280006');
    expect(read(meter, 0x28, 2)).toEqual([0x0101, 0x0101]);
    expect(ask(meter, '10 2000 0003 06 0100 0002 1e08')).toBe('1020000003');
    expect(read(meter, 0x2000, 3)).toEqual([0x0100, 0x0002, 0x1e08]);
  });

  test('energy is counted by the table that was written, from that instant on, over days and a restart', () => {
    const { direct: meter } = parkDevices();
    const before = [...quantitiesAt(meter, AT)];
    // All year spike until 11:00, valley after it; two frames, as commands write them.
    const unused = '00'.repeat(36);
    ask(meter, '10 0028 0006 0c 0101 0100 0000 0000 0000 0000');
    ask(meter, `10 2000 0015 2a 0100 0004 000b ${unused}`);
    expect([...quantitiesAt(meter, AT)]).toEqual(before);
    const kept = { [meter.meter.serial]: stateOf(meter) ?? { force: meter.force, outages: [] } };
    const again = devicesOf(buildPark(DEFAULT_SEED), {
      ...{ curves, readings, kept: JSON.parse(JSON.stringify(kept)) },
    }).get(meter.meter.serial);
    const total = (at: string) => quantitiesAt(meter, Date.parse(`2026-11-${at}+08:00`))[0] ?? 0;
    const eleven = ['18', '19', '20'].map((day) => total(`${day}T11:00:00`));
    const midnight = ['18', '19', '20'].map((day) => total(`${day}T00:00:00`));
    const at = Date.parse('2026-11-20T15:00:00+08:00');
    const spike =
      (eleven[0] ?? 0) -
      (before[0] ?? 0) +
      [1, 2].reduce((sum, i) => sum + (eleven[i] ?? 0) - (midnight[i] ?? 0), 0);
    const valley = total('20T15:00:00') - (before[0] ?? 0) - spike;
    for (const device of [meter, again ?? meter]) {
      const counted = [...quantitiesAt(device, at)].map((wh, rank) => wh - (before[rank] ?? 0));
      expect(counted[1]).toBeCloseTo(spike, 3);
      expect(counted[4]).toBeCloseTo(valley, 3);
      expect([counted[2], counted[3], counted[5]]).toEqual([0, 0, 0]);
    }
    // What lies before it was counted by what the meter was delivered with.
    expect(quantitiesAt(meter, AT - MINUTE)[3]).toBe(quantitiesAt(direct, AT - MINUTE)[3]);
  });
});

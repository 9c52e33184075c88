/** Words become channels exactly, and rows say of themselves what cannot be true (fault 24). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleOf } from '../../ingest/blocks.ts';
import { type Block, decode } from '../../ingest/decode.ts';
import { modelNames, models } from '../../ingest/models.ts';
import { planReads } from '../../ingest/plan.ts';
import { digest, encodeSample, type Sample } from '../../ingest/sample.ts';
import { channels } from '../../sql/channels.ts';

const AT = Date.UTC(2026, 10, 23, 4, 0, 0);
const SHANGHAI = { zone: 'Asia/Shanghai', atMs: AT };

/** The block 0200H of a DTSY at work: 12:00:00 in Shanghai. */
function dtsyBlock(changes: Record<number, number> = {}): Block[] {
  const words = new Uint16Array(48);
  const set: Record<number, number> = {
    0: 5,
    1: 2301,
    2: 2298,
    3: 2305,
    4: 123,
    5: 0,
    6: 6553,
    7: 280,
    8: -120 & 0xffff,
    9: 0,
    10: 160,
    14: -5 & 0xffff,
    15: 1000,
    16: -999 & 0xffff,
    18: 871,
    19: 1,
    20: 40,
    21: 0x0001,
    22: 0xe240,
    23: 0,
    24: 77,
    31: 0xffff,
    32: 0xff9c,
    33: 12,
    34: 3,
    35: 5,
    36: 0xe000,
    37: 8,
    38: 0,
    39: 10,
    40: (26 << 8) | 11,
    41: (23 << 8) | 1,
    42: 12 << 8,
    43: 0,
    ...changes,
  };
  for (const [offset, word] of Object.entries(set)) words[Number(offset)] = word;
  return [{ address: 0x200, words }];
}

describe('a DTSY block', () => {
  const decoded = decode(models.DTSY1352, dtsyBlock(), SHANGHAI);

  test('gives every channel in its unit', () => {
    expect(decoded.quality).toBe('ok');
    expect(decoded.channels).toMatchObject({
      voltage_a_v: 230.1,
      voltage_b_v: 229.8,
      current_a_a: 1.23,
      current_b_a: 0,
      current_c_a: 65.53,
      power_a_w: 280,
      power_b_w: -120,
      power_w: 160,
      reactive_var: -5,
      factor_a: 1,
      factor_b: -0.999,
      factor: 0.871,
      pt: 1,
      ct: 40,
      active_wh: 1_234_560,
      active_spike_wh: 770,
      remaining_minor: -100,
      purchase_count: 12,
      overload_trips: 3,
      overload_trips_allowed: 5,
      status_a: 0xe000,
      status_b: 8,
      base_wh: 100,
    });
  });

  test('gives the clock as an instant of the meter’s zone', () => {
    expect(decoded.deviceClockMs).toBe(AT);
  });

  test('leaves out what the model does not have', () => {
    for (const name of ['volume_l', 'forward_wh', 'frequency_hz', 'active_deep_wh'] as const) {
      expect(name in decoded.channels).toBe(false);
    }
    const single = decode(models.DDSY1352, dtsyBlock({ 0: 7 }), SHANGHAI).channels;
    expect(single.voltage_a_v).toBe(230.1);
    expect('voltage_b_v' in single).toBe(false);
  });

  test.each<[string, Record<number, number>, string]>([
    ['the code of another model', { 0: 7 }, 'implausible:model'],
    ['6553.5 V', { 1: 0xffff }, 'implausible:voltage'],
    ['655 A', { 5: 0xffff }, 'implausible:current'],
    ['a factor of 1.001', { 15: 1001 }, 'implausible:factor'],
    ['a factor of −1.001', { 18: -1001 & 0xffff }, 'implausible:factor'],
    ['a ratio of 10,000', { 20: 10_000 }, 'implausible:ratio'],
    [
      'nothing but FFFF',
      Object.fromEntries([...Array(48).keys()].map((i) => [i, 0xffff])),
      'implausible:model',
    ],
    ['a register at the end of its span', { 21: 0xffff, 22: 0xffff }, 'ok'],
    ['a phase without voltage', { 1: 0, 2: 0 }, 'ok'],
  ])('with %s', (_, changes, quality) => {
    expect(decode(models.DTSY1352, dtsyBlock(changes), SHANGHAI).quality).toBe(quality);
  });

  test.each<[string, Record<number, number>]>([
    ['month 0', { 40: 26 << 8 }],
    ['month 13', { 40: (26 << 8) | 13 }],
    ['31 November', { 41: 31 << 8 }],
    ['29 February 2026', { 40: (26 << 8) | 2, 41: 29 << 8 }],
    ['hour 24', { 42: 24 << 8 }],
    ['minute 60', { 42: (12 << 8) | 60 }],
    ['second 60', { 43: 60 << 8 }],
    ['year 200', { 40: (200 << 8) | 11 }],
    ['zeroes', { 40: 0, 41: 0, 42: 0, 43: 0 }],
  ])('a clock that shows %s is left out and the row stays good', (_, changes) => {
    const { deviceClockMs, quality } = decode(models.DTSY1352, dtsyBlock(changes), SHANGHAI);
    expect([deviceClockMs, quality]).toEqual([undefined, 'ok']);
  });

  test('a block that was not read leaves its channels out', () => {
    const short = [
      { address: 0x200, words: dtsyBlock()[0]?.words.subarray(0, 22) ?? new Uint16Array() },
    ];
    const { channels: read, deviceClockMs } = decode(models.DTSY1352, short, SHANGHAI);
    expect('active_wh' in read).toBe(false);
    expect(read.ct).toBe(40);
    expect(deviceClockMs).toBeUndefined();
  });
});

test('a DTSD gives both directions, 32-bit powers and its clock in three words', () => {
  const blocks = planReads(models.DTSD1352).map(({ address, words }) => ({
    address,
    words: new Uint16Array(words),
  }));
  const put = (address: number, ...words: number[]) => {
    const block = blocks.find((b) => address >= b.address && address < b.address + b.words.length);
    for (const [i, word] of words.entries())
      if (block) block.words[address - block.address + i] = word;
  };
  put(0x0000, 0, 100);
  put(0x000a, 0xffff, 0xffff);
  put(0x0014, 0, 3);
  put(0x0032, 0, 9);
  put(0x003c, (26 << 8) | 11, (23 << 8) | 12, 0);
  put(0x0077, 5001);
  put(0x008d, 1, 80);
  put(0x016a, 0xffff, 0xff38);
  const { channels: read, deviceClockMs } = decode(models.DTSD1352, blocks, SHANGHAI);
  expect(read).toMatchObject({
    active_wh: 1000,
    forward_wh: 42_949_672_950,
    reverse_wh: 30,
    reverse_varh: 90,
    frequency_hz: 50.01,
    pt: 1,
    ct: 80,
    power_w: -200,
  });
  expect(deviceClockMs).toBe(AT);
});

test('water is litres and a valve', () => {
  const blocks = [{ address: 0, words: Uint16Array.of(1, 2, 0xfffe) }];
  const { channels: read } = decode(models.WATER, blocks, SHANGHAI);
  expect(read).toEqual({ volume_l: 65_538, valve: 0 });
});

describe('a clock near a change of zone', () => {
  const berlin = (at: string) => ({ zone: 'Europe/Berlin', atMs: Date.parse(at) });
  const clock = (hour: number, minute: number) => ({
    40: (26 << 8) | 10,
    41: 25 << 8,
    42: (hour << 8) | minute,
    43: 0,
  });
  test.each([
    ['2026-10-25T00:30:00Z', 2, '2026-10-25T00:30:00Z'],
    ['2026-10-25T01:30:00Z', 2, '2026-10-25T01:30:00Z'],
    ['2026-10-25T01:30:00Z', 3, '2026-10-25T02:30:00Z'],
    ['2026-10-25T00:30:00Z', 1, '2026-10-24T23:30:00Z'],
  ])('read at %s, showing %i:30, it is %s', (at, hour, expected) => {
    const { deviceClockMs } = decode(models.DTSY1352, dtsyBlock(clock(hour, 30)), berlin(at));
    expect(new Date(deviceClockMs ?? 0).toISOString()).toBe(new Date(expected).toISOString());
  });
});

describe('a sample', () => {
  const meter = { id: '12', projectId: '7', model: 'DTSY1352', zone: 'Asia/Shanghai' } as const;
  const sample = sampleOf({ meter, at: new Date(AT), blocks: dtsyBlock() });

  test('is one line with its instant in nanoseconds', () => {
    expect(encodeSample(sample)).toMatch(
      /^samples,project=7,meter=12,quality=ok digest=-?\d+i,device_clock=1795406400000000t,active_wh=1234560i,.*voltage_a_v=230\.1,.* 1795406400000000000\n$/,
    );
  });

  test('has a digest of its channels and clock, whatever the instant, meter or quality', () => {
    const other: Sample = { ...sample, atMs: AT + 1, meterId: '13', quality: 'implausible:x' };
    expect(digest(other)).toBe(digest(sample));
    expect(digest({ ...sample, deviceClockMs: AT + 1000 })).not.toBe(digest(sample));
    const corrected = { ...sample, channels: { ...sample.channels, active_wh: 1_234_570 } };
    expect(digest(corrected)).not.toBe(digest(sample));
  });

  test('has a digest that stays the same over versions', () => {
    expect(digest({ channels: { active_wh: 10, voltage_a_v: 230.1 }, deviceClockMs: AT })).toBe(
      GOLDEN,
    );
  });

  test.each([NaN, Infinity, -Infinity, 2 ** 53, 1.5])(
    'with the register %s never leaves',
    (value) => {
      const bad = { ...sample, channels: { ...sample.channels, active_wh: value } };
      expect(() => encodeSample(bad)).toThrow('active_wh');
    },
  );

  test.each([NaN, Infinity])('with the voltage %s never leaves', (value) => {
    const bad = { ...sample, channels: { ...sample.channels, voltage_a_v: value } };
    expect(() => encodeSample(bad)).toThrow('voltage_a_v');
  });

  test.each(['1 ', '1,x=2', 'a', '', '1\n'])('of the meter %j never leaves', (meterId) => {
    expect(() => encodeSample({ ...sample, meterId })).toThrow('meter');
  });
});

/** SHA-256 of ",device_clock=1795406400000000t,active_wh=10i,voltage_a_v=230.1", first 8 bytes. */
const GOLDEN = -7589868289874921137n;

test('whatever the words, a row is finite, whole where it must be, and can be encoded', () => {
  const word = fc.oneof(
    fc.integer({ min: 0, max: 0xffff }),
    fc.constantFrom(0, 0x7fff, 0x8000, 0xffff),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...modelNames),
      fc.array(word, { minLength: 256, maxLength: 256 }),
      fc.constantFrom('Asia/Shanghai', 'Europe/Berlin', 'Australia/Lord_Howe', 'UTC'),
      (model, words, zone) => {
        const blocks = planReads(models[model]).map((read, i) => ({
          address: read.address,
          words: Uint16Array.from(words.slice(i * 40, i * 40 + read.words)),
        }));
        const meter = { id: '1', projectId: '1', model, zone };
        const sample = sampleOf({ meter, at: new Date(AT), blocks });
        for (const { name, type } of channels) {
          const value = sample.channels[name];
          if (value === undefined) continue;
          expect(type === 'DOUBLE' ? Number.isFinite(value) : Number.isSafeInteger(value)).toBe(
            true,
          );
        }
        expect(encodeSample(sample)).not.toMatch(/NaN|Infinity|e\+/);
      },
    ),
    { seed: 20261123, numRuns: 400 },
  );
});

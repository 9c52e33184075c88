/** A bus with healthy, silent, lying and returning meters: nobody slows the others (faults 27–33). */
import { afterAll, describe, expect, test } from 'vitest';
import type { Reading } from '../../ingest/blocks.ts';
import {
  type Bus,
  type BusConfig,
  type Failure,
  type Line,
  type MeterConfig,
  startBus,
} from '../../ingest/bus.ts';
import type { Framing } from '../../ingest/frame.ts';
import { createGate } from '../../ingest/gate.ts';
import { eventually } from '../patience.ts';
import {
  answer,
  dtsyWords,
  exception,
  type Gateway,
  openGateway,
  type Script,
  type Seen,
} from './gateway.ts';

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

const meterOf = (unit: number, more: Partial<MeterConfig> = {}): MeterConfig => ({
  id: String(1000 + unit),
  projectId: '1',
  model: 'DTSY1352',
  zone: 'Asia/Shanghai',
  unit,
  seconds: 1,
  ...more,
});

interface Heard {
  bus: Bus;
  gateway: Gateway;
  config: BusConfig;
  readings: Reading[];
  failures: Failure[];
  of: (unit: number) => Reading[];
}

async function run(
  script: Script,
  meters: MeterConfig[],
  { framing = 'tcp' as Framing, clock = () => new Date(), requestTimeoutMs = 500 } = {},
): Promise<Heard> {
  const gateway = await openGateway(framing, script);
  const endpoint = {
    framing,
    host: '127.0.0.1',
    port: gateway.port,
    connectTimeoutMs: 2000,
    requestTimeoutMs,
  };
  const config: BusConfig = { id: '1', projectId: '1', gatewayId: '1', endpoint, meters };
  const readings: Reading[] = [];
  const failures: Failure[] = [];
  const bus = startBus(config, {
    clock,
    random: () => 0.5,
    gate: createGate(),
    onReading: (reading) => readings.push(reading),
    onFailure: (failure) => failures.push(failure),
  });
  cleanups.push(bus.stop, gateway.close);
  const of = (unit: number) => readings.filter(({ meter }) => meter.id === String(1000 + unit));
  return { bus, gateway, config, readings, failures, of };
}

const honest = (framing: Framing) => (seen: Seen) => answer(framing, seen, dtsyWords(seen.unit));
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const registerOf = (reading: Reading) => reading.blocks[0]?.words[0x16];

describe.concurrent('a bus', () => {
  test.each(['tcp', 'rtu-over-tcp'] as const)(
    'over %s reads each meter in each slot, one at a time',
    async (framing) => {
      let inFlight = 0;
      let most = 0;
      const { readings, of, bus } = await run(
        async (seen) => {
          most = Math.max(most, ++inFlight);
          await wait(20);
          inFlight--;
          return answer(framing, seen, dtsyWords(seen.unit));
        },
        [1, 2, 3, 4, 5].map((unit) => meterOf(unit)),
        { framing },
      );
      // Four or five seconds begin in it, and each has half a second for its readings.
      await wait(4600);
      expect(most).toBe(1);
      for (const unit of [1, 2, 3, 4, 5]) {
        expect(of(unit).length).toBeGreaterThanOrEqual(4);
        expect(of(unit).length).toBeLessThanOrEqual(5);
      }
      for (const reading of readings)
        expect(registerOf(reading)).toBe(Number(reading.meter.id) - 1000);
      expect(bus.stats()).toMatchObject({ connects: 1, failures: {}, silentMeters: 0 });
      expect(bus.stats().durationP50Ms).toBeLessThan(100);
    },
  );

  test('a silent meter costs the others nothing and is tried less and less', async () => {
    const { gateway, of, bus } = await run(
      (seen) => (seen.unit === 3 ? undefined : honest('tcp')(seen)),
      [1, 2, 3, 4].map((unit) => meterOf(unit)),
      { requestTimeoutMs: 150 },
    );
    await wait(8000);
    for (const unit of [1, 2, 4]) expect(of(unit).length).toBeGreaterThanOrEqual(7);
    const tries = gateway.seen.filter((s) => s.unit === 3).length;
    expect(tries).toBeGreaterThanOrEqual(4);
    expect(tries).toBeLessThanOrEqual(7);
    expect(bus.stats().silentMeters).toBe(1);
  });

  test('when the gateway is silent as a whole and returns, every meter is read again soon', async () => {
    let silent = true;
    const { of } = await run(
      (seen) => (silent ? undefined : honest('tcp')(seen)),
      [1, 2, 3].map((unit) => meterOf(unit)),
      { requestTimeoutMs: 150 },
    );
    await wait(6000);
    silent = false;
    await eventually(() => [1, 2, 3].every((u) => of(u).length > 0));
    await wait(1500);
    for (const unit of [1, 2, 3]) expect(of(unit).length).toBeGreaterThanOrEqual(2);
  });

  test.each<[string, Script]>([
    ['exception:2', (s) => exception('tcp', s, 2)],
    ['exception:11', (s) => exception('tcp', s, 11)],
    ['violation:unit', (s) => answer('tcp', { ...s, unit: 9 }, dtsyWords(1))],
    ['violation:unit', (s) => exception('tcp', s, 2, 9)],
    [
      'violation:transaction',
      (s) => answer('tcp', { ...s, transaction: s.transaction + 1 }, dtsyWords(1)),
    ],
    ['violation:length', (s) => answer('tcp', s, dtsyWords(1).subarray(0, 47))],
    ['closed', ({ socket }) => void socket.resetAndDestroy()],
    ['timeout', () => undefined],
  ])('a meter that gives %s gives no sample, a neighbour still does', async (kind, script) => {
    const { of, failures } = await run(
      (s) => (s.unit === 1 ? script(s) : honest('tcp')(s)),
      [meterOf(1), meterOf(2)],
    );
    await wait(3100);
    expect(of(1)).toEqual([]);
    expect(of(2).length).toBeGreaterThanOrEqual(2);
    expect(failures.length).toBeGreaterThan(0);
    expect(new Set(failures.map((f) => f.kind))).toEqual(new Set([kind]));
  });

  test('a block that a meter refuses is left out, its billing register is kept', async () => {
    const script: Script = (seen) =>
      seen.address === 0x164
        ? exception('tcp', seen, 2)
        : answer('tcp', seen, new Uint16Array(seen.count).fill(1));
    const { readings } = await run(script, [meterOf(1, { model: 'DTSD1352' })]);
    await eventually(() => readings.length > 0);
    expect(readings[0]?.blocks.map(({ address }) => address)).toEqual([0, 0x32, 0x61, 0x8d]);
  });

  test('meters and intervals change while it runs', async () => {
    const { bus, config, of } = await run(honest('tcp'), [
      meterOf(1, { seconds: 3600 }),
      meterOf(2),
    ]);
    await wait(1200);
    expect(of(1)).toEqual([]);
    bus.update({ ...config, meters: [meterOf(1), meterOf(3)] });
    const gone = of(2).length;
    await wait(2200);
    expect(of(1).length).toBeGreaterThanOrEqual(2);
    expect(of(3).length).toBeGreaterThanOrEqual(2);
    expect(of(2).length).toBeLessThanOrEqual(gone + 1);
  });

  test('it survives its gateway: refused, counted, reached again', async () => {
    const { gateway, failures, readings, bus } = await run(honest('tcp'), [meterOf(1)]);
    await eventually(() => readings.length > 0);
    await gateway.close();
    await eventually(() => failures.length > 0);
    const again = await openGateway('tcp', honest('tcp'), gateway.port);
    cleanups.push(again.close);
    const before = readings.length;
    await eventually(() => readings.length > before);
    expect(failures.at(-1)?.kind).toMatch(/^(unreachable:ECONNREFUSED|closed)$/);
    expect(bus.stats().connectFailures).toBeGreaterThan(0);
  });

  test('a clock that goes back two hours does not stop the readings', async () => {
    let shift = 0;
    const clock = () => new Date(Date.now() + shift);
    const { readings } = await run(honest('tcp'), [meterOf(1)], { clock });
    await wait(1500);
    shift = -2 * 3600_000;
    const before = readings.length;
    await wait(3000);
    expect(readings.length - before).toBeGreaterThanOrEqual(2);
  });

  test('slots that could not be kept are skipped and counted, never made up for', async () => {
    const { gateway, bus } = await run(
      async (seen) => {
        await wait(120);
        return answer('tcp', seen, dtsyWords(seen.unit));
      },
      Array.from({ length: 16 }, (_, i) => meterOf(i + 1)),
    );
    await wait(5000);
    expect(gateway.seen.length).toBeLessThan(45);
    const perMeter = Array.from(
      { length: 16 },
      (_, i) => gateway.seen.filter((s) => s.unit === i + 1).length,
    );
    expect(Math.max(...perMeter) - Math.min(...perMeter)).toBeLessThanOrEqual(2);
    expect(bus.stats().skippedSlots).toBeGreaterThan(10);
  });

  test('an errand that stands aside leaves the line to errands and polls, and has it again before others', async () => {
    const { bus, readings } = await run(honest('tcp'), [meterOf(1)]);
    const told: string[] = [];
    let isWritten = () => {};
    const written = new Promise<string>((resolve) => {
      isWritten = () => resolve('written');
    });
    const enter = (name: string, act: (line: Line) => Promise<unknown>) =>
      bus.enter({
        run: async (line) => {
          told.push(`${name} begins`);
          await act(line);
          told.push(`${name} ends`);
        },
        abandon: () => told.push(`${name} abandoned`),
      });
    enter('first', async (line) => told.push(await line.aside(written)));
    enter('second', async (line) => {
      await line.reach();
      const { outcome } = await line.ask({ kind: 'read', unit: 1, address: 0x200, words: 48 });
      told.push(outcome);
      isWritten();
    });
    enter('third', async () => {});
    await eventually(() => told.includes('third ends') && readings.length > 0);
    expect(told).toEqual([
      ...['first begins', 'second begins', 'words', 'second ends'],
      ...['written', 'first ends', 'third begins', 'third ends'],
    ]);
  });

  test('who stands aside when the bus stops goes on without a line; as many as may, no more', async () => {
    const { bus } = await run(honest('tcp'), []);
    const told: string[] = [];
    let fail = (_: Error) => {};
    const broken = new Promise<never>((_, reject) => {
      fail = reject;
    });
    for (let nth = 1; nth <= 5; nth++) {
      bus.enter({
        run: async (line) => {
          told.push(`${nth} begins`);
          const lost = await line.aside(broken).catch((error: Error) => error.message);
          told.push(`${nth}: ${lost}, ${(await line.reach()) ? 'a line' : 'no line'}`);
        },
        abandon: () => told.push(`${nth} abandoned`),
      });
    }
    await eventually(() => told.length === 4);
    const stopping = bus.stop();
    fail(new Error('gone'));
    await stopping;
    expect(told).toEqual([
      ...['1 begins', '2 begins', '3 begins', '4 begins', '5 abandoned'],
      ...[1, 2, 3, 4].map((nth) => `${nth}: gone, no line`),
    ]);
  });

  test('stopping ends at once, with nothing left open', async () => {
    const { bus, gateway } = await run(() => undefined, [meterOf(1)], { requestTimeoutMs: 30_000 });
    await eventually(() => gateway.seen.length > 0);
    const started = performance.now();
    await bus.stop();
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

/** Many gateways, some of them bad: the good ones keep their minute; configuration changes live. */
import { afterAll, describe, expect, test } from 'vitest';
import type { BusConfig } from '../../ingest/bus.ts';
import { type Collector, createCollector } from '../../ingest/collect.ts';
import { createGate } from '../../ingest/gate.ts';
import { eventually } from '../patience.ts';
import { answer, dtsyWords, type Gateway, openGateway, type Script } from './gateway.ts';

const soak = process.env.SOAK === '1';
const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const honest: Script = (seen) => answer('tcp', seen, dtsyWords(seen.unit));

async function gatewayOf(script: Script): Promise<Gateway> {
  const gateway = await openGateway('tcp', script);
  cleanups.push(gateway.close);
  return gateway;
}

function busOf(id: number, port: number, meters = 4): BusConfig {
  return {
    id: String(id),
    projectId: '1',
    gatewayId: String(id),
    endpoint: {
      framing: 'tcp',
      host: '127.0.0.1',
      port,
      connectTimeoutMs: 300,
      requestTimeoutMs: 500,
    },
    meters: Array.from({ length: meters }, (_, i) => ({
      id: String(id * 100 + i),
      projectId: '1',
      model: 'DTSY1352' as const,
      zone: 'UTC',
      unit: i + 1,
      seconds: 1,
    })),
  };
}

function collect() {
  const read = new Map<string, number>();
  const collector: Collector = createCollector({
    clock: () => new Date(),
    random: Math.random,
    onReading: ({ meter }) => read.set(meter.id, (read.get(meter.id) ?? 0) + 1),
    onFailure: () => {},
  });
  cleanups.push(collector.stop);
  const ofBus = (id: number) =>
    [...read].filter(([meter]) => Math.floor(Number(meter) / 100) === id).map(([, count]) => count);
  return { collector, read, ofBus };
}

describe.concurrent('collection', () => {
  test('garbage, slow, silent and absent gateways leave the others their slots', async () => {
    const garbage: Script = ({ socket }) => {
      for (let i = 0; i < 4; i++) socket.write(Buffer.alloc(1 << 20, 0x41));
      return undefined;
    };
    const slow: Script = async (seen) => {
      for (const byte of answer('tcp', seen, dtsyWords(1))) {
        if (seen.socket.destroyed) return undefined;
        seen.socket.write(Buffer.from([byte]));
        await wait(100);
      }
      return undefined;
    };
    const bad = await Promise.all([garbage, garbage, slow, slow, () => undefined].map(gatewayOf));
    const absent = await gatewayOf(honest);
    await absent.close();
    const good = await Promise.all(Array.from({ length: 6 }, () => gatewayOf(honest)));
    const { collector, ofBus } = collect();
    const ports = [...good, ...bad, absent].map(({ port }) => port);
    await collector.apply(ports.map((port, i) => busOf(i + 1, port)));
    await wait(6000);
    for (let id = 1; id <= 6; id++) {
      expect(ofBus(id).length).toBe(4);
      expect(Math.min(...ofBus(id))).toBeGreaterThanOrEqual(5);
    }
    const stats = collector.stats();
    for (let id = 1; id <= 6; id++) {
      expect(stats.get(String(id))).toMatchObject({ skippedSlots: 0, failures: {} });
      // Less than a slot: who waited for a broken one would be seconds late.
      expect(stats.get(String(id))?.delayP95Ms).toBeLessThan(1000);
    }
    for (let id = 7; id <= 12; id++) expect(ofBus(id)).toEqual([]);
  });

  test('buses come, go, move and grow without touching the others', async () => {
    const [first, second, third] = await Promise.all([honest, honest, honest].map(gatewayOf));
    const { collector, read, ofBus } = collect();
    await collector.apply([busOf(1, first?.port ?? 0), busOf(2, second?.port ?? 0)]);
    await wait(1600);
    await collector.apply([
      busOf(1, first?.port ?? 0, 6),
      busOf(2, third?.port ?? 0),
      busOf(3, second?.port ?? 0),
    ]);
    const connectionsBefore = first?.connections();
    await wait(2200);
    expect(first?.connections()).toBe(connectionsBefore);
    expect(ofBus(1).length).toBe(6);
    expect(third?.seen.length).toBeGreaterThanOrEqual(8);
    expect(ofBus(3).length).toBe(4);
    await collector.apply([]);
    const after = [...read.values()].reduce((a, b) => a + b, 0);
    await wait(1200);
    expect([...read.values()].reduce((a, b) => a + b, 0)).toBe(after);
    expect(collector.stats().size).toBe(0);
  });

  test('gateways that drop at once, all of them, are reached again in turns', async () => {
    const count = soak ? 1000 : 60;
    const gateways = await Promise.all(Array.from({ length: count }, () => gatewayOf(honest)));
    const { collector, read } = collect();
    await collector.apply(gateways.map(({ port }, i) => busOf(i + 1, port, 1)));
    await eventually(() => read.size === count);
    for (const { seen } of gateways) seen.at(-1)?.socket.resetAndDestroy();
    read.clear();
    const cpu = process.cpuUsage();
    const started = performance.now();
    await eventually(() => read.size === count);
    const { user, system } = process.cpuUsage(cpu);
    if (soak) expect((user + system) / 1000 / (performance.now() - started)).toBeLessThan(0.8);
  });
});

test('the gate lets so many in at once and so many a second', async () => {
  const gate = createGate({ atOnce: 3, perSecond: 100 });
  let inside = 0;
  let most = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: 20 }, () =>
      gate.enter(async () => {
        most = Math.max(most, ++inside);
        await wait(15);
        inside--;
      }),
    ),
  );
  expect(most).toBeLessThanOrEqual(3);
  expect(performance.now() - started).toBeGreaterThan(180);
  await expect(gate.enter(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await gate.enter(async () => 'still open')).toBe('still open');
});

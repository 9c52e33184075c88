/**
 * A bus of simulated meters behind a proxy that can swallow replies, entered in Postgres as the API would,
 * with ingest's collector and commander over it: for tests of commands on real sockets.
 */
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { advanceBatches } from '../../ingest/batches.ts';
import { sampleOf } from '../../ingest/blocks.ts';
import type { BusConfig } from '../../ingest/bus.ts';
import { type Collector, createCollector } from '../../ingest/collect.ts';
import { type Commander, createCommander } from '../../ingest/commander.ts';
import { loadConfiguration } from '../../ingest/configuration.ts';
import { createRelays, type Relays } from '../../ingest/relays.ts';
import { type Device, devicesOf, quantitiesAt } from '../../ingest/simulator/device.ts';
import { serve } from '../../ingest/simulator/meter.ts';
import { buildPark, DEFAULT_SEED, type ParkMeter } from '../../ingest/simulator/park.ts';
import { curvesOf } from '../../ingest/simulator/profile.ts';
import { loadReadings } from '../../ingest/simulator/readings.ts';
import { openBus } from '../../ingest/simulator/server.ts';
import { openTruth } from '../../ingest/simulator/truth.ts';
import { createTestReader } from '../../ingest/test-reader.ts';
import type { Db } from '../../sql/postgres.ts';

export interface Lossy {
  port: number;
  /** Answers to this many writes from now on are lost. */
  swallowWrites: (count: number) => void;
  /** Whether any answer gets through. */
  swallowAll: (all: boolean) => void;
  /** Asked once, when the next write passes: whether the meter gets it; its answer is lost in any case. */
  atNextWrite: (judge: () => 'hand on' | 'drop') => void;
  close: () => Promise<void>;
}

/** Where the function code stands in a frame of MBAP. */
const FUNCTION_AT = 7;
const READ = 3;

/** Between ingest and the meters: hands everything on, but for answers to writes that it was told to lose. */
export async function openProxy(target: number): Promise<Lossy> {
  let losing = 0;
  let isMute = false;
  let judge: (() => 'hand on' | 'drop') | undefined;
  const sockets = new Set<Socket>();
  const server: Server = createServer((down) => {
    const up = connect({ host: '127.0.0.1', port: target, noDelay: true });
    for (const socket of [down, up]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        down.destroy();
        up.destroy();
      });
    }
    let isWrite = false;
    down.on('data', (bytes) => {
      isWrite = bytes[FUNCTION_AT] !== READ;
      if (isWrite && judge) {
        const verdict = judge();
        judge = undefined;
        losing = 1;
        if (verdict === 'drop') return;
      }
      up.write(bytes);
    });
    up.on('data', (bytes) => {
      if (isWrite && losing > 0) losing--;
      else if (!isMute) down.write(bytes);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    swallowWrites: (count) => {
      losing = count;
    },
    swallowAll: (all) => {
      isMute = all;
    },
    atNextWrite: (ask) => {
      judge = ask;
    },
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  };
}

export interface TruthLine {
  meter: string;
  at: number;
  kind: 'read' | 'write';
  address: number;
  words: string;
  counter?: number;
  amountMinor?: number;
}

export interface Meters {
  /** By label of the park: A101 … */
  devices: Map<string, Device>;
  port: number;
  /** Labels that say nothing, and exceptions given instead of doing what is written. */
  silent: Set<string>;
  refusing: Map<string, number>;
  writes: (label: string) => TruthLine[];
  close: () => Promise<void>;
}

/** Opens one bus with these meters of the demo park at units 1, 2, …; what they execute is on disk first. */
export async function openMeters(labels: readonly string[], folder: string): Promise<Meters> {
  const readings = loadReadings();
  const all = devicesOf(buildPark(DEFAULT_SEED), { curves: curvesOf(readings), readings });
  const byLabel = new Map([...all.values()].map((device) => [device.meter.label, device]));
  const units = labels.map((label) => {
    const device = byLabel.get(label);
    if (!device) throw new Error(`the park has no ${label}`);
    return device;
  });
  // A simulated meter adds up its years when it is first read: not while a command waits for its reply.
  for (const device of units) quantitiesAt(device, Date.now());
  const file = join(folder, 'truth.jsonl');
  const truth = openTruth(file);
  const silent: Meters['silent'] = new Set();
  const refusing: Meters['refusing'] = new Map();
  const bus = await openBus({
    host: '127.0.0.1',
    port: 0,
    framing: 'tcp',
    latencyMs: () => 1,
    answer: (unit, pdu) => {
      const device = units[unit - 1];
      if (!device || silent.has(device.meter.label)) return null;
      const code = refusing.get(device.meter.label);
      if (code !== undefined && pdu[0] !== READ) return Buffer.of((pdu[0] ?? 0) | 0x80, code);
      const at = Date.now();
      const served = serve(device, pdu, at);
      if (served.kind !== 'refused') truth.record({ ...served, serial: device.meter.serial, at });
      return served.reply;
    },
  });
  return {
    devices: new Map(units.map((device) => [device.meter.label, device])),
    port: bus.port,
    silent,
    refusing,
    writes: (label) =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as TruthLine)
        .filter(
          ({ meter, kind }) => kind === 'write' && meter === byLabel.get(label)?.meter.serial,
        ),
    close: async () => {
      await bus.close();
      truth.close();
    },
  };
}

export interface Entered {
  projectId: string;
  busId: string;
  /** Ids by label. */
  meters: Map<string, string>;
  points: Map<string, string>;
  query: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  close: () => Promise<void>;
}

/** Enters a bus at a port and its meters, each at a point of its own. */
export async function enterMeters(
  ownerUrl: string,
  { projectId, port, meters }: { projectId: string; port: number; meters: readonly ParkMeter[] },
): Promise<Entered> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  const query: Entered['query'] = async (text, values) => (await client.query(text, values)).rows;
  const add = async (table: string, values: Record<string, unknown>) => {
    const all = { project_id: projectId, ...values };
    const names = Object.keys(all);
    const [row] = await query(
      `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`)})
       RETURNING id::text`,
      Object.values(all),
    );
    return String(row?.id);
  };
  const gatewayId = await add('gateways', { name: 'G1' });
  const busId = await add('buses', {
    gateway_id: gatewayId,
    name: 'B1',
    framing: 'tcp',
    host: '127.0.0.1',
    port,
    request_timeout_ms: 1_000,
  });
  const ids = new Map<string, string>();
  const points = new Map<string, string>();
  for (const [index, meter] of meters.entries()) {
    const { serial, model, label, commodity } = meter;
    const meterId = await add('meters', { serial, model, bus_id: busId, unit: index + 1 });
    const pointId = await add('points', { code: label, name: label, commodity });
    await add('installations', {
      point_id: pointId,
      meter_id: meterId,
      valid_from: '2026-01-01T00:00:00+08:00',
      ct: meter.ct,
      pt: meter.pt,
    });
    ids.set(label, meterId);
    points.set(label, pointId);
  }
  return { projectId, busId, meters: ids, points, query, close: () => client.end() };
}

export interface Ingest {
  collector: Collector;
  commander: Commander;
  relays: Relays;
  /** Readings so far, by meter id. */
  readings: Map<string, number>;
  /** Puts in force what is entered now. */
  apply: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Ingest's collector and commander in this process, ticking every 50 ms. */
export async function startIngest(db: Db, clock: () => Date): Promise<Ingest> {
  const readings = new Map<string, number>();
  const errors: unknown[] = [];
  let buses: BusConfig[] = [];
  const relays = createRelays();
  await relays.restore(db);
  const commander = createCommander({
    db,
    relays,
    clock,
    enter: (busId, errand) => collector.enter(busId, errand),
    onReading: (reading) => take(reading),
    onError: (error) => errors.push(error),
  });
  const take = (reading: Parameters<typeof sampleOf>[0]) => {
    const sample = sampleOf(reading);
    readings.set(sample.meterId, (readings.get(sample.meterId) ?? 0) + 1);
    commander.heard(sample);
  };
  const collector = createCollector({
    clock,
    random: () => 0.5,
    onReading: take,
    onFailure: () => {},
  });
  const apply = async () => {
    buses = (await loadConfiguration(db, clock())).buses;

    await collector.apply(buses);
    commander.apply(buses);
  };
  await apply();
  const testReader = createTestReader({
    ...{ db, clock },
    enter: (busId, errand) => collector.enter(busId, errand),
    onError: (error) => errors.push(error),
  });
  let advancing: Promise<unknown> | undefined;
  const timer = setInterval(() => {
    void commander.tick().catch((error) => errors.push(error));
    void testReader.tick().catch((error) => errors.push(error));
    advancing ??= advanceBatches(db, clock())
      .catch((error) => errors.push(error))
      .finally(() => {
        advancing = undefined;
      });
  }, 50);
  return {
    collector,
    commander,
    relays,
    readings,
    apply,
    stop: async () => {
      clearInterval(timer);
      await collector.stop();
      await commander.idle();
      await advancing;
      await testReader.idle();
      if (errors.length > 0) throw errors[0];
    },
  };
}

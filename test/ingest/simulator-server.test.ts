/** The simulated buses over real sockets: an independent client reads them, broken ones do no harm. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ModbusRTU from 'modbus-serial';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DeviceState, devicesOf } from '../../ingest/simulator/device.ts';
import { registersAt } from '../../ingest/simulator/meter.ts';
import { buildPark, DEFAULT_SEED, type Framing } from '../../ingest/simulator/park.ts';
import { curvesOf } from '../../ingest/simulator/profile.ts';
import { loadReadings } from '../../ingest/simulator/readings.ts';
import { type RunningPark, runPark } from '../../ingest/simulator/running.ts';
import { openBus } from '../../ingest/simulator/server.ts';
import { openTruth, type Truth } from '../../ingest/simulator/truth.ts';

const HOST = '127.0.0.1';
const AT = Date.parse('2026-11-18T10:20:30+08:00');
const TIMEOUT_MS = 30_000;

const readings = loadReadings();
const curves = curvesOf(readings);
const park = buildPark(DEFAULT_SEED);
const devices = devicesOf(park, { curves, readings });
const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
const truthFile = join(folder, 'truth.jsonl');
let truth: Truth;
let running: RunningPark;
let kept: Record<string, DeviceState> = {};

beforeAll(async () => {
  truth = openTruth(truthFile);
  running = await runPark(park, {
    devices,
    host: HOST,
    ports: {},
    basePort: 25_020,
    startedAt: AT,
    clock: () => AT,
    latencyMs: () => 0,
    keep: (states) => {
      kept = states;
    },
    truth,
  });
});
afterAll(async () => {
  await running.close();
  truth.close();
  rmSync(folder, { recursive: true });
});

const framings = park.gateways.flatMap(({ buses }) => buses);
const busOf = (framing: Framing) => {
  const bus = framings.find((candidate) => candidate.framing === framing);
  if (!bus) throw new Error(`no bus frames ${framing}`);
  return { code: bus.code, port: running.ports[bus.code] ?? 0 };
};

async function withClient<T>(framing: Framing, use: (client: ModbusRTU) => Promise<T>): Promise<T> {
  const client = new ModbusRTU();
  const { port } = busOf(framing);
  if (framing === 'tcp') await client.connectTCP(HOST, { port });
  else await client.connectTelnet(HOST, { port });
  client.setTimeout(TIMEOUT_MS);
  try {
    return await use(client);
  } finally {
    await new Promise<void>((resolve) => client.close(() => resolve()));
  }
}

describe.each<Framing>(['tcp', 'rtu-over-tcp'])('a bus that frames %s', (framing) => {
  test('an independent client reads every meter of the bus as its registers stand', async () => {
    await withClient(framing, async (client) => {
      const meters = park.meters.filter(({ bus }) => bus === busOf(framing).code);
      for (const meter of meters.filter((one) => one.silentBeforeMinutes === null)) {
        client.setID(meter.unit);
        const [address, count] = meter.model === 'DTSY1352-SIM' ? [0x200, 48] : [0, 3];
        const device = devices.get(meter.serial);
        const expected = device && registersAt(device, { address, count, at: AT });
        const { data } = await client.readHoldingRegisters(address, count);
        expect(data).toEqual([...(expected ?? [])]);
      }
      expect(meters.length).toBeGreaterThan(10);
    });
  });

  test('a register that is not there is exception 2, another function exception 1', async () => {
    await withClient(framing, async (client) => {
      client.setID(6);
      await expect(client.readHoldingRegisters(0x300, 1)).rejects.toThrow(/exception 2/i);
      await expect(client.readInputRegisters(0x200, 1)).rejects.toThrow(/exception 1/i);
    });
  });

  test('a forced trip opens the relay, is kept before the reply, and can be taken back', async () => {
    await withClient(framing, async (client) => {
      const meter = park.meters.find(
        ({ bus, role }) => bus === busOf(framing).code && role === 'tenant',
      );
      client.setID(meter?.unit ?? 0);
      await client.writeRegisters(0x57, [1, 1]);
      expect(kept[meter?.serial ?? '']?.force).toEqual({ enabled: 1, trip: 1 });
      expect((await client.readHoldingRegisters(0x224, 1)).data).toEqual([0x0008]);
      await client.writeRegisters(0x57, [0, 0]);
      expect((await client.readHoldingRegisters(0x224, 1)).data).toEqual([0xe000]);
    });
  });

  test('a unit that is not there or fell silent says nothing, and the next one answers', async () => {
    await withClient(framing, async (client) => {
      client.setTimeout(150);
      const silent = park.meters.find(
        ({ bus, silentBeforeMinutes }) => bus === busOf(framing).code && silentBeforeMinutes,
      );
      client.setID(silent?.unit ?? 99);
      await expect(client.readHoldingRegisters(0x200, 1)).rejects.toThrow(/timed out/i);
      client.setTimeout(TIMEOUT_MS);
      client.setID(6);
      expect((await client.readHoldingRegisters(0x200, 1)).data).toEqual([5]);
    });
  });
});

describe('truth', () => {
  test('every reading served stands in the file, word by word', async () => {
    await withClient('tcp', async (client) => {
      client.setID(3);
      const { data } = await client.readHoldingRegisters(0x215, 2);
      const last = JSON.parse(readFileSync(truthFile, 'utf8').trim().split('\n').at(-1) ?? '');
      const hex = data.map((word) => word.toString(16).padStart(4, '0')).join('');
      expect(last).toMatchObject({ at: AT, kind: 'read', address: 0x215, words: hex });
    });
  });
});

describe('broken masters', () => {
  const echo = (latencyMs = 0) =>
    openBus({
      host: HOST,
      port: 0,
      framing: 'tcp',
      answer: (unit, pdu) => Buffer.of(unit, ...pdu),
      latencyMs: () => latencyMs,
    });

  test('a wrong protocol id or length closes the connection', async () => {
    const bus = await echo();
    for (const hex of ['000100070002010300', '00010000ffff0103', '000100000001010300']) {
      const socket = await open(bus.port);
      socket.write(Buffer.from(hex, 'hex'));
      await closed(socket);
    }
    await bus.close();
  });

  test('megabytes of one letter close the connection and nothing else', async () => {
    const bus = await echo();
    const socket = await open(bus.port);
    socket.write(Buffer.alloc(4 * 1024 * 1024, 0x41));
    await closed(socket);
    const next = await open(bus.port);
    next.write(Buffer.from('00010000000201ab', 'hex'));
    expect((await received(next, 9)).toString('hex')).toBe('0001000000030101ab');
    next.destroy();
    await bus.close();
  });

  test('requests in pieces and requests in one piece are answered in order', async () => {
    const bus = await echo();
    const socket = await open(bus.port);
    const two = Buffer.from('000100000002010a' + '000200000002020b', 'hex');
    for (const byte of two.subarray(0, 11)) socket.write(Buffer.of(byte));
    socket.write(two.subarray(11));
    expect((await received(socket, 18)).toString('hex')).toBe(
      '00010000000301010a' + '00020000000302020b',
    );
    socket.destroy();
    await bus.close();
  });

  test('one line: two masters at once wait for each other', async () => {
    const bus = await echo(60);
    const sockets = await Promise.all([open(bus.port), open(bus.port), open(bus.port)]);
    const began = performance.now();
    for (const socket of sockets) socket.write(Buffer.from('000100000002010a', 'hex'));
    await Promise.all(sockets.map((socket) => received(socket, 9)));
    expect(performance.now() - began).toBeGreaterThan(170);
    for (const socket of sockets) socket.destroy();
    await bus.close();
  });

  test('RTU: a wrong checksum is met with silence, the next good frame with an answer', async () => {
    const { port } = busOf('rtu-over-tcp');
    const socket = await open(port);
    socket.write(Buffer.from('050302000001ffff', 'hex'));
    await pause(200);
    socket.write(Buffer.from('05030200', 'hex')); // half a frame, then a pause that ends it
    await pause(200);
    socket.write(Buffer.from('0103020000304466', 'hex'));
    expect((await received(socket, 101)).toString('hex').slice(0, 10)).toBe('0103600005');
    socket.write(Buffer.from('0520020000', 'hex'));
    await pause(200);
    socket.destroy();
  });

  test('a silent unit can be answered for by the gateway, exception 0BH', async () => {
    const bus = await openBus({
      host: HOST,
      port: 0,
      framing: 'tcp',
      answer: () => null,
      latencyMs: () => 0,
      gatewayException: true,
    });
    const socket = await open(bus.port);
    socket.write(Buffer.from('000100000006090302000001', 'hex'));
    expect((await received(socket, 9)).toString('hex')).toBe('00010000000309830b');
    socket.destroy();
    await bus.close();
  });
});

test('a port that is taken is left alone, and the sheet will say so', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, HOST, resolve));
  const address = other.address();
  const taken = typeof address === 'object' && address ? address.port : 0;
  const again = await runPark(park, {
    devices,
    host: HOST,
    ports: { 'G1-1': taken },
    basePort: 26_020,
    startedAt: AT,
    clock: () => AT,
    latencyMs: () => 0,
    keep: () => {},
  });
  expect(again.ports['G1-1']).not.toBe(taken);
  expect(again.notes.join()).toContain(`moved from port ${taken}`);
  await again.close();
  await new Promise((resolve) => other.close(resolve));
});

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: HOST, port, noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  return new Promise((resolve) => socket.once('close', () => resolve()).resume());
}

function received(socket: Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const timer = setTimeout(() => reject(new Error(`only ${got.toString('hex')}`)), TIMEOUT_MS);
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      if (got.length < bytes) return;
      clearTimeout(timer);
      resolve(got);
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

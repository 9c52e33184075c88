/** The strict Modbus reader against gateways that lie, dawdle and hang up (faults 27–33). */
import { afterEach, describe, expect, test } from 'vitest';
import { type Connection, createConnection } from '../../ingest/connection.ts';
import { type Ask, crc16, type Framing, parseReply, requestFrame } from '../../ingest/frame.ts';
import {
  answer,
  counting,
  exception,
  frame,
  type Gateway,
  openGateway,
  type Script,
} from './gateway.ts';

const REQUEST_MS = 1000;
const ASK: Ask = { kind: 'read', unit: 7, address: 100, words: 2 };
const gateways: Gateway[] = [];
const connections: Connection[] = [];

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  for (const gateway of gateways.splice(0)) await gateway.close();
});

async function reach(framing: Framing, script: Script) {
  const gateway = await openGateway(framing, script);
  const connection = createConnection({
    framing,
    host: '127.0.0.1',
    port: gateway.port,
    connectTimeoutMs: 10_000,
    requestTimeoutMs: REQUEST_MS,
  });
  gateways.push(gateway);
  connections.push(connection);
  expect(await connection.open()).toEqual({ outcome: 'connected' });
  return { gateway, connection };
}

describe('frames', () => {
  test.each([
    ['01 03 00 00 00 02', 'C4 0B'],
    ['01 03 00 00 00 0A', 'C5 CD'],
    ['01 03 00 0B 00 06', 'B4 0A'],
    ['01 03 02 00 00 30', '44 66'],
    ['01 03 00 46 00 1C', 'A5 D6'],
    ['01 03 20 00 00 06', 'CE 08'],
    ['01 03 20 06 00 15', '6F C4'],
    ['01 83 02', 'C0 F1'],
    ['01 03 04 00 01 E2 40', 'E2 A3'],
    ['84', 'BF 23'],
  ])('the CRC of %s is %s', (bytes, expected) => {
    const data = Buffer.from(bytes.replaceAll(' ', ''), 'hex');
    const crc = crc16(data, 0, data.length);
    const low = Buffer.from([crc & 0xff, crc >> 8]).toString('hex');
    expect(low.toUpperCase()).toBe(expected.replace(' ', ''));
  });

  test('a trip command is the frame the meters are known to take', () => {
    const trip = requestFrame(
      'rtu-over-tcp',
      { kind: 'write', unit: 1, address: 0x57, values: [1, 1] },
      0,
    );
    expect(trip.toString('hex')).toBe('01100057000204000100012775');
  });

  test('a good answer is one, however it is cut into pieces', () => {
    for (const framing of ['tcp', 'rtu-over-tcp'] as const) {
      const whole = frame(framing, 9, [7, 3, 4, 0, 1, 0, 2]);
      for (let cut = 0; cut < whole.length; cut++) {
        expect(parseReply(framing, ASK, 9, whole.subarray(0, cut)).outcome).toBe('more');
      }
      expect(parseReply(framing, ASK, 9, whole)).toEqual({
        outcome: 'words',
        words: Uint16Array.of(1, 2),
      });
    }
  });
});

describe.each(['tcp', 'rtu-over-tcp'] as const)('over %s', (framing) => {
  test('honest words arrive, request after request on one connection', async () => {
    const { gateway, connection } = await reach(framing, (seen) =>
      answer(framing, seen, counting(seen)),
    );
    for (let i = 0; i < 20; i++) {
      const outcome = await connection.ask({
        kind: 'read',
        unit: 1 + i,
        address: 512 + i,
        words: 48,
      });
      expect(outcome).toMatchObject({ outcome: 'words' });
      if (outcome.outcome === 'words') expect(outcome.words[47]).toBe(512 + i + 47);
    }
    expect(gateway.connections()).toBe(1);
  });

  test('an exception of the asked unit is an answer and the connection stays', async () => {
    const { connection } = await reach(framing, (seen) => exception(framing, seen, 2));
    expect(await connection.ask(ASK)).toEqual({ outcome: 'exception', code: 2 });
    expect(connection.isOpen()).toBe(true);
  });

  test.each<[string, Script]>([
    ['unit', (s) => frame(framing, s.transaction, [8, 3, 4, 0, 1, 0, 2])],
    ['unit', (s) => exception(framing, s, 2, 8)],
    ['function', (s) => frame(framing, s.transaction, [7, 4, 4, 0, 1, 0, 2])],
    ['byte-count', (s) => frame(framing, s.transaction, [7, 3, 0, 0, 1, 0, 2])],
    ['byte-count', (s) => frame(framing, s.transaction, [7, 3, 2, 0, 1, 0, 2])],
    ['byte-count', (s) => frame(framing, s.transaction, [7, 3, 6, 0, 1, 0, 2])],
    ['excess', (s) => Buffer.concat([answer(framing, s, [1, 2]), answer(framing, s, [1, 2])])],
  ])('a reply with a wrong %s is no sample and ends the connection', async (kind, script) => {
    const { connection } = await reach(framing, script);
    expect(await connection.ask(ASK)).toEqual({ outcome: 'violation', kind });
    expect(connection.isOpen()).toBe(false);
  });

  test('40 MB of garbage end the connection at once and leave nothing in memory', async () => {
    const before = process.memoryUsage().rss;
    const { connection } = await reach(framing, ({ socket }) => {
      const chunk = Buffer.alloc(1 << 20, 0x41);
      for (let i = 0; i < 40; i++) socket.write(chunk);
      return undefined;
    });
    const started = performance.now();
    expect(await connection.ask(ASK)).toMatchObject({ outcome: 'violation' });
    expect(performance.now() - started).toBeLessThan(REQUEST_MS);
    expect(connection.isOpen()).toBe(false);
    expect(process.memoryUsage().rss - before).toBeLessThan(90 << 20);
  });

  test('a byte every 150 ms does not stretch the deadline', async () => {
    const { connection } = await reach(framing, async (seen) => {
      for (const byte of answer(framing, seen, [1, 2])) {
        if (seen.socket.destroyed) return undefined;
        seen.socket.write(Buffer.from([byte]));
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      return undefined;
    });
    const started = performance.now();
    expect(await connection.ask(ASK)).toEqual({ outcome: 'timeout' });
    expect(performance.now() - started).toBeLessThan(REQUEST_MS + 5000);
    expect(connection.isOpen()).toBe(false);
  });

  test('a reply after its deadline meets a closed socket, never the next request', async () => {
    const { connection } = await reach(framing, async (seen) => {
      if (seen.index > 0) return answer(framing, seen, [5, 6]);
      await new Promise((resolve) => setTimeout(resolve, REQUEST_MS + 60));
      return answer(framing, seen, [66, 66]);
    });
    expect(await connection.ask(ASK)).toEqual({ outcome: 'timeout' });
    expect(await connection.ask(ASK)).toEqual({ outcome: 'closed' });
    expect(await connection.open()).toEqual({ outcome: 'connected' });
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(await connection.ask(ASK)).toEqual({ outcome: 'words', words: Uint16Array.of(5, 6) });
  });

  test.each<[string, Script]>([
    ['RST', ({ socket }) => void socket.resetAndDestroy()],
    ['FIN', ({ socket }) => void socket.end()],
  ])('a %s while a request is open settles it at once', async (_, script) => {
    const { connection } = await reach(framing, script);
    const started = performance.now();
    expect(await connection.ask(ASK)).toEqual({ outcome: 'closed' });
    expect(performance.now() - started).toBeLessThan(REQUEST_MS);
    expect(connection.isOpen()).toBe(false);
  });

  test('bytes that nobody asked for end the connection', async () => {
    const { gateway, connection } = await reach(framing, (seen) => answer(framing, seen, [1, 2]));
    await connection.ask(ASK);
    gateway.seen[0]?.socket.write(Buffer.from([1, 2, 3]));
    await expect.poll(() => connection.isOpen()).toBe(false);
  });

  test('a write counts as done only when its echo is right', async () => {
    const write: Ask = { kind: 'write', unit: 7, address: 0x57, values: [1, 0] };
    const { connection } = await reach(framing, (seen) =>
      frame(framing, seen.transaction, [7, 16, 0, 0x57, 0, seen.index === 0 ? 2 : 9]),
    );
    expect(await connection.ask(write)).toEqual({ outcome: 'written' });
    expect(await connection.ask(write)).toEqual({ outcome: 'violation', kind: 'echo' });
  });
});

describe('what only one framing can get wrong', () => {
  test.each<[string, Script]>([
    ['transaction', (s) => frame('tcp', s.transaction ^ 0x100, [7, 3, 4, 0, 1, 0, 2])],
    ['protocol', (s) => patched(answer('tcp', s, [1, 2]), 2, 7)],
    ['length', (s) => patched(answer('tcp', s, [1, 2]), 4, 0xffff)],
    ['length', (s) => patched(answer('tcp', s, [1, 2]), 4, 3)],
    ['length', (s) => patched(exception('tcp', s, 2), 4, 7)],
  ])('tcp: a wrong %s ends the connection', async (kind, script) => {
    const { connection } = await reach('tcp', script);
    expect(await connection.ask(ASK)).toEqual({ outcome: 'violation', kind });
    expect(connection.isOpen()).toBe(false);
  });

  test('rtu: a flipped bit ends the connection', async () => {
    const { connection } = await reach('rtu-over-tcp', (s) => {
      const reply = answer('rtu-over-tcp', s, [1, 2]);
      reply[4] = (reply[4] ?? 0) ^ 1;
      return reply;
    });
    expect(await connection.ask(ASK)).toEqual({ outcome: 'violation', kind: 'crc' });
  });

  test('a second request beside an open one is a mistake of ours and is refused', async () => {
    const { connection } = await reach('tcp', () => undefined);
    const first = connection.ask(ASK);
    expect(() => connection.ask(ASK)).toThrow('in flight');
    expect(await first).toEqual({ outcome: 'timeout' });
  });

  test('a gateway that is not there is named, one that never accepts has a deadline', async () => {
    const gateway = await openGateway('tcp', () => undefined);
    await gateway.close();
    const connection = createConnection({
      framing: 'tcp',
      host: '127.0.0.1',
      port: gateway.port,
      connectTimeoutMs: 5000,
      requestTimeoutMs: 200,
    });
    expect(await connection.open()).toEqual({ outcome: 'unreachable', reason: 'ECONNREFUSED' });
  });

  test('a serial bus is foreseen and refused by name', async () => {
    const connection = createConnection({
      framing: 'rtu-serial',
      host: '/dev/ttyS0',
      port: 0,
      connectTimeoutMs: 100,
      requestTimeoutMs: 100,
    });
    expect(await connection.open()).toEqual({
      outcome: 'unreachable',
      reason: 'serial-not-supported',
    });
  });
});

function patched(reply: Buffer, at: number, value: number): Buffer {
  reply.writeUInt16BE(value, at);
  return reply;
}

/**
 * A gateway that lies on demand: a TCP server that reads requests of either framing and answers as a
 * script says. Loopback, a free port, closed by the test that opened it.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { crc16, type Framing } from '../../ingest/frame.ts';

/** One request as the gateway saw it. */
export interface Seen {
  unit: number;
  fn: number;
  address: number;
  /** Registers asked for (03) or written (16). */
  count: number;
  transaction: number;
  socket: Socket;
  /** How many requests came before it, over all connections. */
  index: number;
}

/** What the gateway sends back: bytes, nothing, or whatever it does to the socket itself. */
export type Script = (seen: Seen) => Buffer | undefined | Promise<Buffer | undefined>;

export interface Gateway {
  port: number;
  connections: () => number;
  seen: Seen[];
  close: () => Promise<void>;
}

/** Opens the gateway. `script` answers every request; see `answer` for the honest reply. */
export async function openGateway(framing: Framing, script: Script, port = 0): Promise<Gateway> {
  const sockets = new Set<Socket>();
  const seen: Seen[] = [];
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let buffer = Buffer.alloc(0);
    socket.on('data', async (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      const start = framing === 'tcp' ? 6 : 0;
      const size = framing === 'tcp' ? 12 : 8;
      while (buffer.length >= size) {
        const fn = buffer[start + 1] ?? 0;
        const length = fn === 16 ? size + 1 + (buffer[start + 6] ?? 0) : size;
        if (buffer.length < length) return;
        const request: Seen = {
          unit: buffer[start] ?? 0,
          fn,
          address: buffer.readUInt16BE(start + 2),
          count: buffer.readUInt16BE(start + 4),
          transaction: framing === 'tcp' ? buffer.readUInt16BE(0) : 0,
          socket,
          index: seen.length,
        };
        seen.push(request);
        buffer = buffer.subarray(length);
        const reply = await script(request);
        if (reply && !socket.destroyed) socket.write(reply);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    seen,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A frame around [unit, function, …]: with the header of `tcp` or the CRC of RTU. */
export function frame(framing: Framing, transaction: number, body: readonly number[]): Buffer {
  if (framing === 'tcp') {
    const header = Buffer.alloc(6);
    header.writeUInt16BE(transaction, 0);
    header.writeUInt16BE(body.length, 4);
    return Buffer.concat([header, Buffer.from(body)]);
  }
  const crc = crc16(Uint8Array.from(body), 0, body.length);
  return Buffer.from([...body, crc & 0xff, crc >> 8]);
}

/** The honest answer to a read: these words. */
export function answer(framing: Framing, seen: Seen, words: ArrayLike<number>): Buffer {
  const body = [seen.unit, 3, 2 * words.length];
  for (const word of Array.from(words)) body.push(word >> 8, word & 0xff);
  return frame(framing, seen.transaction, body);
}

/** An exception reply. */
export const exception = (framing: Framing, seen: Seen, code: number, unit = seen.unit): Buffer =>
  frame(framing, seen.transaction, [unit, seen.fn | 0x80, code]);

/** Words counting up from the address: every register says its own address. */
export const counting = (seen: Seen): number[] =>
  Array.from({ length: seen.count }, (_, i) => (seen.address + i) & 0xffff);

/** The block 0200H of a DTSY whose energy register holds `raw`, as it answers a read of 48 words. */
export function dtsyWords(raw: number): Uint16Array {
  const words = new Uint16Array(48);
  words.set([5, 2300, 2300, 2300, 100, 100, 100]);
  words.set([1, 1, raw >>> 16, raw & 0xffff], 0x13);
  return words;
}

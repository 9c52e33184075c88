/**
 * One bus of the park as a Modbus server on a loopback port: a single line, so requests are answered one after
 * the other whoever asks; units that are not there say nothing, as on a real line.
 */
import { createServer, type Socket } from 'node:net';
import type { Framing } from './park.ts';
import { frameReply, type Request, takeRequest } from './wire.ts';

export interface BusOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  framing: Framing;
  /**
   * Answers a request (function code and data) of a unit; null is silence. It may be slow to return when the answer must
   * be on disk first.
   */
  answer: (unit: number, pdu: Buffer) => Buffer | null;
  /** How long the next reply takes, ms. */
  latencyMs: () => number;
  /** Answer for a unit that is silent or unknown with exception 0BH, as some gateways do, instead of saying nothing. */
  gatewayException?: boolean;
}

export interface Bus {
  port: number;
  /** Closes the port and every connection. */
  close: () => Promise<void>;
}

/** Bytes of an unfinished RTU frame are dropped after so long a pause. */
const RTU_GAP_MS = 50;
/** Requests that may wait on one connection; a master with more is not asking one at a time and is shut out. */
const WAITING_MAX = 64;
/** Nothing longer than this is ever collected from one connection. */
const BYTES_MAX = 64 * 1024;
const CONNECTIONS_MAX = 64;
const GATEWAY_TARGET_SILENT = 0x0b;

/** Opens the port and answers until closed. Rejects with EADDRINUSE and the like. */
export function openBus(options: BusOptions): Promise<Bus> {
  const sockets = new Set<Socket>();
  const line = lineOf();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A master that goes away in the middle is ordinary; 'close' follows and cleans up.
    socket.on('error', () => {});
    listenTo(socket, options, line);
  });
  server.maxConnections = CONNECTIONS_MAX;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port, exclusive: true }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address ? address.port : options.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}

/** A line carries one exchange at a time: tasks run in order, each after the one before is done. */
type Line = (task: () => Promise<void>) => void;

function lineOf(): Line {
  let last = Promise.resolve();
  return (task) => {
    last = last.then(task);
  };
}

function listenTo(socket: Socket, options: BusOptions, line: Line) {
  const { framing } = options;
  let received: Buffer = Buffer.alloc(0);
  let waiting = 0;
  let gap: NodeJS.Timeout | undefined;
  socket.once('close', () => clearTimeout(gap));
  socket.on('data', (chunk) => {
    clearTimeout(gap);
    received = received.length ? Buffer.concat([received, chunk]) : chunk;
    if (received.length > BYTES_MAX) return void socket.destroy();
    for (;;) {
      const taken = takeRequest(framing, received);
      if (taken.outcome === 'incomplete') break;
      if (taken.outcome === 'garbage') {
        received = Buffer.alloc(0);
        if (framing === 'tcp') socket.destroy();
        return;
      }
      received = taken.rest;
      if (++waiting > WAITING_MAX) return void socket.destroy();
      line(async () => {
        await exchange(socket, options, taken.request);
        waiting--;
      });
    }
    if (received.length && framing === 'rtu-over-tcp')
      gap = setTimeout(() => {
        received = Buffer.alloc(0);
      }, RTU_GAP_MS);
  });
}

async function exchange(socket: Socket, options: BusOptions, request: Request) {
  if (socket.destroyed) return;
  const delay = options.latencyMs();
  if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
  if (socket.destroyed) return;
  const reply =
    options.answer(request.unit, request.pdu) ??
    (options.gatewayException && request.unit !== 0
      ? Buffer.of((request.pdu[0] ?? 0) | 0x80, GATEWAY_TARGET_SILENT)
      : null);
  if (reply) socket.write(frameReply(options.framing, request, reply));
}

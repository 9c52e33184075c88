/**
 * One connection to one bus: one request in flight, a deadline on everything, and a socket that is
 * destroyed after any time-out or violation, so that no late reply can pass for a fresh one.
 */
import { connect as connectSocket, type Socket } from 'node:net';
import {
  type Ask,
  type Framing,
  MAX_FRAME_BYTES,
  type Parsed,
  parseReply,
  requestFrame,
  type Violation,
} from './frame.ts';

export interface Endpoint {
  framing: Framing;
  host: string;
  port: number;
  connectTimeoutMs: number;
  requestTimeoutMs: number;
}

export type Connected = { outcome: 'connected' } | { outcome: 'unreachable'; reason: string };

export type Outcome =
  | { outcome: 'words'; words: Uint16Array }
  | { outcome: 'written' }
  | { outcome: 'masked'; number: string }
  | { outcome: 'exception'; code: number }
  | { outcome: 'timeout' }
  | { outcome: 'closed' }
  | { outcome: 'violation'; kind: Violation };

export interface Connection {
  /** Opens the socket within the connect deadline; at once when it is open. Never throws. */
  open: () => Promise<Connected>;
  isOpen: () => boolean;
  /** Sends one request and settles before its deadline. Throws only when called wrongly. */
  ask: (ask: Ask) => Promise<Outcome>;
  close: () => void;
}

const KEEP_ALIVE_MS = 30_000;
const TRANSACTIONS = 0x10000;
/** Taken from the socket at a time: more than any frame, so that a flood is seen as one. */
const CHUNK_BYTES = 512;

/**
 * A connection that is not open yet.
 * @example
 * const bus = createConnection(endpoint);
 * if ((await bus.open()).outcome === 'connected') await bus.ask({ kind: 'read', unit: 1, address: 0x200, words: 48 });
 */
export function createConnection(endpoint: Endpoint): Connection {
  let socket: Socket | undefined;
  let opening: Socket | undefined;
  let transaction = 0;
  let open: { ask: Ask; settle: (outcome: Outcome) => void } | undefined;
  /** What has come of an answer that arrives in pieces. */
  const pieces = Buffer.allocUnsafe(MAX_FRAME_BYTES);
  let pieceBytes = 0;

  function drop(outcome: Outcome): void {
    socket?.destroy();
    socket = undefined;
    open?.settle(outcome);
  }

  function receive(chunk: Buffer): void {
    const parsed = judge(chunk);
    if (parsed.outcome === 'violation') drop(parsed);
    else if (parsed.outcome !== 'more') open?.settle(parsed);
  }

  function judge(chunk: Buffer): Parsed {
    if (!open) return { outcome: 'violation', kind: 'unsolicited' };
    const { ask: request } = open;
    if (pieceBytes + chunk.length > MAX_FRAME_BYTES) {
      // A flood: its first bytes name what is wrong, nothing of it is kept.
      const head = Buffer.concat([pieces.subarray(0, pieceBytes), chunk]);
      const parsed = parseReply(endpoint.framing, request, transaction, head);
      return parsed.outcome === 'violation' ? parsed : { outcome: 'violation', kind: 'excess' };
    }
    // Nearly every answer comes whole and is judged where it lies.
    const isFirst = pieceBytes === 0;
    const received = isFirst ? chunk : withPiece(chunk);
    const parsed = parseReply(endpoint.framing, request, transaction, received);
    if (isFirst && parsed.outcome === 'more') withPiece(chunk);
    return parsed;
  }

  function withPiece(chunk: Buffer): Buffer {
    pieceBytes += chunk.copy(pieces, pieceBytes);
    return pieces.subarray(0, pieceBytes);
  }

  function openSocket(): Promise<Connected> {
    if (socket) return Promise.resolve({ outcome: 'connected' });
    // Foreseen, not built: a serial bus is reached through a gateway for now.
    if (endpoint.framing === 'rtu-serial') {
      return Promise.resolve({ outcome: 'unreachable', reason: 'serial-not-supported' });
    }
    return new Promise((resolve) => {
      // One buffer for all that comes: the stream would allocate 64 kB for every answer of 100 bytes.
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const fresh = connectSocket({
        ...{ host: endpoint.host, port: endpoint.port, noDelay: true },
        onread: {
          buffer: chunk,
          callback: (bytes) => {
            if (socket === fresh) receive(chunk.subarray(0, bytes));
            return true;
          },
        },
      });
      opening = fresh;
      const fail = (reason: string) => {
        clearTimeout(deadline);
        fresh.destroy();
        resolve({ outcome: 'unreachable', reason });
      };
      const deadline = setTimeout(() => fail('timeout'), endpoint.connectTimeoutMs);
      fresh.setKeepAlive(true, KEEP_ALIVE_MS);
      fresh.once('connect', () => {
        clearTimeout(deadline);
        socket = fresh;
        resolve({ outcome: 'connected' });
      });
      // After the connection stands these two also settle whatever request is open (fault 33).
      fresh.on('error', (error: NodeJS.ErrnoException) => {
        fail(error.code ?? 'error');
        if (socket === fresh) drop({ outcome: 'closed' });
      });
      fresh.on('close', () => {
        fail('closed');
        if (socket === fresh) drop({ outcome: 'closed' });
      });
    });
  }

  function ask(request: Ask): Promise<Outcome> {
    if (open) throw new Error('one request at a time: another is in flight on this bus');
    const current = socket;
    if (!current) return Promise.resolve({ outcome: 'closed' });
    // 16 bit, as on the wire; a wrap cannot meet a late reply: any time-out ended the socket.
    transaction = (transaction + 1) % TRANSACTIONS;
    pieceBytes = 0;
    return new Promise((resolve) => {
      const deadline = setTimeout(() => drop({ outcome: 'timeout' }), endpoint.requestTimeoutMs);
      open = {
        ask: request,
        settle: (outcome) => {
          clearTimeout(deadline);
          open = undefined;
          resolve(outcome);
        },
      };
      current.write(requestFrame(endpoint.framing, request, transaction));
    });
  }

  return {
    open: openSocket,
    isOpen: () => socket !== undefined,
    ask,
    close: () => {
      opening?.destroy();
      drop({ outcome: 'closed' });
    },
  };
}

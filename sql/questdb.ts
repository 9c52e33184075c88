/** QuestDB over HTTP: statements, line-protocol writes, exports, and whether the WAL is applied. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface Questdb {
  /** Runs one statement; rows as arrays in the order of `columns`. Throws QuestdbError. */
  exec: (statement: string, options?: { timeoutMs?: number }) => Promise<QuestdbResult>;
  /** Writes line protocol; resolves when QuestDB has acknowledged (not yet: when it is readable). */
  write: (lines: string | Uint8Array, options?: { timeoutMs?: number }) => Promise<void>;
  /** Streams the result of a query into a Parquet file, put in place by rename. */
  exportParquet: (query: string, file: string, options?: { timeoutMs?: number }) => Promise<void>;
  /** The result of a query as a stream of CSV with a head; an instant has its microseconds. */
  exportCsv: (query: string, options?: { timeoutMs?: number }) => Promise<Readable>;
  /** The state of every WAL table. `lag` counts transactions acknowledged but not yet readable. */
  walTables: () => Promise<WalTable[]>;
  /**
   * Waits until everything acknowledged so far is readable in these tables. Throws QuestdbError
   * with kind `suspended` when a table is suspended (its acknowledged rows are hidden until a
   * person resumes it), `lagging` when the deadline passes.
   */
  settled: (tables: readonly string[], options?: { timeoutMs?: number }) => Promise<void>;
}

export interface QuestdbResult {
  columns: string[];
  rows: (string | number | boolean | null)[][];
}

export interface WalTable {
  name: string;
  suspended: boolean;
  lag: number;
}

type Kind = 'refused' | 'unreachable' | 'suspended' | 'lagging';

/** `refused`: QuestDB answered with an error (status says which); `unreachable`: it did not answer. */
export class QuestdbError extends Error {
  override name = 'QuestdbError';
  constructor(
    readonly kind: Kind,
    message: string,
    readonly status?: number,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

const STATEMENT_TIMEOUT_MS = 30_000;
const WRITE_TIMEOUT_MS = 30_000;
const EXPORT_TIMEOUT_MS = 300_000;
const SETTLE_TIMEOUT_MS = 60_000;

/** `url` is `http://[user:password@]host:port`; see `questdbUrl` for a client configuration string. */
export function openQuestdb({ url }: { url: string }): Questdb {
  const { origin, username, password } = new URL(url);
  const headers: Record<string, string> = username
    ? { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
    : {};

  async function ask(path: string, init: RequestInit, timeoutMs: number): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(origin + path, {
        ...init,
        headers,
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (cause) {
      throw new QuestdbError('unreachable', `QuestDB does not answer at ${origin}`, undefined, {
        cause,
      });
    }
    if (response.ok) return response;
    const text = (await response.text()).slice(0, 2000);
    throw new QuestdbError('refused', `QuestDB refused: ${text}`, response.status);
  }

  const exec: Questdb['exec'] = async (statement, { timeoutMs = STATEMENT_TIMEOUT_MS } = {}) => {
    const response = await ask(
      `/exec?query=${encodeURIComponent(statement)}&timings=false`,
      {},
      timeoutMs,
    );
    const body = (await response.json()) as {
      columns?: { name: string }[];
      dataset?: QuestdbResult['rows'];
    };
    return { columns: (body.columns ?? []).map((c) => c.name), rows: body.dataset ?? [] };
  };

  const write: Questdb['write'] = async (lines, { timeoutMs = WRITE_TIMEOUT_MS } = {}) => {
    const body = typeof lines === 'string' ? lines : new Uint8Array(lines);
    await (await ask('/write?precision=n', { method: 'POST', body }, timeoutMs)).arrayBuffer();
  };

  const exportParquet: Questdb['exportParquet'] = async (query, file, options = {}) => {
    const { timeoutMs = EXPORT_TIMEOUT_MS } = options;
    const path = `/exp?fmt=parquet&query=${encodeURIComponent(query)}`;
    const response = await ask(path, {}, timeoutMs);
    if (!response.body) throw new QuestdbError('refused', 'QuestDB sent an empty export');
    const part = `${file}.part`;
    try {
      await pipeline(asNodeStream(response.body), createWriteStream(part));
      await rename(part, file);
    } catch (cause) {
      await rm(part, { force: true });
      // That is our own disk, not QuestDB.
      if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') throw cause;
      throw new QuestdbError('unreachable', 'the export broke off', undefined, { cause });
    }
  };

  const exportCsv: Questdb['exportCsv'] = async (query, { timeoutMs = EXPORT_TIMEOUT_MS } = {}) => {
    const response = await ask(`/exp?query=${encodeURIComponent(query)}`, {}, timeoutMs);
    if (!response.body) throw new QuestdbError('refused', 'QuestDB sent an empty export');
    return asNodeStream(response.body);
  };

  const walTables: Questdb['walTables'] = async () => {
    const { columns, rows } = await exec('wal_tables()');
    const at = (name: string) => columns.indexOf(name);
    const [name, suspended, writer, sequencer] = [
      at('name'),
      at('suspended'),
      at('writerTxn'),
      at('sequencerTxn'),
    ];
    return rows.map((row) => ({
      name: String(row[name]),
      suspended: row[suspended] === true,
      lag: Number(row[sequencer]) - Number(row[writer]),
    }));
  };

  const settled: Questdb['settled'] = async (tables, { timeoutMs = SETTLE_TIMEOUT_MS } = {}) => {
    const { columns, rows } = await exec('wal_tables()');
    const cut = new Map(
      rows.map((row) => [
        row[columns.indexOf('name')],
        Number(row[columns.indexOf('sequencerTxn')]),
      ]),
    );
    const attempts = Math.ceil(timeoutMs / SETTLE_PAUSE_MS);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const now = await exec('wal_tables()');
      const rowOf = new Map(now.rows.map((row) => [row[now.columns.indexOf('name')], row]));
      const stuck = tables.find((t) => rowOf.get(t)?.[now.columns.indexOf('suspended')] === true);
      if (stuck) {
        throw new QuestdbError(
          'suspended',
          `QuestDB has suspended table ${stuck}: acknowledged rows are hidden until it is resumed`,
        );
      }
      const writerTxn = now.columns.indexOf('writerTxn');
      const applied = tables.every(
        (t) => !rowOf.has(t) || Number(rowOf.get(t)?.[writerTxn]) >= (cut.get(t) ?? 0),
      );
      if (applied) return;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_PAUSE_MS));
    }
    throw new QuestdbError('lagging', `QuestDB has not applied its WAL within ${timeoutMs} ms`);
  };

  return { exec, write, exportParquet, exportCsv, walTables, settled };
}

const SETTLE_PAUSE_MS = 50;

// fetch's stream and node:stream/web's are the same object; only their two type files disagree.
const asNodeStream = (body: NonNullable<Response['body']>) =>
  Readable.fromWeb(body as unknown as Parameters<typeof Readable.fromWeb>[0]);

/**
 * The address within a QuestDB client configuration string such as
 * `http::addr=localhost:9000;username=admin;password=quest;`. Throws with what is wrong.
 */
export function questdbUrl(conf: string): string {
  const match = /^(https?)::(.*)$/s.exec(conf.trim());
  if (!match) throw new Error('QDB_CLIENT_CONF must begin with http:: or https::');
  const values = new Map(
    (match[2] ?? '')
      .split(';')
      .filter(Boolean)
      .map((pair) => {
        const cut = pair.indexOf('=');
        return [pair.slice(0, cut).trim(), pair.slice(cut + 1).trim()] as const;
      }),
  );
  const address = values.get('addr');
  if (!address) throw new Error('QDB_CLIENT_CONF needs addr=host:port');
  const url = new URL(`${match[1]}://${address}`);
  if (!url.port) url.port = '9000';
  url.username = values.get('username') ?? '';
  url.password = values.get('password') ?? '';
  return url.toString().replace(/\/$/, '');
}

/** The same question put to what one would use instead: plain PostgreSQL, ClickHouse's embedded engine. */
import { spawn, spawnSync } from 'node:child_process';
import { createReadStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { openDuckdb } from '../../../sql/duckdb.ts';
import { startPostgres } from '../../../sql/postgres-server.ts';
import { median } from '../measure.ts';
import { filesText } from './warehouse.ts';

const PASSWORD = 'bench';
const CHDB_TIMEOUT_MS = 600_000;

/**
 * Fills a cluster of its own with quarter-hours and their calendar, as plain tables with the key that
 * reports would want. Made once: loading takes minutes.
 */
export async function fillPostgres(
  folder: string,
  {
    cacheFolder,
    intervals,
    calendars,
  }: { cacheFolder: string; intervals: string[]; calendars: string[] },
  say: (line: string) => void,
): Promise<void> {
  // Nobody needs this copy after a power cut, and it is as fast to read as any other.
  const settings = {
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
  };
  const server = await startPostgres({ folder, cacheFolder, password: PASSWORD, settings });
  const duckdb = await openDuckdb({ memory: '2GB', threads: 2 });
  const client = new pg.Client({ connectionString: server.url });
  try {
    await client.connect();
    await client.query(
      `CREATE TABLE intervals (point bigint, local_day date, local_slot smallint, quantity bigint)`,
    );
    await client.query(
      `CREATE TABLE calendars (local_day date, local_slot smallint, rank smallint)`,
    );
    const connection = await duckdb.connect();
    for (const file of intervals) {
      say(`PostgreSQL takes ${file.slice(-24)}`);
      await copy(`SELECT point, local_day, local_slot, quantity FROM '${file}'`, 'intervals');
    }
    await copy(
      `SELECT local_day, local_slot, rank FROM read_parquet(${filesText(calendars)}) WHERE commodity = 'electricity'`,
      'calendars',
    );
    connection.closeSync();
    say('PostgreSQL makes its index and its statistics');
    await client.query('CREATE INDEX ON intervals (point, local_day)');
    await client.query('VACUUM ANALYZE');

    async function copy(rows: string, table: string): Promise<void> {
      const file = join(folder, 'load.csv');
      await connection.run(`COPY (${rows}) TO '${file}' (FORMAT csv, HEADER false)`);
      const into = client.query(copyFrom(`COPY ${table} FROM STDIN (FORMAT csv)`));
      await pipeline(createReadStream(file), into);
      rmSync(file);
    }
  } finally {
    await client.end();
    duckdb.close();
    await server.stop();
  }
}

/** Milliseconds of each of `times` runs in PostgreSQL, after one that warms it up. */
export async function askPostgres(
  folder: string,
  { cacheFolder, statement, times }: { cacheFolder: string; statement: string; times: number },
): Promise<{ medianMs: number; rows: number }> {
  const settings = {
    shared_buffers: '1GB',
    work_mem: '256MB',
    max_parallel_workers_per_gather: '2',
  };
  const server = await startPostgres({ folder, cacheFolder, password: PASSWORD, settings });
  const client = new pg.Client({ connectionString: server.url });
  try {
    await client.connect();
    const taken: number[] = [];
    let rows = 0;
    for (let time = 0; time <= times; time++) {
      const began = performance.now();
      rows = (await client.query(statement)).rows.length;
      if (time > 0) taken.push(performance.now() - began);
    }
    return { medianMs: median(taken), rows };
  } finally {
    await client.end();
    await server.stop();
  }
}

/** The same in chdb, where python3 has it; undefined where not. It is only looked for, never installed. */
export async function askClickhouse({
  statement,
  times,
}: {
  statement: string;
  times: number;
}): Promise<{ medianMs: number; rows: number; version: string } | undefined> {
  const found = spawnSync('python3', ['-c', 'import chdb; print(chdb.__version__)'], {
    encoding: 'utf8',
  });
  if (found.status !== 0) return undefined;
  const child = spawn('python3', ['-c', CHDB, statement, String(times)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: CHDB_TIMEOUT_MS,
  });
  let text = '';
  for await (const piece of child.stdout) text += piece;
  const { ms, rows } = JSON.parse(text) as { ms: number[]; rows: number }; // The script below.
  return { medianMs: median(ms), rows, version: found.stdout.trim() };
}

const CHDB = `
import sys, time, json, chdb
statement, times = sys.argv[1], int(sys.argv[2])
ms = []
for i in range(times + 1):
    began = time.perf_counter()
    answer = str(chdb.query(statement, 'CSV'))
    if i > 0: ms.append(1000 * (time.perf_counter() - began))
print(json.dumps({'ms': ms, 'rows': len(answer.strip().split(chr(10)))}))
`;

/** The embedded PostgreSQL through kill −9, adoption and a clean stop, with its settings of production. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../sql/postgres-server.ts';
import { isAlive } from '../../sql/process.ts';
import { Refusal } from '../../sql/refusal.ts';

const top = mkdtempSync(join(tmpdir(), 'wattledger-postgres-'));
const options = {
  folder: join(top, 'postgres'),
  cacheFolder: inject('cacheFolder'),
  password: 'a pass/word: 100% odd?',
};
let server: PostgresServer;

async function ask(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  server = await startPostgres(options);
  await ask(server.url, 'CREATE TABLE kept (n int)');
});
afterAll(async () => {
  await server?.stop();
  rmSync(top, { recursive: true, force: true });
});

describe('the embedded PostgreSQL', () => {
  test('is version 18, listens on loopback only, wants a password and loses nothing committed', async () => {
    const rows = await ask(
      server.url,
      `SELECT current_setting('server_version_num')::int / 10000 AS version,
        current_setting('listen_addresses') AS listens, current_setting('unix_socket_directories') AS sockets,
        current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commits,
        current_setting('TimeZone') AS zone, pg_encoding_to_char(encoding) AS encoding
       FROM pg_database WHERE datname = current_database()`,
    );
    expect(rows).toEqual([
      {
        version: 18,
        listens: '127.0.0.1',
        sockets: '',
        fsync: 'on',
        commits: 'on',
        zone: 'UTC',
        encoding: 'UTF8',
      },
    ]);
    const wrong = Object.assign(new URL(server.url), { password: 'guess' }).toString();
    await expect(ask(wrong, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test('that still runs is adopted by the next start, with its connections', async () => {
    const again = await startPostgres(options);
    expect(again).toMatchObject({ adopted: true, url: server.url, mark: server.mark });
  });

  test('comes back after kill −9 at the same address with everything committed', async () => {
    await ask(server.url, 'INSERT INTO kept VALUES (1)');
    const busy = new pg.Client({ connectionString: server.url });
    busy.on('error', () => {});
    await busy.connect();
    await busy.query('BEGIN; INSERT INTO kept VALUES (2)');
    process.kill(server.mark.pid, 'SIGKILL');
    const again = await startPostgres(options);
    expect(again).toMatchObject({ adopted: false, url: server.url });
    server = again;
    expect(await ask(server.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await busy.end().catch(() => {});
  });

  test('starts although its old pid belongs to somebody else now', async () => {
    await server.stop();
    const lock = join(options.folder, 'postmaster.pid');
    writeFileSync(lock, `${process.pid}\n${options.folder}\n1\n5432\n\n127.0.0.1\n1 1\nready\n`);
    server = await startPostgres(options);
    expect(await ask(server.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  test('stops with nothing left behind', async () => {
    await server.stop();
    expect(isAlive(server.mark)).toBe(false);
    expect(existsSync(join(options.folder, 'postmaster.pid'))).toBe(false);
    server = await startPostgres(options);
  });

  test('refuses to start with a password that is not the one of its data', async () => {
    const start = startPostgres({ ...options, password: 'another' });
    await expect(start).rejects.toThrow(Refusal);
    await expect(start).rejects.toThrow('put back the secrets file');
  });

  test.runIf(process.getuid?.() === 0)(
    'runs as its own user although only root may enter the folder above',
    async () => {
      const closed = join(top, 'closed');
      mkdirSync(closed, { mode: 0o700 });
      const inner = await startPostgres({ ...options, folder: join(closed, 'data', 'postgres') });
      try {
        const status = readFileSync(`/proc/${inner.mark.pid}/status`, 'utf8');
        expect(Number(/^Uid:\s+(\d+)/m.exec(status)?.[1])).not.toBe(0);
        expect(await ask(inner.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
      } finally {
        await inner.stop();
      }
    },
  );

  test('a first start that was cut short begins again', async () => {
    const folder = join(top, 'torn');
    mkdirSync(folder);
    writeFileSync(join(folder, 'PG_VERSION'), '18\n');
    const torn = await startPostgres({ ...options, folder });
    expect(await ask(torn.url, 'SELECT current_database() AS d')).toEqual([{ d: 'wattledger' }]);
    await torn.stop();
  });
});

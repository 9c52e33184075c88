/** The embedded QuestDB through kill −9, adoption and a clean stop. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { isAlive } from '../../sql/process.ts';
import { openQuestdb } from '../../sql/questdb.ts';
import { obtainQuestdb, type QuestdbParts } from '../../sql/questdb-jar.ts';
import { type QuestdbServer, startQuestdb } from '../../sql/questdb-server.ts';

const top = mkdtempSync(join(tmpdir(), 'wattledger-questdb-'));
const where = { cacheFolder: inject('cacheFolder'), path: process.env.PATH };
const folder = join(top, 'questdb');
const password = 'x'.repeat(20);
let parts: QuestdbParts;
let server: QuestdbServer;
const start = () => startQuestdb({ folder, ...parts, password, heapMb: 256 });

beforeAll(async () => {
  parts = await obtainQuestdb({ ...where, javaHome: process.env.JAVA_HOME });
  server = await start();
  await openQuestdb({ url: server.url }).exec(
    'CREATE TABLE kept (ts TIMESTAMP, n LONG) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts)',
  );
});
afterAll(async () => {
  await server?.stop();
  rmSync(top, { recursive: true, force: true });
});

describe('the embedded QuestDB', () => {
  test('wants its password, also to read', async () => {
    const { origin } = new URL(server.url);
    expect((await fetch(`${origin}/exec?query=SELECT%201`)).status).toBe(401);
  });

  test('makes neither a table nor a column for a line that misspells one', async () => {
    const questdb = openQuestdb({ url: server.url });
    await expect(questdb.write('kpet n=1i 1000000000\n')).rejects.toMatchObject({ status: 400 });
    await expect(questdb.write('kept m=1i 1000000000\n')).rejects.toMatchObject({ status: 400 });
  });

  test('that still runs is adopted by the next start', async () => {
    expect(await start()).toMatchObject({ adopted: true, url: server.url });
  });

  test('comes back after kill −9 at the same address with everything acknowledged', async () => {
    const lines = Array.from({ length: 5_000 }, (_, n) => `kept n=${n}i ${n + 1}000000\n`);
    await openQuestdb({ url: server.url }).write(lines.join(''));
    process.kill(server.mark.pid, 'SIGKILL');
    const again = await start();
    expect(again).toMatchObject({ adopted: false, url: server.url });
    server = again;
    const questdb = openQuestdb({ url: server.url });
    await questdb.settled(['kept']);
    expect((await questdb.exec('SELECT count(), sum(n) FROM kept')).rows).toEqual([
      [5_000, 12_497_500],
    ]);
  });

  test('stops cleanly and keeps what it has', async () => {
    await server.stop();
    expect(isAlive(server.mark)).toBe(false);
    server = await start();
    const { rows } = await openQuestdb({ url: server.url }).exec('SELECT count() FROM kept');
    expect(rows).toEqual([[5_000]]);
  });
});

describe('what QuestDB is run from', () => {
  test('a jar of another content is never kept: it is fetched again until its digest is right', async () => {
    const cacheFolder = join(top, 'cache');
    const answers = ['not a jar', 'nor this', readFileSync(parts.jar)];
    const asked: string[] = [];
    const repository = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(answers.shift());
    });
    await new Promise<void>((listening) => repository.listen(0, '127.0.0.1', listening));
    const { port } = repository.address() as AddressInfo;
    const from = { ...where, cacheFolder, repository: `http://127.0.0.1:${port}/` };
    try {
      const { jar } = await obtainQuestdb(from);
      expect(asked).toEqual(Array(3).fill('/org/questdb/questdb/9.3.4/questdb-9.3.4.jar'));
      await obtainQuestdb(from);
      expect(asked).toHaveLength(3);
      writeFileSync(jar, 'damaged on disk');
      await expect(obtainQuestdb(from)).rejects.toThrow(
        /^QuestDB cannot be fetched .*put questdb-/,
      );
      expect(readdirSync(cacheFolder)).toEqual(['questdb-9.3.4.jar']);
    } finally {
      repository.close();
    }
  });

  test('a JAVA_HOME without a Java is refused by name', async () => {
    await expect(obtainQuestdb({ ...where, javaHome: top })).rejects.toThrow(
      /^JAVA_HOME \(.*\) holds no Java 17 or newer/,
    );
  });
});

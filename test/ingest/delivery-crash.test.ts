/**
 * A QuestDB of its own, killed with SIGKILL while batches arrive: every acknowledged row is there
 * once (fault 2). SOAK=1 kills it more often, with more rows.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startDelivery } from '../../ingest/delivery.ts';
import { encodeSample } from '../../ingest/sample.ts';
import { openSpool } from '../../ingest/spool.ts';
import { migrateQuestdb } from '../../sql/migrate.ts';
import { openQuestdb } from '../../sql/questdb.ts';
import { obtainQuestdb } from '../../sql/questdb-jar.ts';
import { type QuestdbServer, startQuestdb } from '../../sql/questdb-server.ts';

const soak = process.env.SOAK === '1';
const KILLS = soak ? 6 : 1;
const ROWS = soak ? 400_000 : 60_000;

let folder: string;
let server: QuestdbServer;
let start: () => Promise<QuestdbServer>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'delivery-crash-'));
  const { PATH: path, JAVA_HOME: javaHome } = process.env;
  const parts = await obtainQuestdb({
    cacheFolder: inject('cacheFolder'),
    javaHome,
    path,
    say: () => {},
  });
  start = () =>
    startQuestdb({ folder: join(folder, 'questdb'), ...parts, password: 'test', heapMb: 256 });
  server = await start();
  await migrateQuestdb({ url: server.url });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

test(
  'killed while rows arrive, QuestDB has every row once in the end',
  async () => {
    const spool = await openSpool({
      dir: join(folder, 'spool'),
      clock: () => new Date(),
      onAlarm: () => {},
    });
    for (let i = 0; i < ROWS; i++) {
      spool.append(
        encodeSample({
          projectId: '1',
          meterId: String(100 + (i % 50)),
          atMs: Date.UTC(2026, 10, 1) + Math.floor(i / 50) * 1000,
          quality: 'ok',
          deviceClockMs: undefined,
          channels: { active_wh: i * 10, voltage_a_v: 230.1 },
        }),
      );
    }
    const delivery = startDelivery({
      spool,
      write: (lines) => openQuestdb({ url: server.url }).write(lines),
      beforeRelease: async () => {},
      rejectedFile: join(folder, 'rejected.txt'),
      random: () => 0.5,
      onAlarm: () => {},
      lingerMs: 1,
      batchBytes: 200_000,
    });
    for (let kill = 1; kill <= KILLS; kill++) {
      const share = (kill / (KILLS + 1)) * ROWS;
      await expect
        .poll(() => delivery.stats().deliveredRows, { timeout: 60_000, interval: 5 })
        .toBeGreaterThan(share);
      process.kill(server.mark.pid, 'SIGKILL');
      server = await start();
    }
    await delivery.drained();
    const questdb = openQuestdb({ url: server.url });
    await questdb.settled(['samples']);
    const { rows } = await questdb.exec(
      'SELECT count(), count_distinct(active_wh), min(active_wh), max(active_wh) FROM samples',
    );
    expect(rows[0]).toEqual([ROWS, ROWS, 0, (ROWS - 1) * 10]);
    expect(delivery.stats()).toMatchObject({ deliveredRows: ROWS, rejectedRows: 0 });
    expect(delivery.stats().failures).toBeGreaterThan(0);
    await delivery.stop();
    await spool.close();
  },
  soak ? 600_000 : 90_000,
);

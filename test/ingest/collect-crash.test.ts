/**
 * The whole ingest process, killed and killed again: what the meters said is stored exactly once
 * (faults 1, 6, 10). SOAK=1 runs the long form.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openQuestdb } from '../../sql/questdb.ts';
import { eventually } from '../patience.ts';
import { type FreshDatabase, freshDatabase } from '../servers.ts';
import { openPark, type Park, type Running, runIngest } from './collect-park.ts';

const soak = process.env.SOAK === '1';
const KILLS = soak ? 40 : 4;
const BUSES = 4;
const METERS = 5;
const RAW_WH = 10;

let database: FreshDatabase;
let dataFolder: string;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  dataFolder = await mkdtemp(join(tmpdir(), 'ingest-'));
});
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  await database.close();
  await rm(dataFolder, { recursive: true });
});

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const start = async (questdbUrl = database.questdbUrl): Promise<Running> => {
  const running = await runIngest({ databaseUrl: database.urls.ingest, questdbUrl, dataFolder });
  cleanups.push(async () => running.child.kill('SIGKILL'));
  return running;
};

/** What is stored: by meter, raw register value → how often. */
async function storedIn(park: Park): Promise<Map<string, Map<number, number>>> {
  const questdb = openQuestdb({ url: database.questdbUrl });
  await questdb.settled(['samples']);
  const { rows } = await questdb.exec(
    `SELECT meter, active_wh, count() FROM samples WHERE project = '${park.projectId}'`,
  );
  const stored = new Map<string, Map<number, number>>();
  for (const [meter, wh, count] of rows) {
    const values = stored.get(String(meter)) ?? new Map<number, number>();
    stored.set(String(meter), values.set(Number(wh) / RAW_WH, Number(count)));
  }
  return stored;
}

/** Served but not stored; fails at once on anything invented or doubled. */
async function missingFrom(park: Park): Promise<number> {
  const stored = await storedIn(park);
  let missing = 0;
  for (const [meter, said] of park.served) {
    const values = stored.get(meter) ?? new Map<number, number>();
    for (const [value, count] of values) {
      expect(count).toBe(1);
      expect(said).toContain(value);
    }
    missing += said.length - values.size;
  }
  return missing;
}

/** Waits until a meter of one reading a second is read no more; how often it was. */
async function lastOf(park: Park, meter: string): Promise<number> {
  let last = -1;
  await eventually(async () => {
    const before = park.served.get(meter)?.length ?? 0;
    await wait(2500);
    last = park.served.get(meter)?.length ?? 0;
    return last === before;
  });
  return last;
}

const servedIn = (park: Park) =>
  [...park.served.values()].reduce((sum, said) => sum + said.length, 0);

describe('the ingest process', () => {
  test(
    'killed at any instant, loses no more than the reply that was on the wire',
    async () => {
      const park = await openPark(database.urls.owner, { buses: BUSES, meters: METERS });
      cleanups.push(park.close);
      // A fixed sequence of instants, printed by its formula: (1 + k × 0.37 mod 1) × 1.2 s after ready.
      for (let kill = 0; kill < KILLS; kill++) {
        const running = await start();
        await wait(1200 * (1 + ((kill * 0.37) % 1)));
        running.child.kill('SIGKILL');
        expect(await running.ended).toBe('SIGKILL');
      }
      const last = await start();
      await wait(2500);
      const clean = performance.now();
      last.child.kill('SIGTERM');
      expect(await last.ended).toBe(0);
      expect(performance.now() - clean).toBeLessThan(10_000);
      expect(servedIn(park)).toBeGreaterThan(BUSES * METERS * 3);
      expect(await missingFrom(park)).toBeLessThanOrEqual((KILLS + 1) * BUSES);
      await park.close();
      cleanups.pop();
    },
    soak ? 600_000 : 180_000,
  );

  test(
    'with QuestDB away it keeps on reading, and nothing is missing afterwards',
    async () => {
      const proxy = await openProxy(database.questdbUrl);
      cleanups.push(proxy.close);
      const park = await openPark(database.urls.owner, { buses: 2, meters: 5 });
      cleanups.push(park.close);
      const running = await start(proxy.url);
      await wait(2000);
      proxy.setDown(true);
      await wait(soak ? 30_000 : 5000);
      const during = servedIn(park);
      await eventually(() => servedIn(park) > during + 5);
      await eventually(async () =>
        (await readFile(join(dataFolder, 'ingest.log'), 'utf8')).includes('stalled'),
      );
      proxy.setDown(false);
      await expect.poll(async () => missingFrom(park), { interval: 500 }).toBeLessThanOrEqual(10);
      running.child.kill('SIGTERM');
      expect(await running.ended).toBe(0);
      // What QuestDB did not take in time for the stop is in the spool: the next start delivers it.
      for (const gateway of park.gateways) await gateway.close();
      const next = await start();
      // At most what was on the wire when it stopped: one reply a bus.
      await expect.poll(async () => missingFrom(park)).toBeLessThanOrEqual(BUSES);
      next.child.kill('SIGTERM');
      expect(await next.ended).toBe(0);
    },
    soak ? 240_000 : 180_000,
  );

  test('a new meter and a changed interval come into force while it runs, states are kept', async () => {
    const park = await openPark(database.urls.owner, { buses: 1, meters: 2 });
    cleanups.push(park.close);
    const running = await start();
    const added = await park.addMeter(0, 9);
    await expect.poll(() => park.served.get(added)?.length ?? 0).toBeGreaterThan(1);
    const [first = ''] = [...park.served.keys()];
    await park.query(
      `INSERT INTO schedules (project_id, meter_id, valid_from, seconds) VALUES ($1, $2, now(), 3600)`,
      [park.projectId, first],
    );
    const last = await lastOf(park, first);
    const stateOf = async (meter: string) => {
      const states = await park.query(
        `SELECT meter_id::text, quality, channels ->> 'active_wh' AS wh
         FROM meter_states WHERE project_id = $1`,
        [park.projectId],
      );
      expect(states.length).toBe(3);
      return states.find((s) => s.meter_id === meter);
    };
    await expect
      .poll(() => stateOf(first))
      .toMatchObject({ quality: 'ok', wh: String(last * RAW_WH) });
    await park.query('UPDATE meters SET retired_at = now() WHERE id = $1', [added]);
    await lastOf(park, added);
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
  });
});

/** QuestDB behind a switch: when it is down, connections are cut. */
async function openProxy(target: string) {
  let down = false;
  const { origin, username, password } = new URL(target);
  const server: Server = createServer((request, response) => {
    if (down) return void request.socket.destroy();
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      const { authorization = '' } = request.headers;
      const body = parts.length > 0 ? Buffer.concat(parts) : undefined;
      const { method } = request;
      const answer = await fetch(origin + request.url, {
        method,
        body,
        headers: { authorization },
      });
      response.statusCode = answer.status;
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const login = username ? `${username}:${password}@` : '';
  return {
    url: `http://${login}127.0.0.1:${(server.address() as AddressInfo).port}`,
    setDown: (value: boolean) => {
      down = value;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}

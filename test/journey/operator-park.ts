/**
 * A park that begins with nothing but a project and its prices, read over real sockets, in a real browser, while the
 * test moves the clock: ingest and billing are run step by step, as their processes do.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import pg from 'pg';
import { type Browser, chromium, type Page } from 'playwright-core';
import { createCredit } from '../../billing/credit.ts';
import { localOrders } from '../../billing/credit-orders.ts';
import { createMeterRound } from '../../billing/meter-round.ts';
import { openWebhook } from '../../billing/notice-webhook.ts';
import { createNotices } from '../../billing/notices.ts';
import { createRound } from '../../billing/work.ts';
import { type Reading, takeReading } from '../../ingest/blocks.ts';
import type { BusConfig } from '../../ingest/bus.ts';
import { createCollector } from '../../ingest/collect.ts';
import { createCommander } from '../../ingest/commander.ts';
import { loadConfiguration } from '../../ingest/configuration.ts';
import { startDelivery } from '../../ingest/delivery.ts';
import { lateMarker } from '../../ingest/dirty.ts';
import { createIntervalBuilder } from '../../ingest/intervals.ts';
import { openMeterStates } from '../../ingest/meter-states.ts';
import { createRelays } from '../../ingest/relays.ts';
import { openSpool } from '../../ingest/spool.ts';
import { createTestReader } from '../../ingest/test-reader.ts';
import { openDuckdb } from '../../sql/duckdb.ts';
import { openPostgres } from '../../sql/postgres.ts';
import { openQuestdb } from '../../sql/questdb.ts';
import { eventually, PATIENCE_MS } from '../patience.ts';
import { openRig } from '../web/rig.ts';
import { launchOptions } from '../web-app/browser.ts';
import { builtApp } from '../web-app/built-app.ts';
import { openBuilding } from './simulated-building.ts';

export const HOUR = 3_600_000;
/** A reading every hour is what the schedule asks for; every second one is enough for a measured boundary. */
const POLL_SECONDS = 3600;
export const STEP = 2 * HOUR;
const COMMANDS_MS = 50;
const PASSWORD = 'a word for journeys';
const quiet = { info: () => {}, warn: () => {}, error: console.error };

export type OperatorPark = Awaited<ReturnType<typeof openOperatorPark>>;

/** Opens it at an instant; nothing is imported and nobody has an account yet. */
export async function openOperatorPark({ now, installedOn }: { now: Date; installedOn: string }) {
  const rig = await openRig({ now, appFolder: builtApp() });
  const { clock, rooms, urls } = rig;
  const building = await openBuilding({ installedOn, clock });
  const owner = new pg.Client({ connectionString: urls.owner });
  await owner.connect();
  const query = async <Row = Record<string, unknown>>(text: string, values: unknown[] = []) =>
    (await owner.query(text, values)).rows as Row[];
  const group = await rig.admin('POST', '/api/v1/groups', { name: 'Harbour' });
  const project = await rig.admin('POST', '/api/v1/projects', {
    ...{ groupId: group.body.id, name: 'Harbour Park', zone: 'Asia/Shanghai', currency: 'CNY' },
    pollSeconds: POLL_SECONDS,
  });
  if (project.status !== 201) throw new Error(project.text);
  const projectId = String(project.body.id);
  const at = `/api/v1/projects/${projectId}`;

  // Ingest, without its timers but for commands.
  const { db } = rooms.ingest;
  const questdb = openQuestdb({ url: rig.questdbUrl });
  const duckdb = await openDuckdb({ memory: '1GB', threads: 2 });
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const time = () => clock.now;
  const spool = await openSpool({ dir: join(rig.dataDir, 'spool'), clock: time, onAlarm: onError });
  const delivery = startDelivery({
    ...{ spool, write: questdb.write, beforeRelease: lateMarker(db), onAlarm: onError },
    ...{ rejectedFile: join(rig.dataDir, 'rejected.txt'), random: () => 0.5, lingerMs: 5 },
  });
  const states = openMeterStates(db);
  const relays = createRelays();
  let configured: BusConfig[] = [];
  /** Meters that have not been heard of since the clock moved. */
  const awaited = new Set<string>();
  const commander = createCommander({
    ...{ db, relays, clock: time, onError },
    enter: (busId, errand) => collector.enter(busId, errand),
    onReading: (reading) => take(reading),
  });
  function take(reading: Reading): void {
    const { sample, kept } = takeReading(reading, spool);
    if (!kept) onError(new Error(`a reading of ${sample.meterId} was not kept`));
    states.heard(sample, clock.now.getTime());
    commander.heard(sample);
    awaited.delete(sample.meterId);
  }
  const collector = createCollector({
    ...{ clock: time, random: () => 0.5, onReading: take },
    onFailure: (failure) => {
      states.failed(failure);
      awaited.delete(failure.meter.id);
    },
  });
  const testReader = createTestReader({
    ...{ db, clock: time, onError },
    enter: (busId, errand) => collector.enter(busId, errand),
  });
  const builder = createIntervalBuilder({
    ...{ db, questdb, duckdb, clock: time, folder: join(rig.dataDir, 'intervals') },
  });
  const timer = setInterval(() => {
    void commander.tick().catch(onError);
    void testReader.tick().catch(onError);
  }, COMMANDS_MS);

  // Billing, a round when it is asked for one.
  const billing = openPostgres({ url: urls.billing });
  const settlement = {
    postgres: billing,
    source: { questdb, duckdb, folder: join(rig.dataDir, 'billing') },
    clock: time,
    graceMs: 30 * 60_000,
    walDeadlineMs: PATIENCE_MS,
  };
  /** A round of its own looks for days that were settled, too. */
  const meterRound = () =>
    createMeterRound({ db: billing.db, source: settlement.source, clock: time, log: quiet })();
  const tenant = await openTenant();
  const channels = { webhook: openWebhook('a secret between tenant and park') };
  const notices = createNotices({ db: billing.db, channels, clock: time, log: quiet });
  const credit = createCredit({
    ...{ db: billing.db, questdb, orders: localOrders, clock: time, log: quiet },
  });

  const server = createAdaptorServer({ fetch: rig.app.fetch });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const home = `${url}/projects/${projectId}`;
  const browser: Browser = await chromium.launch(launchOptions());
  const pages: Page[] = [];
  const complaints: string[] = [];

  /** Puts in force what is configured now. */
  async function apply(): Promise<void> {
    configured = (await loadConfiguration(db, clock.now)).buses;
    await collector.apply(configured);
    commander.apply(configured);
  }

  /** Every meter is read at the instant that the clock shows: whatever was due has been waited for. */
  async function readAll(): Promise<void> {
    for (const { meters } of configured) for (const { id } of meters) awaited.add(id);
    for (const { id } of configured)
      collector.enter(id, { run: async () => {}, abandon: () => {} });
    await eventually(() => awaited.size === 0);
    await states.write();
  }

  async function undone(): Promise<number> {
    const [row] = await query<{ count: number }>(
      `SELECT count(*)::int AS count FROM dirty_days d WHERE d.project_id = $1
       AND (SELECT count(*) FROM dirty_days_done e WHERE e.project_id = d.project_id
         AND e.dirty_id = d.id AND e.consumer IN ('intervals', 'rating')) < 2`,
      [projectId],
    );
    return row?.count ?? 0;
  }

  /** Builds, settles, computes balances, seals and writes notices, until nothing is left to do. */
  async function work(): Promise<void> {
    await delivery.drained();
    await questdb.settled(['samples']);
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const built = await builder.tick();
      if (built.failures.length > 0) throw new Error(JSON.stringify(built.failures));
      await questdb.settled(['intervals', 'interval_versions']);
      // A round of its own computes balances in any case.
      await createRound({ ...settlement, log: quiet })();
      if (built.intervals + built.runs === 0 && (await undone()) === 0) break;
      if (Date.now() > deadline) throw new Error('it does not come to rest');
    }
    await meterRound();
    await notices();
    await credit();
    await notices();
    if (errors.length > 0) throw errors[0];
  }

  /** A person with a role in the park, signed in, in a browser context of their own. */
  async function person(role: string, name: string): Promise<Page> {
    const who = { email: `${role}@park.local`, password: PASSWORD };
    const user = await rig.admin('POST', '/api/v1/users', { name, ...who });
    await rig.admin('POST', '/api/v1/grants', { userId: user.body.id, role, projectId });
    const context = await browser.newContext({
      ...{ viewport: { width: 1440, height: 1000 }, locale: 'en-GB' },
    });
    context.setDefaultTimeout(PATIENCE_MS);
    // Paper is looked at, not printed.
    await context.addInitScript(() => {
      window.print = () => {};
    });
    const page = await context.newPage();
    pages.push(page);
    await page.clock.install({ time: clock.now });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(home);
    await page.getByLabel('E-mail').fill(who.email);
    await page.getByLabel('Password').fill(who.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name }).waitFor();
    return page;
  }

  return {
    ...{ projectId, clock, building, query, complaints, tenant, billing },
    ...{ work, meterRound, person },
    /** As the administrator, below the project. */
    ask: (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
      rig.admin(method, at + path, body, headers),
    /** The page of an address within the project. */
    go: (page: Page, path: string) => page.goto(home + path),
    /** Moves the clock so far, with a reading of every meter each two hours; then all is settled that is due. */
    pass: async (ms: number) => {
      await apply();
      for (const end = clock.now.getTime() + ms; clock.now.getTime() < end; ) {
        clock.now = new Date(Math.min(end, clock.now.getTime() + STEP));
        await readAll();
      }
      await Promise.all(pages.map((page) => page.clock.setSystemTime(clock.now)));
      await work();
    },
    close: async () => {
      clearInterval(timer);
      await browser.close();
      await new Promise((resolve) => {
        server.close(resolve);
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
      await collector.stop();
      await commander.idle();
      await tenant.close();
      await testReader.idle();
      await delivery.stop();
      await spool.close();
      await building.close();
      await owner.end();
      await billing.close();
      duckdb.close();
      await rig.close();
    },
  };
}

/** Where a tenant is told: a server of theirs that keeps what it gets, and says that it did. */
async function openTenant() {
  const told: { kind: string; text: string }[] = [];
  const server = createServer((request, answer) => {
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => {
      told.push(JSON.parse(body));
      answer.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    told,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notices`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

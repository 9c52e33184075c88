/** A park of shops with months of history, settled, behind the real server and in a real browser; its clock stands. */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { type Browser, chromium, type Page } from 'playwright-core';
import { createNightly } from '../../billing/nightly.ts';
import { parseTariff } from '../../billing/tariff.ts';
import { createRound } from '../../billing/work.ts';
import { estimateWaiting } from '../../ingest/estimate-waiting.ts';
import { runQuality } from '../../ingest/quality.ts';
import { dayStart } from '../../sql/local-day.ts';
import { createUser } from '../../web/auth.ts';
import { compose } from '../../web/compose.ts';
import { seedRoles } from '../../web/roles.ts';
import { openBilledPark } from '../ingest/billed-park.ts';
import { PATIENCE_MS } from '../patience.ts';
import { launchOptions } from './browser.ts';
import { builtApp } from './built-app.ts';

export const ZONE = 'Asia/Shanghai';
export const SLOT = 15 * 60_000;
export const HOUR = 4 * SLOT;
export const DAY = 24 * HOUR;
/** Local midnight of a day. */
export const at = (day: string) => dayStart(ZONE, day);
/** Noon of a Thursday. */
export const NOW = at('2026-11-12') + 12 * HOUR;

const desk = { width: 1440, height: 1000 };
const looks = [
  { name: 'desk', language: 'en', ...desk },
  { name: 'desk-zh', language: 'zh', ...desk },
  { name: 'phone', language: 'en', width: 390, height: 844 },
];
const PASSWORD = 'a word for journeys';
const quiet = { info: () => {}, warn: () => {}, error: console.error };

export type MistakesPark = Awaited<ReturnType<typeof openMistakesPark>>;

/** Opens it empty: shops are entered through it, then `work` builds and settles all of them. */
export async function openMistakesPark() {
  const park = await openBilledPark({ nowMs: NOW, prices: 'two', zone: ZONE });
  const { owner, projectId, add, clock, database, postgres, settlement } = park;
  await owner.query('UPDATE projects SET poll_seconds = 900, name = $2 WHERE id = $1', [
    ...[projectId, 'Harbour Park'],
  ]);
  const web = compose({
    databaseUrlOf: (room) => database.urls[room],
    questdbUrl: database.questdbUrl,
    dataDir: park.deps.folder,
    sessionSecret: 'a secret for tests that is long enough',
    clock: () => clock.now,
    log: quiet,
    appFolder: builtApp(),
  });
  await seedRoles(web.rooms.web.db);
  const server = createAdaptorServer({ fetch: web.app.fetch });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const home = `${url}/projects/${projectId}`;
  const browser: Browser = await chromium.launch(launchOptions());
  /** What the console of any page complained of. */
  const complaints: string[] = [];
  const round = createRound({ ...settlement, log: quiet });

  /** A person with a role in the park, signed in, in a browser context of their own. */
  async function person(role: string, name: string) {
    const email = `${role}@park.local`;
    const userId = await createUser(web.rooms.web.db, { name, email, password: PASSWORD });
    const { rows } = await owner.query('SELECT id FROM roles WHERE code = $1', [role]);
    await owner.query('INSERT INTO grants (user_id, role_id, project_id) VALUES ($1, $2, $3)', [
      ...[userId, rows[0]?.id, projectId],
    ]);
    const context = await browser.newContext({ viewport: desk, locale: 'en-GB' });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    await page.clock.install({ time: clock.now });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(home);
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name }).waitFor();
    return page;
  }

  return {
    ...park,
    ...{ url, home, person, complaints },
    /** A point with its meter that an account pays for; `code` is what people call it. */
    shop: async (code: string, fromMs: number, more: Record<string, unknown> = {}) => {
      const pointId = await park.point({ code, name: `Shop ${code}` });
      const meterId = await park.meter({ serial: `24${code}` });
      const installationId = await park.install(pointId, meterId, fromMs, more);
      const accountId = await add('accounts', {
        ...{ project_id: projectId, number: `A-${code}`, name: `Tenant of ${code}` },
        opened_on: '2026-01-01',
      });
      await add('tenancies', {
        ...{ project_id: projectId, account_id: accountId, point_id: pointId },
        valid_from: new Date(fromMs),
      });
      return { code, pointId, meterId, installationId, accountId };
    },
    /** Builds, settles, computes balances and seals until nothing is left to do. */
    work: async () => {
      await park.work();
      await round();
    },
    /** What is done beside the rounds: rules of quality, proofs of the ledger, reconciliation. */
    judge: async () => {
      const { db, questdb, duckdb } = park;
      while ((await runQuality({ db, questdb, duckdb, clock: () => clock.now })).days > 0);
      await round();
      await createNightly({ db: postgres.db, questdb, clock: () => clock.now, log: quiet })();
    },
    /** What is done once an hour: who was silent for days is estimated. */
    estimate: () => estimateWaiting({ db: park.db, questdb: park.questdb, clock: () => clock.now }),
    /** A tariff with one price a kWh that holds nowhere yet. */
    flatTariff: async (name: string, price: string) => {
      const tariffId = await add('tariffs', {
        ...{ project_id: projectId, name, commodity: 'electricity' },
      });
      const definition = parseTariff({
        components: [{ kind: 'usage', code: 'energy', name: 'Energy', price }],
      });
      await add('tariff_versions', {
        ...{ project_id: projectId, tariff_id: tariffId, version: 1, created_by: 'test' },
        ...{ effective_from: '2026-01-01', definition: JSON.stringify(definition) },
      });
      return tariffId;
    },
    /** Pictures of addresses for people to look at: at a desk and on a phone, as who may do everything. */
    pictures: async (folder: string, addresses: Record<string, string>) => {
      const admin = await person('administrator', 'Li Wei');
      const storageState = await admin.context().storageState();
      for (const { name, language, ...viewport } of looks) {
        const context = await browser.newContext({ viewport, storageState });
        await context.addInitScript(
          (chosen) => localStorage.setItem('wattledger.language', chosen),
          language,
        );
        const page = await context.newPage();
        await page.clock.install({ time: clock.now });
        for (const [shot, path] of Object.entries(addresses)) {
          await page.goto(home + path);
          await page.getByRole('heading', { level: 1 }).waitFor();
          await page.waitForLoadState('networkidle').catch(() => {});
          // What does not come in a while is pictured as it stands.
          await page
            .waitForFunction(() => !document.querySelector('main .skeleton'), null, {
              timeout: 5000,
            })
            .catch(() => {});
          await page.screenshot({ path: join(folder, `${shot}-${name}.png`), fullPage: true });
        }
        await context.close();
      }
    },
    /** The page of an address within the project. */
    go: (page: Page, path: string) => page.goto(home + path),
    close: async () => {
      await browser.close();
      await new Promise((resolve) => {
        server.close(resolve);
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
      await web.close();
      await park.close();
    },
  };
}

export type Shop = Awaited<ReturnType<MistakesPark['shop']>>;

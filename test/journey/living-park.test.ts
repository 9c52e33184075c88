/** A first visitor's half hour: one command, a living park, and figures that agree with each other. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDays, localDayOf } from '../../sql/local-day.ts';
import { PATIENCE_MS } from '../patience.ts';
import { launchOptions } from '../web-app/browser.ts';
import { EMAIL, freePort, PASSWORD, processesOf, type System, startSystem } from './system.ts';

// Other tests have the better part of both cores at the same time.
const FIRST_START_MS = 900_000;
const STEP_MS = 300_000;
// The pages need some days; that the usual 35 are entered, too, takes two minutes of both cores more.
const history: Record<string, string> =
  process.env.SOAK === '1' ? {} : { SIMULATOR_HISTORY_DAYS: '15', SIMULATOR_MINUTE_HOURS: '6' };

let dataFolder: string;
let port: number;
let system: System;
let cookie: string;
let projectId: string;
let browser: Browser;

beforeAll(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'wattledger-journey-'));
  port = await freePort();
  system = await startSystem({ dataFolder, port, env: history });
  browser = await chromium.launch(launchOptions());
}, FIRST_START_MS);

afterAll(async () => {
  await browser?.close();
  await system?.stop();
  await rm(dataFolder, { recursive: true, force: true });
}, STEP_MS);

async function get<Body>(path: string): Promise<Body> {
  const response = await fetch(`${system.url}/api/v1${path}`, { headers: { cookie } });
  expect(response.status, path).toBe(200);
  return (await response.json()) as Body;
}

interface Listed<Row> {
  data: Row[];
}

describe('the API of the park', () => {
  test('an operator signs in and sees one project', async () => {
    const signedIn = await fetch(`${system.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: system.url },
      body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
    });
    expect(signedIn.status).toBe(200);
    cookie = signedIn.headers
      .getSetCookie()
      .map((c) => c.split(';')[0])
      .join('; ');
    const { data } = await get<Listed<{ id: string; nameZh: string; zone: string }>>('/projects');
    expect(data).toMatchObject([{ nameZh: '苏中模具园', zone: 'Asia/Shanghai' }]);
    projectId = data[0]?.id ?? '';
  });

  test('every component is well and the backlog is worked off', async () => {
    await expect
      .poll(
        async () => {
          const health = await fetch(`${system.url}/api/health`);
          return [health.status, await health.json()];
        },
        { timeout: 240_000, interval: 1_000 },
      )
      .toMatchObject([200, { caughtUp: true }]);
  }, 300_000);

  test('180 meters are there and nearly all were read within two minutes', async () => {
    const { data } = await get<Listed<{ role: string; ageS: number | null }>>(
      `/projects/${projectId}/live`,
    );
    expect(data).toHaveLength(180);
    await expect
      .poll(
        async () => {
          const live = await get<Listed<{ ageS: number | null }>>(`/projects/${projectId}/live`);
          return live.data.filter((p) => p.ageS !== null && p.ageS < 120).length;
        },
        { timeout: 180_000, interval: 2_000 },
      )
      .toBeGreaterThanOrEqual(175);
  }, 300_000);

  test('the energy that the report shows of a settled day is the energy that was charged', async () => {
    const yesterday = addDays(localDayOf('Asia/Shanghai', Date.now()), -2);
    const range = `from=${yesterday}&to=${addDays(yesterday, 1)}`;
    const report = await get<Listed<{ key: string; quantity: number | null }>>(
      `/projects/${projectId}/reports/energy?${range}&unit=day&by=account&commodity=electricity`,
    );
    const accounts = await get<Listed<{ id: string }>>(`/projects/${projectId}/accounts`);
    expect(accounts.data.length).toBe(60);
    let compared = 0;
    for (const { id } of accounts.data.slice(0, 12)) {
      const charges = await get<Listed<{ component: string; quantity: number; period: number }>>(
        `/projects/${projectId}/accounts/${id}/charges?${range}`,
      );
      const charged = charges.data
        .filter((c) => c.component === 'energy' && c.period > 0)
        .reduce((sum, c) => sum + Number(c.quantity), 0);
      const reported = report.data.find((row) => row.key === id)?.quantity ?? 0;
      expect(charged, `account ${id}`).toBe(reported);
      compared += charged;
    }
    expect(compared).toBeGreaterThan(0);
  });

  test('a sale is in the live balance at once, and once although it is sent twice', async () => {
    const accounts = await get<Listed<{ id: string; balance: { live: { amount: string } } }>>(
      `/projects/${projectId}/accounts`,
    );
    const id = accounts.data[0]?.id;
    const settled = async () =>
      Number(
        (
          await get<{ settled: { amount: string } }>(
            `/projects/${projectId}/accounts/${id}/balance`,
          )
        ).settled.amount,
      );
    const before = await settled();
    const sell = () =>
      fetch(`${system.url}/api/v1/projects/${projectId}/accounts/${id}/sales`, {
        method: 'POST',
        headers: {
          cookie,
          origin: system.url,
          'content-type': 'application/json',
          'idempotency-key': 'journey-1',
        },
        body: JSON.stringify({ channel: 'cash', amount: { amount: '100.00', currency: 'CNY' } }),
      });
    const [first, second] = await Promise.all([sell(), sell()]);
    const [sale, again] = [await first.json(), await second.json()];
    expect([first.status, second.status], JSON.stringify(sale)).toEqual([201, 201]);
    expect(again).toEqual(sale);
    expect(await settled()).toBeCloseTo(before + 100, 6);
  });
});

describe('the pages of the park', () => {
  let context: BrowserContext;
  let page: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(`${page.url()} ${message.text()}`);
    });
    page.on('pageerror', (error) => errors.push(`${page.url()} ${error.message}`));
  });
  afterAll(() => context?.close());

  test('signing in leads home, where the park is alive', async () => {
    await page.goto(system.url);
    await page.getByLabel(/e-?mail/i).fill(EMAIL);
    await page
      .getByLabel(/password/i)
      .first()
      .fill(PASSWORD);
    await page.getByRole('button', { name: /sign in/i }).click();
    await page
      .getByRole('heading', { name: 'Suzhong Mould Park' })
      .waitFor({ timeout: PATIENCE_MS });
    await expect.poll(() => page.getByText('154 meters').count()).toBeGreaterThan(0);
    await page.screenshot({ path: 'test/screenshots/journey-home.png' });
  });

  test('every page shows content, in both widths and languages, without an error in the console', async () => {
    const links = await page
      .locator('nav a[href]')
      .evaluateAll((found) =>
        [...new Set(found.map((a) => a.getAttribute('href') ?? ''))].filter((h) =>
          h.startsWith('/'),
        ),
      );
    expect(links.length).toBeGreaterThanOrEqual(5);
    for (const { width, language } of [
      { width: 1440, language: 'en' },
      { width: 390, language: 'zh' },
    ]) {
      await page.setViewportSize({ width, height: 900 });
      await page.evaluate((l) => localStorage.setItem('wattledger.language', l), language);
      for (const link of links) {
        await page.goto(system.url + link);
        await page.locator('main').waitFor();
        const isFull = async () => {
          // biome-ignore lint/performance/useDomNodeTextContent: what is hidden does not count as content
          const words = (await page.locator('main').innerText()).trim();
          const busy = await page.locator('[aria-busy="true"]').count();
          // These show names and log lines as they were entered, whatever the reader's language is.
          const isAsEntered = /\/(people|system-log|configuration)$/.test(link);
          const title = (await page.locator('main h1').first().textContent()) ?? '';
          const isChinese = /[\u4e00-\u9fff]/.test(isAsEntered ? title : words);
          return busy === 0 && words.length > 60 && isChinese === (language === 'zh');
        };
        await expect.poll(isFull, { message: `${link} in ${language}` }).toBe(true);
        const name = link.replaceAll(/\W+/g, '-').replace(/^-|-$/g, '') || 'home';
        await page.screenshot({ path: `test/screenshots/journey-${name}-${width}.png` });
      }
    }
    expect(errors).toEqual([]);
  }, 300_000);
});

describe('faults', () => {
  test(
    'a killed ingest is started again and the meters are read on',
    async () => {
      const ingest = processesOf(dataFolder).find((p) => / ingest\/main\.ts/.test(p.command));
      process.kill(ingest?.pid ?? 0, 'SIGKILL');
      await expect
        .poll(
          () => processesOf(dataFolder).find((p) => / ingest\/main\.ts/.test(p.command))?.pid ?? 0,
        )
        .not.toBe(ingest?.pid ?? 0);
      await expect.poll(() => system.lines()).toMatch(/ingest .*again/i);
    },
    STEP_MS,
  );

  test('it stops with nothing left running, and starts again on the same data', async () => {
    expect(await system.stop()).toBe(0);
    expect(processesOf(dataFolder)).toEqual([]);
    system = await startSystem({ dataFolder, port });
    const health = await fetch(`${system.url}/api/health`);
    expect([200, 503]).toContain(health.status);
    const { data } = await get<Listed<{ id: string }>>('/projects');
    expect(data.map((p) => p.id)).toEqual([projectId]);
  }, 300_000);

  test('after kill −9 of the launcher the next start ends what was left and goes on', async () => {
    system.process.kill('SIGKILL');
    system = await startSystem({ dataFolder, port });
    await expect
      .poll(async () => (await fetch(`${system.url}/api/health`)).status, {
        timeout: 180_000,
        interval: 1_000,
      })
      .toBe(200);
    const names = processesOf(dataFolder).map((p) => p.command.match(/(\w+)\/main\.ts/)?.[1]);
    for (const room of ['ingest', 'billing', 'analytics', 'web', 'simulator']) {
      expect(
        names.filter((n) => n === room),
        room,
      ).toHaveLength(1);
    }
  }, 300_000);
});

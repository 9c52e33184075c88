/** Commands in a real browser over a made-up park: one meter on its page, many on the grid of all. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { outcomeSentences } from '../../ingest/command-outcomes.ts';
import { commandFunctionNames, commandFunctionOf } from '../../sql/command-functions.ts';
import { obstacles } from '../../sql/commands.ts';
import { permissionOf } from '../../web/app/command-shapes.ts';
import { en } from '../../web/app/language/en.ts';
import { zh } from '../../web/app/language/zh.ts';
import { argumentsOf, beginning } from '../../web/app/pages/commands/draft.ts';
import { moved, nothing, picked } from '../../web/app/pages/control/selection.ts';
import { PATIENCE_MS } from '../patience.ts';
import { launchOptions } from './browser.ts';
import { builtApp } from './built-app.ts';
import { type FixtureOptions, startFixture } from './fixture/server.ts';
import { makeWorld, PROJECT } from './fixture/world.ts';

const home = `/projects/${PROJECT}`;
let browser: Browser;
const dist = builtApp();
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  browser = await chromium.launch(launchOptions());
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(async () => {
  await browser?.close();
});

async function open(path: string, options: FixtureOptions = {}) {
  const fixture = await startFixture({ dist, ...options });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(() => localStorage.setItem('wattledger.signed-in', '1'));
  closers.push(() => context.close(), fixture.close);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(fixture.url + home + path);
  return { page, complaints };
}
const meterOf = (label: string) =>
  makeWorld(() => new Date()).units.find(({ meter }) => meter.label === label)?.meterId;
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

describe('a meter', () => {
  test('is tripped with a reason, followed to its proof, and its history tells every step', async () => {
    const { page, complaints } = await open('/meters/5030');
    await button(page, 'Trip').click();
    const drawer = page.getByRole('dialog');
    const act = drawer.getByRole('button', { name: /^Trip / });
    await drawer.getByText('Closed → Open').waitFor();
    expect(await act.isDisabled()).toBe(true);
    await drawer.getByLabel('Reason').fill('Moved out');
    await act.click();
    await drawer.getByText('confirmed', { exact: true }).waitFor();
    await drawer.getByText('Relay open').waitFor();
    await drawer.getByText('0057H').first().waitFor();
    await drawer.getByRole('button', { name: 'Close' }).last().click();
    const panel = page.getByRole('region', { name: 'Relay and commands' });
    await panel.getByRole('button', { name: /Trip\s*confirmed/ }).click();
    await panel.getByText('Chen Li: Moved out').waitFor();
    await page.getByText(/^tripped, /).waitFor();
    expect(complaints).toEqual([]);
  });

  test('that says no is refused in words; what is locked out is not asked at all', async () => {
    const { page } = await open(`/meters/${meterOf('A304')}`);
    await button(page, 'Guarantee supply').click();
    await page.getByLabel('Reason').fill('Test');
    await page.getByRole('button', { name: 'Guarantee A304' }).click();
    await page
      .getByRole('dialog')
      .getByText('The meter answered with exception 4')
      .first()
      .waitFor();
    const locked = await open(`/meters/${meterOf('A112')}?command=guarantee-supply`);
    await locked.page.getByRole('dialog').getByText('The point is locked out').waitFor();
    expect(await locked.page.getByRole('button', { name: 'Guarantee A112' }).count()).toBe(0);
  });

  test('has no buttons for what one may not do', async () => {
    const { page } = await open('/meters/5030', { without: ['supply.write'] });
    await page.getByRole('button', { name: /^Read now/ }).waitFor();
    expect(await button(page, 'Trip').count()).toBe(0);
    expect(await button(page, 'Guarantee supply').count()).toBe(0);
  });
});

describe('many meters', () => {
  test('are chosen by mouse and keyboard, previewed, tripped canary first, each with its outcome', async () => {
    const { page, complaints } = await open('/control');
    const grid = page.getByRole('listbox', { name: 'All meters' });
    const tile = (code: string) => grid.getByRole('option', { name: new RegExp(`^${code} `) });
    await tile('A301').click();
    await tile('A305').click({ modifiers: ['Shift'] });
    await page.getByRole('toolbar').getByText('5 meters').waitFor();
    await grid.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    await page.getByRole('toolbar').getByText('6 meters').waitFor();
    await page.getByRole('toolbar').getByRole('button', { name: 'Trip' }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByText('6 of 6 chosen').waitFor();
    await drawer.getByLabel('Reason').fill('Line work');
    const act = drawer.getByRole('button', { name: 'Trip: 6 meters' });
    expect(await act.isDisabled()).toBe(true);
    await drawer.getByLabel('Type the number of meters: 6').fill('6');
    await act.click();
    await drawer.getByText('Every meter has its outcome').waitFor();
    await drawer.getByText('5 of 6 confirmed').waitFor();
    await drawer.getByRole('row', { name: /A301\s*canary/ }).waitFor();
    await drawer.getByText('The meter answered with exception 4').waitFor();
    await drawer.getByRole('button', { name: 'Try 1 again' }).click();
    await drawer.getByLabel('Reason').fill('Mended');
    await drawer.getByRole('button', { name: 'Try 1 again' }).click();
    await drawer.getByText('6 of 6 confirmed').waitFor();
    expect(complaints).toEqual([]);
  });

  test('whose batch is under way have a line at the top of every page, which leads to it', async () => {
    const { page } = await open('/tariffs');
    let state = 'running';
    await page.route(/command-batches\?limit=3$/, (route) =>
      route.fulfill({
        json: {
          data: [
            {
              ...{ id: '98001', function: 'trip', arguments: {}, reason: 'Line work', state },
              ...{ requestedBy: 'Chen Li', requestedAt: new Date().toISOString(), acts: [] },
              ...{ goesOn: false, canary: 1, filter: null, digest: '' },
              counts: {
                ...{ total: 12, leftOut: 2, waiting: 3, requested: 1, sent: 1, confirmed: 4 },
                ...{ refused: 1, expired: 0, unknown: 0, withdrawn: 0 },
              },
            },
          ],
          nextCursor: null,
          totals: null,
        },
      }),
    );
    await page.reload();
    const line = page.getByRole('link', { name: 'Batch under way: Trip' });
    await line.getByText('5/10').waitFor();
    state = 'ready';
    await page.reload();
    await page.getByRole('link', { name: 'Batch waits for a word: Trip' }).click();
    await page.waitForURL(/control\?batch=/);
    state = 'done';
    await page.goto(page.url().replace(/control.*/, 'tariffs'));
    await page.getByRole('heading', { name: 'Tariffs', exact: true }).waitFor();
    await expect.poll(() => page.locator('.topbar-running').count()).toBe(0);
  });

  test('that cannot do it are left out and named; Ctrl A takes what the filter shows', async () => {
    const { page } = await open('/control?state=lostContact');
    const grid = page.getByRole('listbox', { name: 'All meters' });
    await grid.getByRole('option').first().waitFor();
    await grid.focus();
    await page.keyboard.press('Control+a');
    await page.getByRole('toolbar').getByText('3 meters').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('toolbar').count()).toBe(0);
  });

  test('two thousand of them are on the page, and a choice shows at once', async () => {
    const { page } = await open('/control', { extra: 1_850 });
    const grid = page.getByRole('listbox', { name: 'All meters' });
    await expect.poll(() => grid.getByRole('option').count()).toBeGreaterThan(2_000);
    await grid.getByRole('option').nth(1_500).click();
    await page.getByRole('toolbar').getByText('1 meter').waitFor();
  });
});

describe('choosing', () => {
  const order = ['a', 'b', 'c', 'd'];
  const one = (from: typeof nothing, id: string, run = false) => picked(from, id, { order, run });

  test('a run takes along what lies between, and takes it back', () => {
    const some = one(one(nothing, 'b'), 'd', true);
    expect([...some.chosen]).toEqual(['b', 'c', 'd']);
    expect([...one(one(some, 'd'), 'c', true).chosen]).toEqual(['b']);
  });

  test('arrows go beside in order, above and below to the nearest, and stay at the edge', () => {
    const spots = order.map((id, i) => ({ id, left: (i % 2) * 10, top: Math.floor(i / 2) * 10 }));
    const paths = [
      ['a', 'ArrowRight'],
      ['a', 'ArrowDown'],
      ['b', 'ArrowDown'],
      ['d', 'ArrowUp'],
      ['d', 'ArrowRight'],
      ['a', 'ArrowUp'],
    ] as const;
    expect(paths.map(([from, key]) => moved(spots, from, key))).toEqual([
      ...['b', 'c', 'd', 'b', 'd', 'a'],
    ]);
  });
});

describe('words and rules agree with the rooms', () => {
  test('every outcome and obstacle is said in both languages', () => {
    for (const words of [en, zh]) {
      const said = Object.keys(words.command.outcome);
      expect(said).toEqual(expect.arrayContaining(Object.keys(outcomeSentences)));
      expect(Object.keys(words.problem)).toEqual(expect.arrayContaining([...obstacles]));
      expect(Object.keys(words.command.function).sort()).toEqual([...commandFunctionNames].sort());
    }
  });

  test('permissions are those of the API, and what a form gives is what the function takes', () => {
    for (const [name, permission] of Object.entries(permissionOf)) {
      expect([name, commandFunctionOf(name as keyof typeof permissionOf).permission]).toEqual([
        name,
        permission,
      ]);
    }
    const draft = {
      ...beginning({ alarm1: '300.00', alarm2: '80', overload: '12.5' }),
      prices: { spike: '1.2', peak: '1', flat: '0.6648', valley: '0.3' },
    };
    for (const name of Object.keys(permissionOf) as (keyof typeof permissionOf)[]) {
      const given = argumentsOf(name, draft);
      expect([name, commandFunctionOf(name).arguments.safeParse(given).success]).toEqual([
        name,
        true,
      ]);
    }
    expect(argumentsOf('issue-settings', draft)).toEqual({
      ...{ alarm1Minor: 30_000, alarm2Minor: 8_000, overloadW: 12_500 },
    });
    expect(argumentsOf('issue-settings', { ...draft, alarm2: '301' })).toBeNull();
    expect(argumentsOf('issue-price', beginning())).toBeNull();
  });
});

/**
 * Whatever people, meters and files call things: markup stays text on every page (fault 53). The API's answers carry a
 * script in each name, and the policy that would hold scripts back is lifted, so that nothing but the pages protects.
 */
import { type Browser, chromium, type Page, type Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pageLinks } from '../../web/app/shell/pages.ts';
import { PATIENCE_MS } from '../patience.ts';
import { launchOptions } from './browser.ts';
import { builtApp } from './built-app.ts';
import { startFixture } from './fixture/server.ts';
import { PROJECT } from './fixture/world.ts';

const AT = Date.parse('2026-11-24T14:32:08+08:00');
const offsetMs = AT - Date.now();
const now = () => new Date(Date.now() + offsetMs);

/** Breaks out of an attribute, runs as an element, and would be worked out by a template. */
const EVIL = '"><img src=x data-evil onerror="window.evil=1"><svg/onload="window.evil=1">{{7*7}}';
/** Of that, what is seen wherever it is shown as it is. */
const SHOWN = '{{7*7}}';
/** These show codes and figures alone; what they draw is looked at all the same. */
const namesNothing: ReadonlySet<string> = new Set(['/exceptions', '/load']);
/** What people and devices say of themselves, by its key in any answer. */
const SAID =
  /^(name|.*Name|nameZh|.*NameZh|label|labelZh|title|titleZh|note|reason|why|detail|body|subject|recipient|serial|person|phone|email|tag|by|.*By|soldBy|who|cashier|text|number|receipt)$/;

/** A chart that moves away from the pointer is left alone. */
const HOVER_MS = 500;

let browser: Browser;
let park: Awaited<ReturnType<typeof startFixture>>;
let page: Page;
let told = 0;

/** An answer of the API with the script in everything that somebody has said. */
function poisoned(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => poisoned(each, key));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, poisoned(inner, name)]),
    );
  }
  if (typeof value !== 'string' || !SAID.test(key)) return value;
  told += 1;
  return `${value}${EVIL}`;
}

async function poison(route: Route) {
  const response = await route.fetch();
  const text = await response.text();
  const isJson = /json/.test(response.headers()['content-type'] ?? '');
  const body = isJson && response.ok() ? JSON.stringify(poisoned(JSON.parse(text))) : text;
  await route.fulfill({ response, body });
}

beforeAll(async () => {
  browser = await chromium.launch(launchOptions());
  park = await startFixture({ now, dist: builtApp() });
  const context = await browser.newContext({
    ...{ locale: 'en', viewport: { width: 1440, height: 900 }, bypassCSP: true },
  });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(() => {
    localStorage.setItem('wattledger.signed-in', '1');
    window.print = () => {};
  });
  page = await context.newPage();
  page.on('dialog', (dialog) => void dialog.dismiss());
  await page.clock.install({ time: now() });
  await page.route('**/api/v1/**', poison);
  // Not where the first test goes: a page that stands there already would draw nothing anew.
  await page.goto(`${park.url}/projects/${PROJECT}/tariffs`);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
});
afterAll(async () => {
  await browser?.close();
  await park?.close();
});

const nothing = { ran: false, elements: 0, links: 0 };
const found = () =>
  page.evaluate(() => ({
    ran: 'evil' in window,
    elements: document.querySelectorAll('[data-evil], svg[onload]').length,
    links: [...document.links].filter(({ href }) => /^javascript:/i.test(href)).length,
  }));

const opened = [
  '/meters/5030',
  '/meters/5030?command=trip',
  '/accounts/7003',
  '/accounts/7003?sale=true',
  '/accounts/7003?closing=true',
  '/accounts?opening=true',
  '/openings/9701',
  '/buildings/2066',
  '/alarms?open=a3009',
  '/exceptions?open=9103',
  '/sales?open=60255',
  '/sales?show=refunds',
  '/sales?show=reversals',
  '/shifts?open=76002',
  '/notices?open=69997',
  '/configuration?tab=lines',
  '/configuration?tab=meters',
  '/configuration?tab=points',
  '/credit?tab=decisions&row=89003',
  '/integrated?open=7003',
  '/losses?open=3116',
];
const addresses = [...pageLinks.map(({ to }) => to.replace('/projects/$projectId', '')), ...opened];

test.each(addresses)('nothing that is called a script runs at %s', async (path) => {
  // Within the app, as a person goes about it: it is loaded once. What stood there before is gone first.
  await page.evaluate((to) => {
    for (const old of document.querySelectorAll('main *')) old.classList.add('was-there');
    history.pushState({}, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, `/projects/${PROJECT}${path}`);
  const main = page.locator('main');
  await expect
    .poll(() =>
      main.evaluate(
        (page, text) =>
          [...page.querySelectorAll(':not(.was-there)')].some((each) =>
            each.textContent?.includes(text),
          ),
        namesNothing.has(path) ? '' : SHOWN,
      ),
    )
    .toBe(true);
  await page.waitForFunction(() => !document.querySelector('main .skeleton'));
  // What is told only under the pointer is drawn, too.
  for (const canvas of await main.locator('canvas').all()) {
    await canvas.hover({ force: true, timeout: HOVER_MS }).catch(() => {});
  }
  expect(await found()).toEqual(nothing);
  // On paper stands what the screen draws only in part; it is laid out as soon as the event returns.
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  expect(await found()).toEqual(nothing);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
});

test('the script was in the answers', () => {
  expect(told).toBeGreaterThan(1000);
});

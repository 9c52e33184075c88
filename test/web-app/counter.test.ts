/** The counter in a real browser over the made-up park: shifts, refunds, reversals, receipts, sale by quantity. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PATIENCE_MS } from '../patience.ts';
import { launchOptions } from './browser.ts';
import { builtApp } from './built-app.ts';
import { startFixture } from './fixture/server.ts';
import { PROJECT } from './fixture/world.ts';

const AT = Date.parse('2026-11-24T14:32:08+08:00');
const offsetMs = AT - Date.now();
const now = () => new Date(Date.now() + offsetMs);

let browser: Browser;
let park: Awaited<ReturnType<typeof startFixture>>;
let page: Page;
const complaints: string[] = [];
const at = (path: string) => `${park.url}/projects/${PROJECT}${path}`;

beforeAll(async () => {
  browser = await chromium.launch(launchOptions());
  park = await startFixture({ now, dist: builtApp() });
  const context = await browser.newContext({
    locale: 'en',
    viewport: { width: 1440, height: 900 },
  });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(() => {
    localStorage.setItem('wattledger.signed-in', '1');
    // Paper is looked at, not printed.
    window.print = () => {};
  });
  page = await context.newPage();
  await page.clock.install({ time: now() });
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
});
afterAll(async () => {
  await browser?.close();
  await park?.close();
});

describe('at the counter', () => {
  test('a shift is opened with a float and closed by counting; a second person books what is short', async () => {
    await page.goto(at('/shifts?open=76002'));
    await page.getByLabel('Reason, kept in the system log').fill('looked at it');
    await page.getByRole('button', { name: 'Book over / short' }).click();
    await page.getByText('Approved by').waitFor();
    await page.getByRole('button', { name: 'Open shift' }).click();
    await page.getByLabel('Float').fill('100');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    const own = page.getByRole('region', { name: 'Your shift' });
    await own.getByText('100.00').waitFor();
    await own.getByRole('button', { name: 'Count and close' }).click();
    await page.getByLabel('Counted').fill('0');
    await page.getByRole('button', { name: 'Close the shift' }).click();
    await page.getByText('−100.00').waitFor();
    expect(await own.count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('a wrong sale is reversed with its reason, and a receipt printed again says so', async () => {
    await page.goto(at('/sales?open=60255'));
    await page.getByRole('button', { name: 'Print receipt' }).click();
    await page.locator('.receipt').waitFor({ state: 'attached' });
    expect(await page.locator('.receipt-reprint').count()).toBe(0);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await page.locator('.receipt').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /^Print/ }).click();
    await page.locator('.receipt-reprint').waitFor({ state: 'attached' });
    expect(await page.locator('.receipt-reprint').textContent()).toBe('REPRINT no. 1');
    await page.getByLabel('Why it was wrong').fill('the wrong shop');
    await page.getByRole('button', { name: /^Reverse R-/ }).click();
    await page.getByRole('link', { name: 'To its reversal' }).click();
    await page.getByRole('heading', { name: '3 reversals' }).waitFor();
    await page.getByText('the wrong shop').first().waitFor();
    expect(complaints).toEqual([]);
  });

  test('a refund tells what can be refunded, asks why not the way it came, and is booked once', async () => {
    await page.goto(at('/sales?show=refunds'));
    await page.getByRole('heading', { name: '2 refunds' }).waitFor();
    await page.getByRole('button', { name: 'Refund', exact: true }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('combobox').click();
    await page.keyboard.type('S1002');
    await page.keyboard.press('Enter');
    await drawer.getByText('1,200.00').waitFor();
    const check = drawer.getByRole('button', { name: 'Check the refund' });
    await drawer.getByLabel('Amount').fill('1200.01');
    await drawer.getByText('More than can be refunded').waitFor();
    expect(await check.isDisabled()).toBe(true);
    await drawer.getByLabel('Amount').fill('300');
    await drawer.getByLabel('Reason').fill('moves out');
    await drawer.getByRole('button', { name: 'Counter, cash' }).click();
    expect(await check.isDisabled()).toBe(true);
    await drawer.getByLabel('Why not the way it came').fill('no bank account');
    await check.click();
    await drawer
      .getByText(/^2401\d{8}$/)
      .first()
      .waitFor();
    await drawer.getByRole('button', { name: 'Refund 300.00' }).click();
    await page.getByText('Refund booked').first().waitFor();
    await page.getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('heading', { name: '3 refunds' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('a quantity is sold at the one price there is, or the form says why not', async () => {
    await page.goto(at('/accounts/7000?sale=true'));
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('button', { name: 'By quantity' }).click();
    await drawer.getByLabel('Quantity').fill('100.5');
    await drawer.getByText('85.42').waitFor();
    await drawer.getByRole('button', { name: 'Check the sale' }).click();
    await drawer.getByRole('button', { name: 'Book 85.42' }).waitFor();
    await page.goto(at('/accounts/7001?sale=true'));
    await drawer.getByRole('button', { name: 'By quantity' }).click();
    await drawer.getByText('It cannot be sold by quantity').waitFor();
    expect(complaints).toEqual([]);
  });
});

/** The built app in a real browser, over a made-up park: what people come for, at a desk and on a phone. */
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PATIENCE_MS } from '../patience.ts';
import { launchOptions } from './browser.ts';
import { builtApp } from './built-app.ts';
import { type FixtureOptions, startFixture } from './fixture/server.ts';
import { PROJECT } from './fixture/world.ts';

const AT = Date.parse('2026-11-24T14:32:08+08:00');
const offsetMs = AT - Date.now();
const now = () => new Date(Date.now() + offsetMs);
const home = `/projects/${PROJECT}`;
const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

let browser: Browser;
const dist = builtApp();
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  browser = await chromium.launch(launchOptions());
});

// A page that is left open goes on asking and drawing beside the next test.
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

afterAll(async () => {
  await browser?.close();
});

/** A page over a park of its own, and what the console complained of. */
async function open(
  viewport: { width: number; height: number },
  options: FixtureOptions = {},
): Promise<{ page: Page; url: string; complaints: string[]; context: BrowserContext }> {
  const fixture = await startFixture({ now, dist, ...options });
  const context = await browser.newContext({ viewport });
  context.setDefaultTimeout(PATIENCE_MS);
  if (options.signedIn !== false) {
    await context.addInitScript(() => {
      // Once: what the app itself keeps later must stand.
      if (localStorage.getItem('wattledger.signed-in') === null)
        localStorage.setItem('wattledger.signed-in', '1');
    });
  }
  const close = async () => {
    for (const shown of context.pages()) await shown.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  };
  closers.push(close, fixture.close);
  const page = await context.newPage();
  await page.clock.install({ time: now() });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, url: fixture.url, complaints, context };
}

describe('signing in', () => {
  test('a wrong password is told and the form keeps what was typed; then the way back is found', async () => {
    const { page, url } = await open(desk, { signedIn: false });
    await page.goto(`${url}${home}/meters?state=arrears`);
    await page.getByLabel('E-mail').fill('admin@wattledger.local');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('E-mail or password is wrong').waitFor();
    expect(await page.getByLabel('E-mail').inputValue()).toBe('admin@wattledger.local');
    await page.getByLabel('Password').fill('right');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: '2 meters' }).waitFor();
    expect(page.url()).toContain('state=arrears');
  });

  test('a second factor is asked for when it is needed; a wrong code keeps the form', async () => {
    const { page, url } = await open(desk, { signedIn: false });
    await page.goto(`${url}/sign-in`);
    await page.getByLabel('E-mail').fill('a@b.c');
    await page.getByLabel('Password').fill('half');
    await page.getByRole('button', { name: 'Sign in' }).click();
    const code = page.getByLabel('Code of the authenticator app');
    await code.fill('000000');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('The code is wrong', { exact: true }).waitFor();
    await code.fill('123456');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: '154 meters' }).waitFor();
  });

  test('an address of another site is no way back', async () => {
    const { page, url } = await open(desk, { signedIn: false });
    await page.goto(`${url}/sign-in?back=${encodeURIComponent('//evil.example/')}`);
    await page.getByLabel('E-mail').fill('a@b.c');
    await page.getByLabel('Password').fill('right');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: '154 meters' }).waitFor();
    expect(new URL(page.url()).origin).toBe(url);
  });
});

describe('people', () => {
  test('a second factor is set up by a code to scan; a person shows roles and sessions', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/own-account`);
    const panel = page.getByRole('region', { name: 'Second factor' });
    await panel.getByLabel('Present password').fill('whatever it is');
    await panel.getByRole('button', { name: 'Set up' }).click();
    await panel.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
    expect(await panel.getByRole('listitem').count()).toBe(10);
    await page.goto(`${url}${home}/people`);
    await page.getByText('Chen Li').nth(1).click();
    const person = page.getByRole('dialog', { name: 'Chen Li' });
    await person.getByText('Chrome · Windows').waitFor();
    expect(complaints).toEqual([]);
  });

  test('the system log is searched, and a line tells what was before and after', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/system-log`);
    await page.getByRole('heading', { name: '5 lines' }).waitFor();
    await page.getByLabel('Person, act, thing, text').fill('meter.changed');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '1 line', exact: true }).waitFor();
    await page.getByText('pollSeconds: 60 → 30').click();
    await page.getByText('89997', { exact: true }).waitFor();
    // What belongs to no project: roles, sign-ins; each with what it was upon.
    await page.goto(`${url}${home}/system-log`);
    await page.getByRole('button', { name: 'Everything' }).click();
    await page.getByRole('heading', { name: '7 lines' }).waitFor();
    await page.getByText('Role Night cashier', { exact: true }).waitFor();
    await page.getByText('Signed in', { exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('who looks after several projects sees them side by side, and goes from one to the next', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}`);
    await page.getByRole('button', { name: 'Project', exact: true }).click();
    await page.getByText('All projects', { exact: true }).click();
    await page.getByRole('heading', { name: '2 projects' }).waitFor();
    const other = page.locator('.table-row').filter({ hasText: 'Dongxin Logistics' });
    // What one may not read there is a dash, and no money is added up.
    await other.getByText('–').first().waitFor();
    expect(await page.locator('.table-total').getByText('CNY').count()).toBe(0);
    await other.getByRole('link', { name: 'Dongxin Logistics' }).click();
    await page.waitForURL(/projects\/1002/);
    expect(complaints).toEqual([]);
  });
});

describe('at a desk', () => {
  test('home shows every meter in its state, and a state leads to its meters', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(url + home);
    await page.getByRole('heading', { name: '154 meters' }).waitFor();
    await expect.poll(() => page.locator('.tile').count()).toBe(154);
    expect(await page.locator('.tile.arrears').count()).toBe(2);
    await page.locator('canvas').first().waitFor();
    await page.getByRole('link', { name: 'Lost contact 3' }).click();
    await page.getByRole('heading', { name: '3 meters' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: '154 meters' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('a gap stays a gap, and is told in words', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/meters/5030`);
    await page.getByText('09:41 to 10:07, 26 min without samples').waitFor();
    await page.getByText('At 00:00').waitFor();
    expect(complaints).toEqual([]);
  });

  test('a balance explains itself down to quantity × price', async () => {
    const { page, url } = await open(desk);
    await page.goto(`${url}${home}/accounts/7003`);
    await page.getByText('Day 23 Nov 2026').click();
    await page.getByText('× 1.2862').first().waitFor();
    expect(page.url()).toContain('open=');
  });

  test('a sale is confirmed with name and serial number, booked once, and the balance rises', async () => {
    const { page, url } = await open(desk);
    await page.goto(`${url}${home}/accounts/7000`);
    await page.getByRole('button', { name: 'New sale' }).click();
    await page.getByLabel('Amount').fill('1,000.5');
    await page.getByRole('button', { name: 'Check the sale' }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByText('Hengyi Precision Mould').waitFor();
    await drawer
      .getByText(/^2401\d{8}$/)
      .first()
      .waitFor();
    await drawer.getByRole('button', { name: 'Book 1,000.50' }).click();
    await drawer.getByText(/R-20261124-/).waitFor();
    await drawer.getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('button', { name: 'Top-ups' }).click();
    await page.getByText('1,000.50').first().waitFor();
  });

  test('a sale that is refused keeps the form, and says that nothing was booked', async () => {
    const { page, url } = await open(desk);
    await page.goto(`${url}${home}/accounts/7000?sale=true`);
    await page.getByLabel('Amount').fill('500000');
    await page.getByRole('button', { name: 'Check the sale' }).click();
    await page.getByRole('button', { name: 'Book 500,000.00' }).click();
    await page.getByText('Nothing was booked').waitFor();
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    expect(await page.getByLabel('Amount').inputValue()).toBe('500000');
  });

  test('a sale without an answer is asked again with the same key', async () => {
    const { page, url } = await open(desk);
    const keys: (string | undefined)[] = [];
    await page.route('**/accounts/7000/sales', (route) => {
      if (route.request().method() !== 'POST') return route.fallback();
      keys.push(route.request().headers()['idempotency-key']);
      return keys.length === 1 ? route.abort() : route.fallback();
    });
    await page.goto(`${url}${home}/accounts/7000?sale=true`);
    await page.getByLabel('Amount').fill('200');
    await page.getByRole('button', { name: 'Check the sale' }).click();
    await page.getByRole('button', { name: 'Book 200.00' }).click();
    await page.getByText('It is not known whether the sale was booked').waitFor();
    expect(await page.getByRole('button', { name: 'Back', exact: true }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Ask again for 200.00' }).click();
    await page.getByText(/R-20261124-/).waitFor();
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  test('the energy report foots: its figure is the total of its table', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/energy?from=2026-11-01&to=2026-11-25`);
    const total = page.locator('.table-total .cell').nth(6);
    await total.waitFor();
    const figure = await page.locator('.energy-total').textContent();
    expect(figure?.replace(/\s*kWh/, '')).toBe(await total.textContent());
    await page.keyboard.press('e');
    const menu = page.getByRole('dialog', { name: 'Export what you see' });
    await menu.getByText('5 and a total, complete').waitFor();
    const link = await menu.getByRole('link', { name: 'CSV .csv' }).getAttribute('href');
    expect(link).toContain('by=building');
    expect(link).toContain('format=csv');
    expect(complaints).toEqual([]);
  });

  test('a long export is made in the background, told in the top bar, cancelled and gone', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/accounts`);
    await page.getByRole('grid').waitFor();
    await page.keyboard.press('e');
    await page.getByLabel('In the background').check();
    await page.getByRole('button', { name: 'Parquet .parquet' }).click();
    await page.getByRole('heading', { name: 'Exports', level: 1 }).waitFor();
    await page.getByRole('link', { name: '1 export is being written' }).waitFor();
    await page.getByRole('button', { name: 'Cancel: Accounts' }).click();
    await page.getByText('cancelled').waitFor();
    await page.getByRole('button', { name: 'Remove: Accounts' }).click();
    await expect.poll(() => page.getByText('cancelled').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('a view is saved under a name, found by search, and leads to the same rows', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/meters?state=arrears`);
    await page.getByRole('heading', { name: '2 meters' }).waitFor();
    await page.keyboard.press('v');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Cut off');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Cut off' }).waitFor();
    await page.goto(url + home);
    await page.getByRole('heading', { name: '154 meters' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /^Account, phone/ }).fill('cut o');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '2 meters' }).waitFor();
    expect(page.url()).toContain('state=arrears');
    expect(complaints).toEqual([]);
  });

  test('a building is reached from the tiles, its floors foot, and so does its main meter', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}?bars=month`);
    await page.getByRole('heading', { name: 'Energy by day' }).waitFor();
    await page.getByRole('link', { name: /^Building B/ }).click();
    await page.getByRole('heading', { name: 'Building B', level: 1 }).waitFor();
    const whole = async (locator: Locator) =>
      Number((await locator.textContent())?.replaceAll(',', ''));
    const months = page.locator('.floor > :nth-child(4)');
    await expect.poll(() => months.count()).toBe(5);
    const total = await whole(months.last());
    const floors = await Promise.all([1, 2, 3].map((row) => whole(months.nth(row))));
    expect(Math.abs(total - floors.reduce((so, each) => so + each, 0))).toBeLessThanOrEqual(1);
    const cells = page.locator('.small-table tr td:nth-child(3)');
    const [main, units, lost] = await Promise.all([0, 1, 2].map((row) => whole(cells.nth(row))));
    expect(units).toBe(total);
    expect(Math.abs((main ?? 0) - total - (lost ?? 0))).toBeLessThanOrEqual(1);
    await page.goto(`${url}${home}/buildings/1`);
    await page.getByText('There is nothing at this address').waitFor();
    expect(complaints.filter((each) => !each.includes('404'))).toEqual([]);
  });

  test('on paper the table is complete and light, and afterwards the screen is as it was', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/energy?by=point`);
    await page.evaluate(() => localStorage.setItem('wattledger.theme', 'dark'));
    await page.reload();
    await page.getByRole('grid').waitFor();
    await page.locator('.table-total').waitFor();
    const paper = await page.evaluate(() => {
      dispatchEvent(new Event('beforeprint'));
      const rows = document.querySelectorAll('.print-table tbody tr');
      const { theme } = document.documentElement.dataset;
      return { rows: rows.length, last: rows[rows.length - 1]?.className, theme };
    });
    expect(paper).toEqual({ rows: 155, last: 'print-total', theme: 'light' });
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await page.getByRole('grid').waitFor();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    expect(complaints).toEqual([]);
  });

  test('columns are moved and made wider by keys, and stay so', async () => {
    const { page, url } = await open(desk);
    await page.goto(`${url}${home}/accounts`);
    const heads = page.getByRole('columnheader');
    await heads.nth(3).getByRole('button').focus();
    await page.keyboard.press('Shift+Alt+ArrowLeft');
    await page.keyboard.press('Alt+ArrowRight');
    await page.reload();
    await expect.poll(() => heads.nth(2).textContent()).toBe('Points');
    // The head stands before there are rows to select.
    await page.locator('#row-0').waitFor();
    await page.getByRole('grid').focus();
    for (const key of ['ArrowDown', ' ', 'Shift+ArrowDown']) await page.keyboard.press(key);
    await page.getByText('2 of 60 rows selected').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Select row by row').waitFor();
  });

  test('the sales report foots three ways, and its filters are in the address', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/finance?from=2026-11-01&to=2026-11-25`);
    await page.getByText('Foots three ways').waitFor();
    const net = await page.locator('.term.net .term-value').textContent();
    const total = page.locator('.table-total .cell').nth(8);
    expect(net?.replace(/\s*CNY/, '')).toBe(await total.textContent());
    await page.getByRole('button', { name: 'Month', exact: true }).click();
    await page.getByRole('heading', { name: 'Sales report, monthly' }).waitFor();
    expect(page.url()).toContain('unit=month');
    expect(complaints).toEqual([]);
  });

  test('an account opens to its points, and what does not foot stands first with its reason', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/integrated?from=2026-11-20&to=2026-11-25`);
    const off = page.locator('.table-row.off').first();
    await off.getByText('Registers and intervals differ').waitFor();
    expect(await page.locator('.table-total.open').count()).toBe(1);
    await off.click();
    await page.locator('.table-row.nested').getByText('B203').waitFor();
    expect(page.url()).toContain('open=');
    expect(complaints).toEqual([]);
  });

  test('the map of data quality tells its cells to the arrow keys and opens the day of a meter', async () => {
    const { page, url, complaints } = await open(desk, { extra: 2000 });
    await page.goto(`${url}${home}/quality?from=2026-11-17&to=2026-11-20&show=all&sort=point`);
    const map = page.getByRole('application', { name: /points by 3 days/ });
    await page
      .getByRole('banner')
      .getByText(/of 2180 live/)
      .waitFor();
    await map.focus();
    await page.keyboard.press('ArrowRight');
    await page
      .locator('.heat-told')
      .getByText(/ · Tue 17 Nov · measured/)
      .waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.waitForURL(/meters\/\d+\?day=/);
    expect(complaints).toEqual([]);
  });

  test('a correction opens to both revisions, and what changed foots', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/corrections`);
    const total = page.locator('.table-total [role=gridcell]').nth(10);
    const sum = await total.textContent();
    // To four decimals in the table, to two in the strip.
    const figure = await page.locator('.strip .figure-value').first().textContent();
    expect(figure).toBe(`${sum?.slice(0, -2)}CNY`);
    await page.getByRole('row', { name: /A104.*Peak/ }).click();
    const detail = page.locator('.correction');
    await expect.poll(() => detail.locator('tbody tr').count()).toBe(4);
    expect(await detail.textContent()).toMatch(/41\.684 kWh × 1\.0638[\s\S]*52\.105 kWh × 1\.0638/);
    expect(page.url()).toContain('open=88397');
    expect(complaints).toEqual([]);
  });

  test('a month is closed with a reason after what follows was told; a refusal keeps the form', async () => {
    const { page, url } = await open(desk);
    await page.goto(`${url}${home}/months`);
    await page.getByRole('button', { name: 'Close September 2026' }).click();
    const form = page.locator('form.month-act');
    expect(await form.textContent()).toMatch(/Accrued on 30 Sep 2026\s*1,380.71 CNY/);
    const act = form.getByRole('button', { name: 'Close September 2026' });
    expect(await act.isDisabled()).toBe(true);
    const reason = form.getByLabel('Reason, kept in the system log');
    await reason.fill('too soon');
    await act.click();
    await form.getByText('2026-09 is held.').waitFor();
    expect(await reason.inputValue()).toBe('too soon');
    await reason.fill('Statements are out');
    await act.click();
    await page.getByRole('row', { name: /September 2026 Closed.*1,380.71/ }).waitFor();
    await page.getByText('Closing now would accrue').waitFor();
  });

  test('the ledger sums to zero, proves itself when asked, and a broken seal is told first', async () => {
    const { page, url } = await open(desk);
    await page.goto(`${url}${home}/ledger`);
    await expect
      .poll(() => page.locator('.table-total:not(.open)').textContent())
      .toMatch(/\D0\.00$|\.280\.00$/);
    await page.getByRole('button', { name: 'Prove now' }).click();
    await page.getByText(/of 90,418 positions looked at/).waitFor();
    await page.getByText('Proven: 90,418 positions hold').waitFor();
    await page.route('**/ledger/seals', async (route) => {
      const head = await (await route.fetch()).json();
      await route.fulfill({ json: { ...head, state: 'broken', brokenPosition: '71204' } });
    });
    await page.goto(`${url}${home}/ledger?as=position&position=999999`);
    await page.getByRole('alert').getByText('broken at position 71,204').waitFor();
    await page.getByText('the journal has 90418 positions so far').waitFor();
  });

  test('what differs is told with size, owner and reason; a day on which all agree says so', async () => {
    const { page, url } = await open(phone);
    await page.goto(`${url}${home}/reconciliation?show=unexplained`);
    await expect.poll(() => page.locator('.card').count()).toBe(1);
    expect(await page.locator('.card').textContent()).toMatch(/S1004\s*0\.01 CNY[\s\S]*look at it/);
    await page.goto(`${url}${home}/reconciliation?from=2026-10-05&to=2026-10-06`);
    await page.getByText('219 comparisons, no difference.').waitFor();
  });

  test('a day of the calendar leads to what differs, and that to the charge, reading by reading', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/reconciliation`);
    await page.getByRole('button', { name: /^9 Nov 2026, 1 without a reason, 0\.01 CNY/ }).click();
    await expect.poll(() => page.url()).toContain('from=2026-11-09');
    await page.getByText('A208').first().click();
    await page.getByRole('link', { name: 'Explain the charge' }).click();
    await page.getByRole('heading', { name: 'Charge explained' }).waitFor();
    await page.getByText('Worked out again from the readings: the same').nth(1).waitFor();
    await page.getByRole('button', { name: /^09:15/ }).click();
    await page.getByText('Readings behind 09:15 to 09:30').waitFor();
    expect(complaints).toEqual([]);
  });

  test('a charge that does not agree says where, and one that is not there says so', async () => {
    const { page, url } = await open(phone);
    await page.route('**/settlements/*/explain?**', async (route) => {
      const found = await (await route.fetch()).json();
      const at = { what: 'interval', slot: 40, at: '2026-11-23T02:00:00.000Z', component: null };
      const difference = { ...at, stored: '980', recomputed: '967', difference: '-13' };
      const differences = [{ ...difference, reason: 'interval-differs', period: null, step: null }];
      await route.fulfill({ json: { ...found, agrees: false, differences } });
    });
    await page.goto(`${url}${home}/explain/202611233003`);
    await page.getByText('What is stored is not what its readings give').first().waitFor();
    await page.getByText('10:00 the readings give 0.967, stored is 0.980').first().waitFor();
    // What is under way is left alone: an answer to it would come too late for anybody.
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.goto(`${url}${home}/explain/1`);
    await page.getByText('There is no such settlement.').waitFor();
  });

  test('language and theme change in place', async () => {
    const { page, url } = await open(desk);
    await page.goto(`${url}${home}/accounts?q=mould`);
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '商户', level: 1 }).waitFor();
    expect(page.url()).toContain('q=mould');
    await page.getByRole('button', { name: '浅色或深色' }).click();
    await page.getByRole('menuitemradio', { name: '深色' }).click();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    await page.reload();
    await page.getByRole('heading', { name: '商户', level: 1 }).waitFor();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
  });

  test('two thousand rows are a table of a few dozen drawn ones, moved through by keys', async () => {
    const { page, url } = await open(desk, { extra: 2000 });
    await page.goto(`${url}${home}/meters?kind=all`);
    await page.getByText('2,180 meters').or(page.getByText('2180 meters')).waitFor();
    expect(await page.locator('.table-row').count()).toBeLessThan(80);
    await page.getByRole('grid').focus();
    await page.keyboard.press('End');
    await page.locator('#row-2179').waitFor();
    expect(await page.locator('.table-row').count()).toBeLessThan(80);
  });

  test('search finds a point by its letters', async () => {
    const { page, url } = await open(desk);
    await page.goto(url + home);
    await page.getByRole('heading', { name: '154 meters' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /^Account, phone/ }).fill('c307');
    // Before the answer is there: it is waited for.
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'C307' }).waitFor();
  });

  test('search groups what it finds, is moved in by arrows, finds a phone, and opens by a finger', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/tariffs`);
    await page.getByRole('heading', { name: 'Tariffs', exact: true }).waitFor();
    await page.keyboard.press('Control+k');
    const field = page.getByRole('combobox', { name: /^Account, phone/ });
    await field.fill('a10');
    const points = page.getByRole('group', { name: /^Points/ });
    await points.getByRole('option', { name: /^A101/ }).waitFor();
    await points.getByText('more of them').waitFor();
    const chosen = page.locator('[role=option][aria-selected=true]');
    const first = await chosen.textContent();
    await page.keyboard.press('ArrowDown');
    expect(await chosen.textContent()).not.toBe(first);
    await page.keyboard.press('ArrowUp');
    expect(await chosen.textContent()).toBe(first);
    await field.fill('13800138000');
    await page.getByRole('option', { name: /…8000/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/accounts\/7003/);
    await field.waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
    const phone = await open({ width: 390, height: 844 });
    await phone.page.goto(phone.url + home);
    await phone.page.getByRole('button', { name: /^Account, phone/ }).click();
    await phone.page.getByRole('combobox').fill('%');
    await phone.page.getByText('Nothing fits “%”').waitFor();
  });

  test('records tell lost contact from when to when, openings, closings and commands, and sum them up', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/reports`);
    await page.getByRole('link', { name: /^Lost contact/ }).click();
    await page.getByRole('heading', { name: '3 times, 1 not over' }).waitFor();
    const total = page.locator('.table-total');
    await expect.poll(() => total.textContent()).toContain('7 h 57 min');
    await page
      .getByRole('textbox', { name: /^Serial/ })
      .or(page.getByRole('searchbox'))
      .fill('b203');
    await page.getByRole('heading', { name: '1 time, 1 not over' }).waitFor();
    expect(page.url()).toContain('q=b203');
    await page.goto(`${url}${home}/records?tab=openings`);
    await page.getByRole('heading', { name: '2 accounts opened' }).waitFor();
    await expect.poll(() => total.textContent()).toContain('2,000.00');
    await page.goto(`${url}${home}/records?tab=closings`);
    await page.getByText('refunded 0.00, written off 0.00, carried 412.06 CNY').waitFor();
    await page.goto(`${url}${home}/records?tab=commands`);
    await page.getByRole('heading', { name: /commands?$/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('use and fees are a sheet of A4 an account, for one and for a selection, each with its sum', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/accounts/7003`);
    await page.getByRole('link', { name: 'Use and fees' }).click();
    await page.waitForURL(/bills\?accounts=/);
    const sheets = page.locator('.sheet');
    await sheets.first().waitFor();
    expect(await sheets.count()).toBe(1);
    await page.goto(`${url}${home}/bills?month=2026-10-01&accounts=7003,7004`);
    await expect.poll(() => sheets.count()).toBe(2);
    const total = sheets.first().locator('.sheet-total .right');
    const lines = await sheets.first().locator('section:nth-of-type(2) tbody tr').allTextContents();
    expect(lines.length).toBe(7);
    const amounts = await sheets
      .first()
      .locator('section:nth-of-type(2) tbody tr:not(.sheet-total) td:last-child')
      .allTextContents();
    const cents = (text: string) => Math.round(Number(text.replaceAll(',', '')) * 100);
    expect(amounts.reduce((sum, text) => sum + cents(text), 0)).toBe(
      cents((await total.textContent()) ?? ''),
    );
    const paper = await page.pdf({ preferCSSPageSize: true });
    // Two sheets, two pages, upright.
    expect(paper.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length).toBe(2);
    expect(paper.toString('latin1')).toMatch(/MediaBox\s*\[0 0 59[45][\d.]* 84[12]/);
    expect(complaints).toEqual([]);
  });

  test('home leads to a new sale, to opening and to closing an account, each only to whom it is allowed', async () => {
    const { page, url } = await open(desk);
    await page.goto(url + home);
    await page.getByRole('heading', { name: '154 meters' }).waitFor();
    await page.keyboard.press('c');
    await page.getByRole('button', { name: 'To the preview' }).waitFor();
    await page.getByRole('combobox', { name: 'Account' }).click();
    await page.keyboard.type('100');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'To the preview' }).click();
    await page.getByRole('dialog', { name: /^Close / }).waitFor();
    expect(page.url()).toContain('closing=true');
    await page.goto(url + home);
    await page.getByRole('heading', { name: '154 meters' }).waitFor();
    await page.keyboard.press('o');
    await page.waitForURL(/accounts\?opening=true/);
    const reader = await open(desk, { without: ['account.write', 'sale.write'] });
    await reader.page.goto(reader.url + home);
    await reader.page.getByRole('heading', { name: '154 meters' }).waitFor();
    for (const key of ['n', 'o', 'c']) {
      expect(await reader.page.locator(`[data-key="${key}"]`).count()).toBe(0);
    }
  });

  test('an analyst is shown what there is to see, and nothing is asked that would be refused', async () => {
    const without = ['account.read', 'sale.read', 'sale.write', 'ledger.read'];
    const { page, url, complaints } = await open(desk, { without });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(url + home);
    await page.getByRole('heading', { name: '154 meters' }).waitFor();
    expect(await page.locator('.strip .figure').count()).toBe(2);
    expect(asked.filter((each) => /accounts|sales/.test(each))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('when the session ends the way leads to sign-in and back', async () => {
    const { page, url } = await open(desk);
    await page.goto(`${url}${home}/accounts?q=mould`);
    await page.getByRole('grid').waitFor();
    await page.request.delete(`${url}/api/v1/session`);
    await page.getByRole('link', { name: 'Energy' }).click();
    await page.getByLabel('E-mail').fill('a@b.c');
    await page.getByLabel('Password').fill('right');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Energy report' }).waitFor();
  });

  test('a page that a role may not see is not in navigation', async () => {
    const { page, url } = await open(desk, { without: ['sale.read', 'sale.write', 'tariff.read'] });
    await page.goto(url + home);
    await page.getByRole('heading', { name: '154 meters' }).waitFor();
    const names = await page.locator('.nav-link').allInnerTexts();
    expect(names.filter((name) => /^(Sales|Tariffs)$/.test(name.trim()))).toEqual([]);
    expect(names.join(' ')).toMatch(/Energy/);
    expect(await page.getByRole('link', { name: 'New sale' }).count()).toBe(0);
  });
});

// One visit of each page, made narrower: what is laid out anew at each width is the same page.
test.each(['', '/meters/5030', '/accounts/7003', '/energy', '/buildings/2066', '/months'])(
  'between desk and phone nothing of %s stands beyond the edge',
  async (path) => {
    const { page, url } = await open(desk);
    await page.goto(url + home + path);
    await page.waitForLoadState('networkidle');
    for (const width of [1280, 1024, 800]) {
      await page.setViewportSize({ width, height: 900 });
      const reach = () => page.evaluate(() => document.documentElement.scrollWidth);
      await expect.poll(reach, { message: `${width} px` }).toBe(width);
    }
  },
);

describe('on a phone', () => {
  let visit: Awaited<ReturnType<typeof open>>;
  let leave: () => Promise<void>;

  beforeAll(async () => {
    visit = await open(phone);
    const opened = closers.splice(0);
    leave = async () => {
      for (const close of opened) await close();
    };
  });

  afterAll(async () => {
    await leave?.();
  });

  test.each([
    '',
    '/meters',
    '/meters/5030',
    '/gateways',
    '/alarms',
    '/exceptions?open=9103',
    '/meters/5030?correct=fast',
    '/accounts',
    '/accounts/7003',
    '/sales',
    '/notices?open=69997',
    '/notice-templates?open=balance.alarm1%2Fsms%2Fen&language=en',
    '/energy',
    '/buildings/2066',
    '/exports',
    '/finance',
    '/losses',
    '/quality',
    '/tariffs',
    '/corrections',
    '/months',
    '/ledger',
    '/reconciliation',
    '/explain/202611233003',
  ])('%s fits 390 px and the console is silent', async (path) => {
    const { page, url, complaints } = visit;
    complaints.length = 0;
    await page.goto(url + home + path);
    await page.waitForLoadState('networkidle');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(phone.width);
    expect(await page.locator('.bottombar a').first().boundingBox()).toMatchObject({ height: 56 });
    expect(complaints).toEqual([]);
  });
});

describe('what customers are told', () => {
  test('is filtered, opened, and sent again only when a person says that it may be read twice', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/notices`);
    await page.getByRole('heading', { name: '35 notices' }).waitFor();
    await page.getByRole('button', { name: 'Unconfirmed 5' }).click();
    await page.getByRole('heading', { name: '5 notices' }).waitFor();
    await page.getByText('Supply switched off', { exact: true }).click();
    await page.getByRole('button', { name: 'Send again', exact: true }).click();
    await page.getByText('the recipient may read it twice').waitFor();
    await page.getByRole('button', { name: 'Send it all the same' }).click();
    await page.getByRole('heading', { name: '4 notices' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('a template is seen as a customer would read it before it is saved', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/notice-templates`);
    await page.getByText('Balance below alarm 2').last().click();
    const text = page.getByLabel('Text', { exact: true });
    await text.fill('You have {money}');
    await page.getByText('“money” is not known here').waitFor();
    expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    await text.fill('{account}: still {balance}');
    await page.getByText('鑫达模具: still 62.40').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('{account}: still {balance}').waitFor();
    await page.getByText('· Chen Li').waitFor();
    expect(complaints).toEqual([]);
  });

  test('an alarm is acknowledged with a note and leaves those that nobody has seen to', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/alarms?show=new&kind=meter.silent`);
    const heading = page.getByRole('heading', { name: /^\d+ alarms?$/ });
    await heading.waitFor();
    const before = Number((await heading.textContent())?.split(' ')[0]);
    await page.getByText('Lost contact; last reading').first().click();
    await page.getByLabel('Note, if you like').fill('Electrician is on the way');
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    const after = before - 1;
    await (after === 0
      ? page.getByText('No open alarm', { exact: true })
      : page.getByRole('heading', { name: new RegExp(`^${after} alarms?$`) })
    ).waitFor();
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('Chen Li').first().waitFor();
    expect(complaints).toEqual([]);
  });
});

describe('what is doubted', () => {
  test('stands in order of money, and is decided with a reason', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/exceptions`);
    await page.getByRole('heading', { name: '8 exceptions' }).waitFor();
    const text = (await page.locator('main').textContent()) ?? '';
    expect(text.indexOf('920.08')).toBeLessThan(text.indexOf('141.20'));
    await page.getByText('Currents are unequal').click();
    const settle = page.getByRole('button', { name: 'It is in order' });
    await settle.waitFor();
    expect(await settle.isDisabled()).toBe(true);
    await page.getByLabel('Reason, kept in the system log').fill('One phase is for the lift');
    await settle.click();
    await page.getByRole('heading', { name: '7 exceptions' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('an edit shows what it does to the bill before a second person approves it', async () => {
    const { page, url } = await open(desk);
    await page.goto(`${url}${home}/exceptions?show=edits&open=9500`);
    await page.getByText('A second person has to approve').waitFor();
    await page.getByText('+138.23').first().waitFor();
    await page.getByLabel('Reason, kept in the system log').fill('Checked with the plan of work');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('button', { name: 'Take back' }).waitFor();
    await page.getByText('Checked with the plan of work').waitFor();
  });

  test('one’s own edit cannot be approved, only withdrawn', async () => {
    const { page, url } = await open(desk);
    await page.goto(`${url}${home}/meters/5030?correct=edit`);
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('button', { name: 'Set' }).click();
    await drawer.getByLabel('Total of the range').fill('900');
    await drawer.getByLabel('Reason, kept in the system log').fill('Read from the check meter');
    await drawer.getByRole('button', { name: 'Preview the effect' }).click();
    await drawer.getByText('What it would change').waitFor();
    await drawer.getByText('A second person has to approve').waitFor();
    await drawer.getByRole('button', { name: 'Propose the edit' }).click();
    await drawer.getByText('You proposed it, so you cannot approve it').waitFor();
    await drawer.getByRole('button', { name: 'Withdraw' }).waitFor();
    expect(await drawer.getByRole('button', { name: 'Approve' }).count()).toBe(0);
  });

  test('a meter proven fast: previewed, then exactly that, and taken back', async () => {
    const { page, url, complaints } = await open(desk);
    await page.goto(`${url}${home}/meters/5030`);
    await page.getByRole('button', { name: 'Correct …' }).click();
    await page.getByRole('menuitem', { name: 'Proven fast or slow' }).click();
    const drawer = page.getByRole('dialog');
    const preview = drawer.getByRole('button', { name: 'Preview the effect' });
    expect(await preview.isDisabled()).toBe(true);
    await drawer.getByLabel('Reason, kept in the system log').fill('Test report 118');
    await preview.click();
    await drawer.getByText('What it would change').waitFor();
    await drawer.getByText('−9.32').first().waitFor();
    await drawer.getByRole('button', { name: 'Correct the error' }).click();
    await drawer.getByText('Entered', { exact: true }).waitFor();
    await drawer.getByRole('button', { name: 'Close' }).last().click();
    await page.getByText('Counts 4.00 % too much').waitFor();
    await page.getByRole('button', { name: 'Take back' }).click();
    await page.getByLabel('Reason, kept in the system log').fill('Of another meter');
    await page.getByRole('button', { name: 'Take back' }).click();
    // The made-up clock runs on with the tests before this one.
    await page.getByText(/Taken back 24 Nov, 14:\d\d/).waitFor();
    expect(complaints).toEqual([]);
  });
});

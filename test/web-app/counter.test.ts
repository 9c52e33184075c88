/** The counter in a real browser over the made-up park: shifts, refunds, receipts, accounts that begin and end, cuts. */
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

describe('the bank', () => {
  const load = async (name: string) => {
    await page.goto(at('/bank-import'));
    await page.getByText('Bank statement', { exact: true }).waitFor();
    await page.setInputFiles('#bank-file', {
      ...{ name, mimeType: 'text/csv', buffer: Buffer.from('a,b') },
    });
  };

  test('a file is told line by line, imported, and imported again adds nothing and says so', async () => {
    await load('wrong.csv');
    await page.getByText('1.005 has too many decimals').waitFor();
    await page.getByText('1 line is wrong. Nothing is imported while one is.').waitFor();
    await load('november.csv');
    await page.getByRole('button', { name: 'Import 3 lines' }).click();
    await page.getByText('3 lines added, 2 of them unidentified.').waitFor();
    await load('november.csv');
    await page.getByText('by Chen Li. It adds nothing.').waitFor();
    expect(await page.getByRole('button', { name: 'Import 3 lines' }).count()).toBe(0);
  });

  test('money that nobody knows is claimed once name and meters were confirmed', async () => {
    await page.goto(at('/bank?state=unidentified&open=78102'));
    await page.getByRole('button', { name: 'Claim for an account' }).click();
    const drawer = page.getByRole('dialog');
    const book = drawer.getByRole('button', { name: 'Book 1,200.00' });
    await drawer.getByRole('combobox').click();
    await page.getByRole('option').nth(1).waitFor({ state: 'attached' });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await drawer.getByText('name and the meter are right').waitFor();
    expect(await book.isDisabled()).toBe(true);
    await drawer.getByRole('checkbox').check();
    await book.click();
    await drawer.getByText('A sale with its receipt is booked.').waitFor();
    await drawer.getByText('R00000260').waitFor();
  });

  test('one that may be two is matched by a person, a fee with its reason', async () => {
    await page.goto(at('/bank?open=78104'));
    await page.getByRole('button', { name: 'It is this' }).first().click();
    await page.getByRole('button', { name: 'Release' }).waitFor();
    expect(await page.getByRole('button', { name: 'It is this' }).count()).toBe(0);
  });
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

  test('one’s own shortage waits for another, or is booked by oneself where the project allows it, and says so', async () => {
    await page.getByText('−100.00').click();
    await page.getByText('A second person approves it, or asks for another count.').waitFor();
    expect(await page.getByRole('button', { name: 'Book over / short' }).count()).toBe(0);
    const settings = /\/api\/v1\/projects\/\d+$/;
    await page.route(settings, async (route) => {
      const response = await route.fetch();
      const project = await response.json();
      project.vending.singlePersonApproves = true;
      await route.fulfill({ response, json: project });
    });
    await page.reload();
    await page.getByText('You may approve your own here').waitFor();
    await page.getByLabel('Reason, kept in the system log').fill('nobody else is here');
    await page.getByRole('button', { name: 'Book over / short' }).click();
    await page.getByText('Approved by the same person').waitFor();
    await page.unroute(settings);
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

describe('money with meters', () => {
  test('a recharge that is held is decided by a person, a comparison that differs adjusted, each with its reason', async () => {
    await page.goto(at('/recharges?open=91003'));
    await page.getByRole('heading', { name: '6 recharges' }).waitFor();
    const onMeter = page.getByRole('button', { name: 'It is on the meter' });
    await onMeter.waitFor();
    expect(await onMeter.isDisabled()).toBe(true);
    await page.getByLabel('What the meter shows, and why').fill('read at the meter');
    await onMeter.click();
    await page.getByText('Chen Li: read at the meter').waitFor();
    expect(await onMeter.count()).toBe(0);
    await page.getByRole('button', { name: 'Reconciliation' }).click();
    await page.getByRole('heading', { name: '4 comparisons' }).waitFor();
    await page.getByText('−50.00').click();
    await page.getByText('Of the ledger’s 412.50, 12.50 was used and is not settled.').waitFor();
    const byPark = page.getByRole('button', { name: 'Adjust, the park bears it' });
    expect(await byPark.isDisabled()).toBe(true);
    await page.getByLabel('Why the ledger follows the meter').fill('meter was tested');
    await byPark.click();
    await page.getByText(/^Adjusted by Chen Li/).waitFor();
    await page.getByText('meter was tested').waitFor();
    expect(await byPark.count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('the account says where its money is, and what hours without cuts are worth', async () => {
    await page.goto(at('/accounts/7002'));
    const panel = page.getByRole('region', { name: 'Where the money is' });
    await panel.getByText('counter 18 · overdraft 100,000.00 for now').waitFor();
    await panel.getByText('In hours and days without cuts its meters supply below zero').waitFor();
    expect(complaints).toEqual([]);
  });
});

describe('accounts begin and end', () => {
  test('an opening says what it lacks, keeps what was typed, and opens with its points', async () => {
    await page.goto(at('/accounts?opening=true'));
    const drawer = page.getByRole('dialog');
    const next = drawer.getByRole('button', { name: 'Next' });
    expect(await next.isDisabled()).toBe(true);
    await drawer.getByLabel('Account', { exact: true }).fill('Haiyue Coatings');
    await drawer.getByRole('button', { name: 'Check' }).click();
    await drawer.getByText('One thing keeps it from being opened').waitFor();
    const open = drawer.getByRole('button', { name: 'Open now' });
    expect(await open.isDisabled()).toBe(true);
    await drawer.getByRole('button', { name: 'Points', exact: true }).click();
    await drawer.getByLabel('Add a point').click();
    await page.keyboard.type('E211');
    await page.keyboard.press('Enter');
    await drawer.getByRole('button', { name: 'Leave out E211' }).waitFor();
    // Who holds the money, and why a meter cannot, is told where it is chosen.
    await drawer.getByRole('button', { name: 'Its meters' }).click();
    await drawer
      .getByText('E211 cannot hold money: its tariff has more than four seasons')
      .waitFor();
    await next.click();
    await drawer.getByRole('button', { name: 'Keep in the wallet' }).click();
    await drawer.getByRole('button', { name: 'Points', exact: true }).click();
    await drawer.getByRole('button', { name: 'The platform' }).click();
    await drawer.getByText('E211 cannot hold money').waitFor({ state: 'detached' });
    await next.click();
    expect(await drawer.getByRole('button', { name: 'Keep in the wallet' }).count()).toBe(0);
    const sale = drawer.getByRole('textbox', { name: /^First sale/ });
    await sale.fill('12.345');
    expect(await drawer.getByRole('button', { name: 'Check' }).last().isDisabled()).toBe(true);
    await sale.fill('500');
    await drawer.getByRole('button', { name: 'Check' }).last().click();
    await drawer.getByText('Haiyue Coatings').first().waitFor();
    await open.click();
    await drawer.getByText('Haiyue Coatings is open.').waitFor();
    await drawer.getByRole('link', { name: 'Confirmation to print' }).click();
    await page.getByRole('heading', { name: 'Opening of an account' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('an account is changed where it is shown: who is called, when it is warned; a point more, a point less', async () => {
    await page.goto(at('/accounts/7002'));
    await page.getByText(/Zhao Lei 13900004567/).waitFor();
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByLabel('Telephone').fill('13911112222');
    await drawer.getByLabel(/^Alarm 2/).fill('900');
    await drawer.getByText('alarm 1 comes at the larger amount').waitFor();
    const save = drawer.getByRole('button', { name: 'Save' });
    expect(await save.isDisabled()).toBe(true);
    await drawer.getByLabel(/^Alarm 2/).fill('90');
    const sent = page.waitForRequest((request) => request.method() === 'PATCH');
    await save.click();
    expect((await sent).postDataJSON()).toMatchObject({
      alarm2: { amount: '90.00', currency: 'CNY' },
      person: { name: 'Zhao Lei', phone: '13911112222', email: null },
    });
    await page.getByText(/Zhao Lei 13911112222/).waitFor();
    await page.getByRole('button', { name: 'Add a point' }).click();
    await drawer.getByLabel('Point').click();
    await page.keyboard.type('E211');
    await page.keyboard.press('Enter');
    const held = page.waitForRequest((request) => request.url().endsWith('/tenancies'));
    await drawer.getByRole('button', { name: 'Add it' }).click();
    expect((await held).postDataJSON()).toMatchObject({
      ...{ accountId: '7002', from: '2026-11-24T06:30:00.000Z' },
    });
    await drawer.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Next contract' }).click();
    await drawer.getByLabel('Contract number').fill('K-2');
    const made = page.waitForRequest((request) => request.url().endsWith('/supply-contracts'));
    await drawer.getByRole('button', { name: 'Enter it' }).click();
    expect((await made).postDataJSON()).toEqual({
      ...{ number: 'K-2', from: '2026-11-24', to: null, notices: [] },
    });
    await drawer.waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
    await page
      .getByRole('button', { name: /^Give .* back$/ })
      .first()
      .click();
    await drawer.getByRole('button', { name: 'Give it back' }).click();
    await drawer.getByLabel('Reason').fill('moved out on Friday');
    await drawer.getByRole('button', { name: 'Give it back' }).click();
    await drawer.waitFor({ state: 'hidden' });
    expect(complaints.splice(0)).toHaveLength(1);
  });

  test('an account is closed with what is left of it, for a reason', async () => {
    const asked = page.waitForRequest((request) => request.url().endsWith('/closing/readings'));
    await page.goto(at('/accounts/7000?closing=true'));
    const drawer = page.getByRole('dialog');
    const close = drawer.getByRole('button', { name: 'Close account' });
    await drawer.getByText('Left for the customer').waitFor();
    // The meters are read as it begins.
    await asked;
    await drawer.getByRole('button', { name: 'Reading the meters …' }).waitFor({ state: 'hidden' });
    expect(await drawer.getByLabel('Switch the supply off').isChecked()).toBe(true);
    expect(await close.isDisabled()).toBe(true);
    await drawer.getByLabel('Reason').fill('moves out');
    await close.click();
    await drawer.getByText('refunded', { exact: true }).waitFor();
    await drawer.getByText(/^RF000000\d+$/).waitFor();
    await drawer.getByRole('button', { name: 'Close', exact: true }).last().click();
    await page.getByText('Points given back').waitFor();
    expect(await page.getByRole('button', { name: /New sale/ }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('a deposit whose answer was lost is asked for again under the same key', async () => {
    await page.goto(at('/accounts/7001'));
    const keys: (string | undefined)[] = [];
    await page.route('**/accounts/7001/deposits', async (route) => {
      keys.push(route.request().headers()['idempotency-key']);
      await (keys.length === 1 ? route.abort() : route.continue());
    });
    await page.getByRole('button', { name: 'Book', exact: true }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByLabel('Amount').fill('200');
    await drawer.getByRole('button', { name: 'Take', exact: true }).last().click();
    await drawer.getByText('It is not known whether it was booked').waitFor();
    expect(await drawer.getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true);
    await drawer.getByRole('button', { name: 'Ask again' }).click();
    await drawer.getByText(/^D000000\d+$/).waitFor();
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
    await page.unroute('**/accounts/7001/deposits');
    // The request that was broken off is told by the browser, too.
    expect(complaints.splice(0)).toEqual([expect.stringContaining('ERR_FAILED')]);
  });

  test('what a closed account owes is written off with a reason and leaves the list', async () => {
    await page.goto(at('/residuals'));
    await page
      .getByRole('row', { name: /Old Foundry/ })
      .getByRole('button', { name: 'Settle' })
      .click();
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('button', { name: 'Write off' }).first().click();
    const book = drawer.getByRole('button', { name: 'Write off' }).last();
    expect(await book.isDisabled()).toBe(true);
    await drawer.getByLabel('Reason').fill('insolvent');
    await book.click();
    await drawer.getByText('Booked', { exact: true }).waitFor();
    await drawer.getByRole('button', { name: 'Close' }).last().click();
    await page.getByText('Old Foundry').waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });
});

describe('credit control', () => {
  test('a proposed cut is confirmed by its number of points and a reason', async () => {
    await page.goto(at('/credit?open=7004'));
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('button', { name: 'Cut off…' }).click();
    const cut = drawer.getByRole('button', { name: 'Cut 3 points off' });
    await drawer.getByLabel('Reason, kept in the system log').fill('told three times');
    await drawer.getByLabel('Number of points').fill('2');
    expect(await cut.isDisabled()).toBe(true);
    await drawer.getByLabel('Number of points').fill('3');
    await cut.click();
    await drawer.getByText('Cutting', { exact: true }).waitFor();
    await drawer.getByText('told three times').first().waitFor();
    expect(complaints).toEqual([]);
  });

  test('an account is held for a dispute, which is ended with a reason', async () => {
    await page.goto(at('/credit?open=7003'));
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('button', { name: 'Hold for a dispute…' }).click();
    const hold = drawer.getByRole('button', { name: 'Hold', exact: true });
    await drawer.getByLabel('Reason, kept in the system log').fill('meter doubted');
    await drawer.getByLabel('Hold until').fill('2026-11-01T12:00');
    await drawer.getByText('This time is over').waitFor();
    expect(await hold.isDisabled()).toBe(true);
    await drawer.getByLabel('Hold until').fill('2026-12-01T12:00');
    await hold.click();
    await drawer.getByText('End of the dispute, 1 Dec, 12:00').waitFor();
    await drawer.getByLabel('Why it ends').fill('meter is right');
    await drawer.getByRole('button', { name: 'End the dispute' }).click();
    await drawer.getByText(/ended .* by Chen Li: meter is right/).waitFor();
    expect(complaints).toEqual([]);
  });

  test('a policy is checked as it is typed, read back in words, and automatic asks whether one is sure', async () => {
    await page.goto(at('/credit?tab=policy'));
    await page.getByRole('button', { name: 'Change' }).click();
    const save = page.getByRole('button', { name: 'Switch to automatic' });
    await page.getByLabel('Restore from').fill('-60');
    await page.getByText('Upside down: supply would come back').waitFor();
    await page.getByLabel('Restore from').fill('30');
    await page.getByLabel('Reason, kept in the system log').fill('board of today');
    await page.getByRole('button', { name: 'Automatic', exact: true }).click();
    await page.getByText(/are below this limit and are next/).waitFor();
    expect(await save.isDisabled()).toBe(true);
    await page.getByLabel('I know, and I am allowed to decide it').check();
    await save.click();
    await page.getByText('Version 3', { exact: true }).waitFor();
    await page.getByText('its live balance is 30.00 CNY or more').first().waitFor();
    await page.getByLabel('Why it may go on').fill('a tariff was wrong');
    await page.getByRole('button', { name: 'Release the brake' }).click();
    await page.getByText('The brake holds since').waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });
});

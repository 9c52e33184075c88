/** Configuration in a real browser: what is typed wrongly is said there, retiring says what stands in the way, a table is told first. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PATIENCE_MS } from '../patience.ts';
import { launchOptions } from './browser.ts';
import { builtApp } from './built-app.ts';
import { startFixture } from './fixture/server.ts';
import { PROJECT } from './fixture/world.ts';

const offsetMs = Date.parse('2026-11-24T14:32:08+08:00') - Date.now();
const now = () => new Date(Date.now() + offsetMs);
const dist = builtApp();
let browser: Browser;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  browser = await chromium.launch(launchOptions());
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(() => browser?.close());

async function open(path: string, width = 1440): Promise<Page> {
  const fixture = await startFixture({ now, dist });
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(() => localStorage.setItem('wattledger.signed-in', '1'));
  closers.push(() => context.close(), fixture.close);
  const page = await context.newPage();
  await page.goto(`${fixture.url}/projects/${PROJECT}/configuration${path}`);
  return page;
}

/** As if the reader's role held it, from the next look at the session on. */
async function maySetTheProject(page: Page): Promise<void> {
  await page.route('**/api/v1/session', async (route) => {
    const response = await route.fetch();
    const session = await response.json();
    for (const project of session.projects) project.permissions.push('project.write');
    await route.fulfill({ response, json: session });
  });
}

test('a code that cannot be is said where it is typed, and nothing is saved', async () => {
  const page = await open('');
  await page.getByRole('button', { name: 'New building' }).click();
  const drawer = page.getByRole('dialog', { name: 'New building' });
  await drawer.getByLabel('Code').fill('A B');
  await drawer.getByLabel('Name', { exact: true }).fill('Building F');
  await drawer.getByText('letters, digits, . _ -').waitFor();
  expect(await drawer.getByLabel('Code').getAttribute('aria-invalid')).toBe('true');
  expect(await drawer.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
  await drawer.getByLabel('Code').fill('F');
  expect(await drawer.getByRole('button', { name: 'Save' }).isEnabled()).toBe(true);
});

test('retiring a building with points says which, in the reader’s language', async () => {
  const page = await open('', 390);
  await page.getByRole('button', { name: 'A', exact: true }).click();
  await page.getByRole('button', { name: 'Retire', exact: true }).click();
  await page.getByRole('alert').getByText('2 points stand there: A101, A102').waitFor();
});

test('a point is locked out with tag and reason, and lifted with the tag that hangs there', async () => {
  const page = await open('?tab=points');
  await page.getByRole('button', { name: 'A102', exact: true }).click();
  const lock = page.getByRole('region', { name: 'Lock-out' });
  await lock.getByRole('button', { name: 'Lock out …' }).click();
  await lock.getByLabel('Tag', { exact: true }).fill('L-7');
  const send = lock.getByRole('button', { name: 'Lock out', exact: true });
  expect(await send.isDisabled()).toBe(true);
  await lock.getByLabel('Reason').fill('work on the line');
  await send.click();
  await lock.getByText('Locked out, tag L-7').waitFor();
  await lock.getByRole('button', { name: 'Cancel' }).waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('gridcell', { name: 'A102 locked out' }).waitFor();
  await page.getByRole('button', { name: 'A102', exact: true }).click();
  await lock.getByRole('button', { name: 'Lift the lock …' }).click();
  await lock.getByLabel('Reason').fill('done');
  await lock.getByLabel('Tag in your hand').fill('L-8');
  await lock.getByText('the tag that hangs there reads otherwise').waitFor();
  await lock.getByLabel('Tag in your hand').fill('L-7');
  await lock.getByRole('button', { name: 'Lift the lock', exact: true }).click();
  await lock.getByText('Not locked out.').waitFor();
});

test('a meter is taken away from its point, and put in again with its register and its transformers', async () => {
  const page = await open('?tab=points');
  await page.getByRole('button', { name: 'A102', exact: true }).click();
  const stands = page.getByRole('region', { name: 'Meter at this point' });
  await stands.getByText(/since .* CT/).waitFor();
  expect(await stands.getByRole('link', { name: 'Replace it …' }).getAttribute('href')).toMatch(
    /meters\/\d+\?correct=replace/,
  );
  await stands.getByRole('button', { name: 'Take it away …' }).click();
  await stands.getByLabel('Register then').fill('12x');
  await stands.getByText('a figure like 1234.56').waitFor();
  const take = stands.getByRole('button', { name: 'Take it away', exact: true });
  expect(await take.isDisabled()).toBe(true);
  await stands.getByLabel('Register then').fill('1,234.56');
  const taken = page.waitForRequest((request) => request.method() === 'PATCH');
  await take.click();
  expect((await taken).postDataJSON()).toMatchObject({ lastRegister: 1_234_560 });
  await stands.getByText('No meter stands here.').waitFor();
  await stands.getByRole('button', { name: 'Put a meter in …' }).click();
  await stands.getByLabel('Meter', { exact: true }).selectOption({ index: 1 });
  await stands.getByLabel('CT').fill('0');
  await stands.getByText('1 to 9999').waitFor();
  await stands.getByLabel('CT').fill('40');
  await stands.getByLabel('Register then').fill('0');
  const put = page.waitForRequest((request) => request.method() === 'POST');
  await stands.getByRole('button', { name: 'Put it in' }).click();
  expect((await put).postDataJSON()).toMatchObject({ ct: 40, pt: 1, firstRegister: 0 });
  await stands.getByText('CT 40').waitFor();
});

test('a function that rests on one source is enabled for a model by a named one, and withdrawn', async () => {
  const page = await open('?tab=models');
  const rowOf = (model: string) => page.getByRole('row').filter({ hasText: model });
  await rowOf('WATER')
    .filter({ hasNotText: 'SIM' })
    .getByRole('button', { name: 'Open valve' })
    .click();
  const drawer = page.getByRole('dialog', { name: 'WATER · Open valve' });
  await drawer.getByText('Nobody has decided of it yet.').waitFor();
  const enable = drawer.getByRole('button', { name: 'Enable for this model' });
  expect(await enable.isDisabled()).toBe(true);
  await drawer.getByLabel('Source').fill('tried on W-7');
  await enable.click();
  await drawer.getByRole('button', { name: 'Withdraw' }).waitFor();
  await drawer.getByRole('region', { name: 'Decisions' }).getByText('tried on W-7').waitFor();
  await drawer.getByLabel('Reason').fill('it stuck');
  await drawer.getByRole('button', { name: 'Withdraw' }).click();
  await drawer.getByRole('region', { name: 'Decisions' }).getByText('it stuck').waitFor();
  await enable.waitFor();
});

test('what counts as wrong is set in the units that people use, and within bounds', async () => {
  const page = await open('?tab=defaults');
  const form = page.getByRole('region', { name: 'Quality of readings' });
  await form.getByLabel('Main against parts').waitFor();
  await maySetTheProject(page);
  await page.reload();
  const loss = form.getByLabel('Main against parts');
  await loss.waitFor();
  expect(await loss.inputValue()).toBe('15');
  expect(await form.getByLabel('Second person above').inputValue()).toBe('50');
  const save = form.getByRole('button', { name: 'Save quality' });
  await loss.fill('101');
  await form.getByText('from 0 to 100 %').waitFor();
  expect(await save.isDisabled()).toBe(true);
  await loss.fill('7');
  const sent = page.waitForRequest((request) => request.method() === 'PATCH');
  await save.click();
  // Only what is another now, as it is stored.
  expect((await sent).postDataJSON()).toEqual({ quality: { lossShare: 0.07 } });
  await form.getByText('Saved', { exact: true }).waitFor();
  await page.reload();
  await loss.waitFor();
  expect(await loss.inputValue()).toBe('7');
});

test('a meter is test-read before it is saved, and the time of its line is said', async () => {
  const page = await open('?tab=meters');
  await page.getByRole('button', { name: 'New meter' }).click();
  const drawer = page.getByRole('dialog', { name: 'New meter' });
  await drawer.getByLabel('Bus').selectOption({ index: 1 });
  await drawer.getByLabel('Address').fill('7');
  await drawer.getByText('of the line’s time now').waitFor();
  await drawer.getByRole('button', { name: 'Test-read' }).click();
  await drawer.getByText('It answers, in 184 ms').waitFor();
  await drawer.getByRole('button', { name: 'Enter this number' }).click();
  expect(await drawer.getByLabel('Serial number').inputValue()).toBe('202611240099');
  await drawer.getByLabel('Address').fill('201');
  await drawer.getByRole('button', { name: 'Test-read' }).click();
  await drawer.getByText('No reading: no answer within the time-out').waitFor();
  // A line that is stated and cannot carry it: said before it is saved.
  await drawer.getByLabel('Read every').fill('5');
  await drawer.getByText('It does not fit').waitFor();
  expect(await drawer.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
});

test('a table is told row by row; a wrong row keeps all of it out, a right one is imported', async () => {
  const page = await open('/import');
  const take = (name: string) =>
    page.setInputFiles('#import-file', {
      ...{ name, mimeType: 'text/csv', buffer: Buffer.from('point\nA141\n') },
    });
  await take('wrong.csv');
  await page.getByText('1 row is wrong').waitFor();
  await page.getByText('Address 7 is taken: 202611240001').waitFor();
  expect(await page.getByRole('button', { name: /^Import all/ }).count()).toBe(0);
  await take('right.csv');
  await page.getByText('Point A141 (new), Meter 202611240041 (new)').waitFor();
  await page.getByRole('button', { name: 'Import all 3 rows' }).click();
  await page.getByText('1 new, 1 changed, 1 as they were.').waitFor();
});

test('what the counter may do is set where defaults are, by who may, within bounds', async () => {
  const page = await open('?tab=defaults');
  const panel = page.getByRole('region', { name: 'The counter' });
  expect(await panel.getByLabel('An online payment has cleared after').isDisabled()).toBe(true);
  await maySetTheProject(page);
  const sent: unknown[] = [];
  await page.route(`**/api/v1/projects/${PROJECT}`, async (route) => {
    if (route.request().method() !== 'PATCH') return route.fallback();
    sent.push(route.request().postDataJSON());
    await route.fulfill({ json: {} });
  });
  await page.reload();
  await panel.getByLabel('A reversal above this').fill('1.005');
  await panel.getByText('Zero or more, with the decimals of the currency').waitFor();
  expect(await panel.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
  await panel.getByLabel('A reversal above this').fill('250.5');
  await panel.getByLabel('Cash is taken and given in an open shift alone').uncheck();
  await panel.getByLabel('One person alone may approve').check();
  await panel.getByRole('button', { name: 'Save' }).click();
  await panel.getByText('Saved').waitFor();
  const vending = { cashNeedsShift: false, reversalApprovalMinor: 25_050, unclearedHours: 24 };
  expect(sent).toEqual([{ vending: { ...vending, singlePersonApproves: true } }]);
});

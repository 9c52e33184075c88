/** A version made in a real browser: by mouse and by key, checked, priced, corrected, saved; and where it holds. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PATIENCE_MS } from '../patience.ts';
import { launchOptions } from './browser.ts';
import { builtApp } from './built-app.ts';
import { type FixtureOptions, startFixture } from './fixture/server.ts';
import { PROJECT } from './fixture/world.ts';

const AT = Date.parse('2026-11-24T14:32:08+08:00');
const offsetMs = AT - Date.now();
const now = () => new Date(Date.now() + offsetMs);
const desk = { width: 1440, height: 1000 };
const base = `/projects/${PROJECT}/tariffs`;

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

async function open(path: string, viewport = desk, options: FixtureOptions = {}) {
  const fixture = await startFixture({ now, dist, ...options });
  const context = await browser.newContext({ viewport });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(() => localStorage.setItem('wattledger.signed-in', '1'));
  closers.push(() => context.close(), fixture.close);
  const page = await context.newPage();
  await page.clock.install({ time: now() });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(fixture.url + base + path);
  return { page, complaints };
}

const band = (page: Page, row: string, minute: number) =>
  page.locator(`[data-row="${row}"] [data-band="${minute}"]`);
const save = (page: Page) => page.getByRole('button', { name: 'Review and save v3' });

/** The focus follows a changed band once it is drawn: a key before that meets another one. */
const focused = (page: Page, name: string) =>
  page.getByRole('button', { name }).and(page.locator(':focus'));

test('bands are changed by key: a hole is named in place, filled, and undone', async () => {
  const { page, complaints } = await open('/edit?tariff=8001');
  // 17:00 to 18:30 spike, on all working days at once.
  await band(page, '2', 1020).click();
  await page.keyboard.press('Shift+ArrowRight');
  await focused(page, 'Spike 17:00–18:45').waitFor();
  await page.keyboard.press('Shift+ArrowRight');
  await focused(page, 'Spike 17:00–19:00').waitFor();
  expect(await page.getByRole('button', { name: 'Spike 17:00–19:00' }).count()).toBe(6);
  await page.keyboard.press('Delete');
  const hole = page.getByRole('button', { name: 'no period from 17:00 to 19:00' });
  expect(await hole.count()).toBe(6);
  await page.getByText('1 fault', { exact: true }).waitFor();
  const checks = page.getByRole('region', { name: 'Checks' });
  await checks.getByText('Winter, weekdays', { exact: true }).waitFor();
  await checks.getByText('17:00 to 19:00: no period', { exact: true }).waitFor();
  expect(await save(page).isDisabled()).toBe(true);
  // The focus goes to the hole: a key fills it.
  await focused(page, 'no period from 17:00 to 19:00').waitFor();
  await page.keyboard.press('2');
  await page.getByText('Every hour of every day type is priced once').waitFor();
  expect(await page.getByRole('button', { name: 'Peak 17:00–19:00' }).count()).toBe(6);
  await page.getByRole('button', { name: 'Undo' }).click();
  expect(await hole.count()).toBe(6);
  expect(complaints).toEqual([]);
});

test('a border is dragged and snaps to the quarter; what differs is outlined; the month is priced anew', async () => {
  const { page } = await open('/edit?tariff=8001');
  const bills = page.locator('#part-sample');
  await bills.getByText('Total').waitFor();
  const last = band(page, '1', 1020);
  await last.click();
  const box = await page.locator('[data-row="1"] .week-track').boundingBox();
  if (!box) throw new Error('no track');
  const x = (minute: number) => box.x + (minute / 1440) * box.width;
  await page.mouse.move(x(1110), box.y + 10);
  await page.mouse.down();
  // 19:05 by the pointer is 19:00 on the clock.
  await page.mouse.move(x(1130), box.y + 10);
  await page.mouse.move(x(1145), box.y + 10);
  await page.mouse.up();
  await page.getByRole('button', { name: 'Spike 17:00–19:00' }).first().waitFor();
  expect(await page.locator('[data-row="1"] .week-mark').count()).toBe(1);
  await page.getByText('v2: Spike, 17:00 to 18:30').waitFor();
  const total = bills.locator('tr.total td').last();
  await expect.poll(() => total.textContent()).not.toBe('0.00');
  // The same for one point alone, which is part of what the account pays.
  const whole = await bills.locator('tr.total td').nth(-2).textContent();
  await bills.getByLabel('Account or point').fill('E-');
  await page.locator('.ant-select-item-option').first().click();
  const ofPoint = bills.locator('tr.total td').nth(-2);
  await expect.poll(() => ofPoint.textContent()).not.toBe(whole);
  // One step back for the whole drag.
  await page.getByRole('button', { name: 'Undo' }).click();
  expect(await page.locator('.week-mark').count()).toBe(0);
});

test('a wrong price is told at its field, and leads there; a saved version follows the one before', async () => {
  const { page } = await open('/edit?tariff=8001');
  await page.locator('#component-0 > button').click();
  const spike = page.locator('#component-0').getByLabel('Spike');
  await spike.fill('1.3x');
  await page.getByText('1 fault', { exact: true }).first().waitFor();
  expect(await spike.getAttribute('aria-invalid')).toBe('true');
  await spike.fill('1.3146');
  await page.getByText('Every period and step has its price').waitFor();
  await save(page).click();
  const drawer = page.getByRole('dialog');
  await drawer.getByText('Begins in 7 days.').waitFor();
  await drawer.getByRole('button', { name: 'Save v3' }).click();
  await page.getByText('Will hold from 1 Dec 2026').waitFor();
  await page.getByText('1.3146').waitFor();
});

test('a beginning in the past is a correction: it says what it touches and asks why', async () => {
  const { page } = await open('/edit?tariff=8001');
  await page.getByLabel('In force from').fill('2026-11-02');
  await page.keyboard.press('Enter');
  await page.getByText('This is a correction of the past').waitFor();
  await page.getByText(/It reaches back over 22 days\. At \d+ billed points/).waitFor();
  await save(page).click();
  const act = page.getByRole('button', { name: 'Save v3 and correct' });
  expect(await act.isDisabled()).toBe(true);
  await page.getByLabel('Reason of the correction').fill('The supplier published it late');
  await act.click();
  await page.getByText('In force from 2 Nov 2026').waitFor();
});

test('without the permission the past is not corrected, and without tariff.write nothing is edited', async () => {
  const { page } = await open('/edit?tariff=8001', desk, { without: ['tariff.correct'] });
  await page.getByLabel('In force from').fill('2026-11-02');
  await page.keyboard.press('Enter');
  await save(page).click();
  expect(await page.getByLabel('Reason of the correction').count()).toBe(0);
  await page.getByRole('button', { name: 'Save v3' }).last().click();
  await page.getByText('Days that are settled would change').waitFor();
  const reader = await open('/edit?tariff=8001', desk, { without: ['tariff.write'] });
  await reader.page.getByText('Your role may read tariffs, not make them').waitFor();
});

test('a new tariff starts from an example, with holidays from an iCalendar file', async () => {
  const { page, complaints } = await open('/edit');
  await page.getByRole('button', { name: 'Start from an example' }).click();
  const spain = page.locator('.example-list li').filter({ hasText: 'Spain 2.0TD' });
  await spain.getByText('Its prices are in EUR, this project has CNY: replace them.').waitFor();
  await spain.getByRole('button', { name: 'Start from it' }).click();
  await page.getByRole('heading', { name: 'Spain 2.0TD' }).waitFor();
  await page.getByText('Every hour of every day type is priced once').waitFor();
  await page.getByRole('button', { name: 'Import a calendar' }).click();
  const drawer = page.getByRole('dialog');
  const events = ['SUMMARY:Año Nuevo', 'SUMMARY:Traslado'].map(
    (summary, i) => `BEGIN:VEVENT\nDTSTART;VALUE=DATE:2027010${i + 1}\n${summary}\nEND:VEVENT`,
  );
  await drawer.getByLabel('Paste it here').fill(['BEGIN:VCALENDAR', ...events].join('\n'));
  await drawer.getByRole('button', { name: 'Read it' }).click();
  const kind = drawer.getByLabel('2 Jan 2027 Is a');
  expect(await kind.inputValue()).toBe('holiday');
  // Another word makes it a workday; by hand it is left out.
  await drawer.getByLabel('Words of a make-up workday').fill('traslado');
  await page.keyboard.press('Enter');
  await expect.poll(() => kind.inputValue()).toBe('workday');
  await kind.selectOption('none');
  await drawer.getByRole('button', { name: 'Take over 1 day' }).click();
  await page.getByRole('button', { name: '2027', exact: true }).click();
  await page.getByText('1 holiday in 2027').waitFor();
  expect(complaints).toEqual([]);
});

test('a holiday calendar is shown before it is taken over; a draft is found again', async () => {
  const { page } = await open('/edit?tariff=8001');
  await page.getByRole('button', { name: 'Import a calendar' }).click();
  const drawer = page.getByRole('dialog');
  await drawer
    .getByLabel('Paste it here')
    .fill('2027-01-01,holiday,元旦\n2027-02-06,workday,\nnonsense');
  await drawer.getByRole('button', { name: 'Read it' }).click();
  await drawer.getByText('1 line was not understood').waitFor();
  await drawer.getByRole('button', { name: 'Take over 2 days' }).click();
  await page.getByRole('button', { name: '2027', exact: true }).click();
  await page.getByText('1 holiday in 2027').waitFor();
  await page.waitForTimeout(500);
  await page.reload();
  await page.getByText('This draft was begun earlier on this device').waitFor();
  await page.getByRole('button', { name: 'Start over' }).click();
  expect(await page.getByRole('button', { name: '2027', exact: true }).count()).toBe(0);
});

test('an assignment is made, one that overlaps is refused in words, one is ended', async () => {
  const { page } = await open('?tariff=8001');
  await page.getByRole('button', { name: 'Assign' }).click();
  const drawer = page.getByRole('dialog');
  await drawer.getByRole('button', { name: 'Default' }).click();
  await drawer.getByRole('button', { name: 'Assign' }).click();
  await drawer.getByText('Another holds there in that time').waitFor();
  await drawer.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'End', exact: true }).first().click();
  await page.getByRole('button', { name: 'End on 24 Nov 2026' }).click();
  await page.getByRole('grid').getByText('24 Nov 2026').waitFor();
});

test('an index keeps the value it had before; an event day is withdrawn', async () => {
  const { page, complaints } = await open('/published');
  await page.getByLabel('Value', { exact: true }).fill('1.05');
  await page.getByText('The month has 1.0420 so far.').waitFor();
  await page.getByRole('button', { name: 'Publish another value' }).click();
  await page.getByRole('cell', { name: '1.05', exact: true }).waitFor();
  expect(await page.getByRole('button', { name: '1 earlier' }).count()).toBe(2);
  // The cross only asks: a withdrawn day of the past changes bills.
  await page.getByRole('button', { name: 'Withdraw 5 Aug 2026' }).click();
  const ask = page.getByRole('group', { name: 'Withdraw 5 Aug 2026' });
  await ask.getByText('settled anew without the event').waitFor();
  await ask.getByRole('button', { name: 'Withdraw 5 Aug 2026' }).click();
  await expect.poll(() => page.getByText('5 Aug 2026').count()).toBe(0);
  expect(complaints).toEqual([]);
});

test.each(['?tariff=8003', '/edit?tariff=8003', '/published'])(
  'on a phone %s fits 390 px and the console is silent',
  async (path) => {
    const { page, complaints } = await open(path, { width: 390, height: 844 });
    await page.waitForLoadState('networkidle');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      390,
    );
    expect(complaints).toEqual([]);
  },
);

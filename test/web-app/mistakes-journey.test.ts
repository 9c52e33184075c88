/** The daily mistakes of the trade, put right in a real browser against the real system, to the cent. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { lateMarker } from '../../ingest/dirty.ts';
import {
  at,
  DAY,
  HOUR,
  type MistakesPark,
  NOW,
  openMistakesPark,
  type Shop,
  SLOT,
} from './mistakes-park.ts';

let park: MistakesPark;
/** Who reads and corrects meters, and who corrects tariffs and approves. */
let manager: Page;
let finance: Page;

/** Each story's shops and readings are entered before the first is told: built and settled once. */
const begins: (() => Promise<void>)[] = [];
beforeAll(async () => {
  park = await openMistakesPark();
  for (const begin of begins) await begin();
  await park.work();
  manager = await park.person('energy-manager', 'Chen Min');
  finance = await park.person('finance', 'Wang Mei');
}, 90_000);
afterEach(async (c) => {
  if (c.task.result?.state !== 'fail' || !process.env.SHOTS) return;
  console.log(park.complaints, manager.url(), finance.url());
  await manager.screenshot({ path: `${process.env.SHOTS}/manager.png`, fullPage: true });
  await finance.screenshot({ path: `${process.env.SHOTS}/finance.png`, fullPage: true });
});
afterAll(() => park?.close());

interface Reading {
  ms: number;
  register: number;
}

/** Readings at each quarter of an hour of a register that grows by what `used` says of the quarter. */
function line(fromMs: number, toMs: number, used: (ms: number) => number, begin = 100_000) {
  const readings: Reading[] = [];
  let register = begin;
  for (let ms = fromMs; ms < toMs; ms += SLOT) {
    readings.push({ ms, register });
    register += used(ms);
  }
  return readings;
}

/** A shop that is there from the beginning, with what its meter says. */
function shop(
  code: string,
  from: number,
  readings: readonly Reading[],
  more: Record<string, unknown> = {},
): Shop {
  const made: Shop = { code, pointId: '', meterId: '', installationId: '', accountId: '' };
  begins.push(async () => {
    Object.assign(made, await park.shop(code, from, { first_register: 100_000, ...more }));
    await park.say(made.meterId, readings);
  });
  return made;
}

/** What a quarter-hour's Wh cost in cents, in thousandths: 0.50 a kWh until eight, 2.00 after. */
const millicents = (ms: number, wh: number) => wh * (hourOf(ms) < 8 ? 50 : 200);
const hourOf = (ms: number) => Math.floor(((ms - at('2026-06-01')) % DAY) / HOUR);

/** Cents that quarter-hours of [from, to) come to: summed by price, then rounded once. */
function cents(from: number, to: number, whOf: (ms: number) => number): number {
  let sum = 0;
  for (let ms = from; ms < to; ms += SLOT) sum += millicents(ms, whOf(ms));
  return Math.round(sum / 1000);
}

/** '+2,649.60' → 264960; '−595.20' → −59520. */
function centsOf(text: string | null): number {
  const plain = (text ?? '').replace(/[,\s+]/g, '').replace('−', '-');
  if (!/^-?\d+\.\d{2}$/.test(plain)) throw new Error(`no amount: ${text}`);
  return Math.round(Number(plain) * 100);
}
const shown = (minor: number) => {
  const text = (Math.abs(minor) / 100).toLocaleString('en', { minimumFractionDigits: 2 });
  return `${minor < 0 ? '−' : '+'}${text}`;
};

const charged = (accountId: string) => park.charged(accountId);

/** Everything the ledger holds, in one currency, comes to nothing; so does each transaction. */
async function ledgerFoots() {
  const { rows } = await park.owner.query<{ faults: string; sum: string }>(
    `SELECT (SELECT count(*) FROM (SELECT transaction_id FROM entries WHERE project_id = $1
       GROUP BY transaction_id HAVING sum(amount) <> 0) t)::text AS faults,
       (SELECT sum(amount) FROM entries WHERE project_id = $1)::text AS sum`,
    [park.projectId],
  );
  expect(rows).toEqual([{ faults: '0', sum: '0' }]);
}

/** "Correct …" at a meter, and which mistake it was. */
async function correct(page: Page, { meterId }: Shop, mistake: string): Promise<Locator> {
  await park.go(page, `/meters/${meterId}`);
  await page.getByRole('button', { name: 'Correct …' }).click();
  await page.getByRole('menuitem', { name: mistake }).click();
  return page.getByRole('dialog');
}

/** Previews, says what the bills would differ by (cents), and enters exactly that. */
async function previewAndEnter(drawer: Locator, act: string): Promise<number> {
  await drawer.getByRole('button', { name: 'Preview the effect' }).click();
  const total = drawer.locator('.exc-effect tr.total td').last();
  await total.waitFor();
  const minor = centsOf(await total.textContent());
  await drawer.getByRole('button', { name: act }).click();
  await drawer.getByText('Entered').waitFor();
  await drawer.getByRole('button', { name: 'Close' }).last().click();
  return minor;
}

/** The corrections page of an account: its difference, its cause, and by whom. */
async function corrections(
  page: Page,
  { accountId }: Shop,
  { minor, cause, by }: { minor: number; cause: string; by: string },
) {
  await park.go(page, `/corrections?account=${accountId}`);
  await page
    .getByText(/lines? changed/)
    .first()
    .waitFor();
  await expect.poll(() => page.locator('.strip').textContent()).toContain(shown(minor));
  const row = page.locator('.table-row').first();
  await row.getByText(cause).waitFor();
  expect(await row.textContent()).toContain(by);
}

const REASON = 'Reason, kept in the system log';
const since = at('2026-11-01');

/** Forty kWh a day, most of it in the hours before noon. */
const busy = (ms: number) => (hourOf(ms) >= 9 && hourOf(ms) < 12 ? 1000 : 300);

const fast = shop(
  'D401',
  since,
  line(since, NOW, () => 400),
);

test('a meter proven four per cent fast is corrected for the later half of the time', async () => {
  const drawer = await correct(manager, fast, 'Proven fast or slow');
  await drawer.getByLabel('Counts too much by').fill('4');
  await drawer.getByLabel('Last proven right').fill('2026-11-03T00:00');
  await drawer.getByLabel('Proven wrong, or until').fill('2026-11-11T00:00');
  await drawer.getByText('the later half counts, from 7 Nov').waitFor();
  await drawer.getByLabel(REASON).fill('Test report 118');
  const before = await charged(fast.accountId);
  const preview = await previewAndEnter(drawer, 'Correct the error');
  // 400 / 1.04 = 384.6: each quarter-hour is rounded by itself.
  const expected = cents(at('2026-11-07'), at('2026-11-11'), () => 385 - 400);
  expect(preview).toBe(expected);
  await park.work();
  expect((await charged(fast.accountId)) - before).toBe(preview);
  await corrections(manager, fast, { minor: preview, cause: 'Test report 118', by: 'Chen Min' });
  await ledgerFoots();
  await manager.goBack();
  await manager.getByText('Counts +4.00 % too much').waitFor();
});

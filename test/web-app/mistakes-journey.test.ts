/** The daily mistakes of the trade, put right in a real browser against the real system, to the cent. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

/** Pictures of some twenty pages, thrice. */
const PICTURES_MS = 600_000;

let park: MistakesPark;
/** Who reads and corrects meters, and who corrects tariffs. */
let manager: Page;
let finance: Page;

/** Each story's shops and readings are entered before the first is told: built and settled once. */
const begins: (() => Promise<void>)[] = [];
beforeAll(async () => {
  park = await openMistakesPark();
  for (const begin of begins) await begin();
  await park.work();
  // Who was silent for days is estimated until something better is known.
  await park.estimate();
  await park.work();
  manager = await park.person('energy-manager', 'Chen Min');
  finance = await park.person('finance', 'Wang Mei');
});
afterAll(async () => {
  const { SHOTS: folder } = process.env;
  // With SHOTS=<folder> the pages are pictured as the journeys have left them.
  if (folder) await picture(folder);
  await park?.close();
}, PICTURES_MS);

async function picture(folder: string) {
  await park.judge();
  const { rows } = await park.owner.query<{ id: string }>(
    'SELECT max(id)::text AS id FROM settlements WHERE project_id = $1 AND scope_id = $2',
    [park.projectId, late.pointId],
  );
  const opened = `${rows[0]?.id}%2Fenergy%2F2%2F1`;
  await park.pictures(folder, {
    ...{ corrections: '/corrections', months: '/months', ledger: '/ledger' },
    'corrections-point': `/corrections?point=${late.pointId}&open=${opened}`,
    ...{ journal: '/ledger?tab=journal', chart: '/ledger?tab=chart' },
    ...{ reconciliation: '/reconciliation', exceptions: '/exceptions' },
    ...{ decided: '/exceptions?show=decided', edits: '/exceptions?show=edits' },
    explain: `/explain/${rows[0]?.id}`,
    meter: `/meters/${fast.meterId}`,
    silent: `/meters/${silent.meterId}?correct=silent`,
    rolled: `/meters/${rolled.meterId}?correct=rollover`,
    fast: `/meters/${late.meterId}?correct=fast`,
    tariffs: `/tariffs?tariff=${flatId}`,
  });
}

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

const hourOf = (ms: number) => Math.floor(((ms - at('2026-06-01')) % DAY) / HOUR);

/** Cents of quarter-hours in [from, to): 0.50 a kWh until eight, 2.00 after; summed, then rounded once. */
function cents(from: number, to: number, whOf: (ms: number) => number): number {
  let thousandths = 0;
  for (let ms = from; ms < to; ms += SLOT) thousandths += whOf(ms) * (hourOf(ms) < 8 ? 50 : 200);
  return Math.round(thousandths / 1000);
}

/** The same of readings: between two of them the register runs straight. */
function centsOf(readings: readonly Reading[], from: number, to: number): number {
  const register = (ms: number) => {
    const after = readings.findIndex((r) => r.ms >= ms);
    const [a, b] = [readings[after - 1], readings[after]];
    if (!b) throw new Error('no reading after it');
    if (!a || b.ms === ms) return b.register;
    return a.register + ((b.register - a.register) * (ms - a.ms)) / (b.ms - a.ms);
  };
  return cents(from, to, (ms) => register(ms + SLOT) - register(ms));
}

/** '+2,649.60' is 264960, '−595.20' is −59520. */
function minorOf(text: string | null): number {
  const plain = (text ?? '').replace(/[,\s+]/g, '').replace('−', '-');
  if (!/^-?\d+\.\d{2}$/.test(plain)) throw new Error(`no amount: ${text}`);
  return Math.round(Number(plain) * 100);
}
const shown = (minor: number) => {
  const text = (Math.abs(minor) / 100).toLocaleString('en', { minimumFractionDigits: 2 });
  return `${minor < 0 ? '−' : '+'}${text}`;
};

/** Everything the ledger holds comes to nothing, and so does each transaction. */
async function ledgerFoots() {
  const { rows } = await park.owner.query(
    `SELECT (SELECT count(*)::int FROM (SELECT transaction_id FROM entries WHERE project_id = $1
       GROUP BY transaction_id HAVING sum(amount) <> 0) t) AS faults,
       (SELECT sum(amount)::int FROM entries WHERE project_id = $1) AS sum`,
    [park.projectId],
  );
  expect(rows).toEqual([{ faults: 0, sum: 0 }]);
}

/** "Correct …" at a meter, and which mistake it was. */
async function correct(page: Page, { meterId }: Shop, mistake: string): Promise<Locator> {
  await park.go(page, `/meters/${meterId}`);
  await page.getByRole('button', { name: 'Correct …' }).click();
  await page.getByRole('menuitem', { name: mistake }).click();
  return page.getByRole('dialog');
}

/** Previews: what each account would be charged more, in cents, by name. */
async function preview(drawer: Locator): Promise<Map<string, number>> {
  await drawer.getByRole('button', { name: 'Preview the effect' }).click();
  const accounts = drawer.locator('.exc-effect table').first().locator('tbody tr');
  await accounts.first().waitFor();
  const told = new Map<string, number>();
  for (const row of await accounts.all()) {
    const cells = await row.locator('td').allTextContents();
    told.set(cells[0]?.split(' A-')[0] ?? '', minorOf(cells.at(-1) ?? null));
  }
  return told;
}

/**
 * Previews, enters exactly that, settles. What the preview said is what was posted, and what the account
 * is charged in all is what the registers say. Returns the difference.
 */
async function put(
  drawer: Locator,
  { act, of, total }: { act: string; of: Shop; total: number },
): Promise<number> {
  const before = await park.charged(of.accountId);
  const told = (await preview(drawer)).get(`Tenant of ${of.code}`);
  await drawer.getByRole('button', { name: act, exact: true }).click();
  await drawer.getByText('Entered', { exact: true }).waitFor();
  await drawer.getByRole('button', { name: 'Close' }).last().click();
  await park.work();
  expect(await park.charged(of.accountId)).toBe(total);
  expect(told).toBe(total - before);
  await ledgerFoots();
  return told ?? Number.NaN;
}

/** The corrections page of an account says how much, why and by whom. */
async function corrections(
  page: Page,
  { accountId }: Shop,
  { minor, cause, by }: { minor: number; cause: string; by: string },
) {
  await park.go(page, `/corrections?account=${accountId}`);
  await expect.poll(() => page.locator('.strip').first().textContent()).toContain(shown(minor));
  const row = page.locator('.table-row').first();
  await row.getByText(cause).waitFor();
  expect(await row.textContent()).toContain(by);
}

const REASON = 'Reason, kept in the system log';
const since = at('2026-11-01');
const today = at('2026-11-12');
/** Wh of a quarter-hour. */
const even = () => 400;

// A month by the wrong tariff

const months = at('2026-09-20');
const taxed = shop('A101', months, line(months, NOW, even));
let flatId: string;
begins.push(async () => {
  flatId = await park.flatTariff('Flat for offices', '1');
});

test('a wrong tariff for a month is assigned anew over its days', async () => {
  const before = await park.charged(taxed.accountId);
  expect(before).toBe(cents(months, today, even));
  await park.go(finance, `/tariffs?tariff=${flatId}`);
  await finance.getByRole('button', { name: 'Assign' }).click();
  const drawer = finance.getByRole('dialog');
  await drawer.getByRole('combobox', { name: 'Account' }).click();
  await finance.keyboard.type('A-A101');
  await finance.keyboard.press('Enter');
  for (const [label, day] of [
    ['From', '2026-10-01'],
    ['Until (may stay open)', '2026-11-01'],
  ] as const) {
    await drawer.getByLabel(label, { exact: true }).fill(day);
    await finance.keyboard.press('Enter');
  }
  await drawer.getByLabel('Reason of the correction').fill('Contract says flat for October');
  const told = (await preview(drawer)).get('Tenant of A101');
  await drawer.getByRole('button', { name: 'Assign', exact: true }).click();
  await drawer.waitFor({ state: 'detached' });
  await park.work();
  // 31 days of 38.40 kWh: at one price instead of two.
  const october = [at('2026-10-01'), at('2026-11-01')] as const;
  const expected = (31 * 96 * 400) / 10 - cents(...october, even);
  expect(told).toBe(expected);
  expect((await park.charged(taxed.accountId)) - before).toBe(expected);
  await ledgerFoots();
  const cause = 'Contract says flat for October';
  await corrections(finance, taxed, { minor: expected, cause, by: 'Wang Mei' });
});

// A register that rolled over

const span = 2 ** 32 * 10;
const rolled = shop(
  'B201',
  since,
  line(since, NOW, even, span - 300_000).map((r) => ({ ...r, register: r.register % span })),
  { first_register: span - 300_000 },
);
/** It began again at zero, at noon of the 9th: nothing that the register's length explains. */
const resetAt = at('2026-11-09') + 12 * HOUR;
const reset = shop('B202', since, [...line(since, resetAt, even), ...line(resetAt, NOW, even, 0)]);

test('a register that rolled over is billed on; one that began again waits until a person decides', async () => {
  expect(await park.charged(rolled.accountId)).toBe(cents(since, today, even));
  const told = await correct(manager, rolled, 'Register rolled over or reset');
  await told.getByText('Rolled over and counted on by itself').waitFor();
  await told.getByText(/register 42,949,672\.\d\d, then 0\.\d\d/).waitFor();
  // Until then nothing is invented: the day of the reset and what follows is not billed.
  expect(await park.charged(reset.accountId)).toBe(cents(since, at('2026-11-09'), even));
  await park.go(manager, '/exceptions');
  await manager.locator('.table-row').filter({ hasText: 'B202' }).click();
  await manager.getByRole('button', { name: 'Decide the reading' }).click();
  const drawer = manager.getByRole('dialog');
  await drawer.getByRole('button', { name: 'Count on from it' }).click();
  await drawer.getByLabel(REASON).fill('Register was cleared by the supplier');
  // Between the last reading and the cleared one nobody counted: that quarter-hour is empty.
  const total = cents(since, today, (ms) => (ms === resetAt - SLOT ? 0 : 400));
  await put(drawer, { act: 'Decide so', of: reset, total });
  await park.go(manager, '/exceptions?show=decided');
  await manager.locator('.table-row').filter({ hasText: 'B202' }).click();
  await manager.getByText('Register was cleared by the supplier').waitFor();
});

// A gateway that was silent for three days

const silentFrom = at('2026-11-05') + HOUR;
const silentTo = silentFrom + 3 * DAY;
/** 390 on the average: most of it before noon. */
const busy = (ms: number) => (hourOf(ms) >= 9 && hourOf(ms) < 12 ? 1020 : 300);
const whole = line(since, NOW, busy);
const buffered = whole.filter(({ ms }) => ms > silentFrom && ms < silentTo);
const gappy = whole.filter((reading) => !buffered.includes(reading));
const silent = shop('C301', since, gappy);

test('a gateway silent for three days that then delivers everything corrects the bills by itself', async () => {
  expect(await park.charged(silent.accountId)).toBe(centsOf(gappy, since, today));
  const { projectId } = park;
  await park.say(silent.meterId, buffered);
  const rows = buffered.map(({ ms: atMs }) => ({ projectId, meterId: silent.meterId, atMs }));
  // What delivery does before it lets a batch go; it looks at no more of a row than this.
  await lateMarker(park.db)(rows as unknown as Parameters<ReturnType<typeof lateMarker>>[0]);
  await park.work();
  const total = centsOf(whole, since, today);
  expect(await park.charged(silent.accountId)).toBe(total);
  const drawer = await correct(manager, silent, 'Silent, then delivered');
  await drawer.getByText('Nothing to do').waitFor();
  await drawer.getByRole('cell', { name: '6 Nov 2026 energy' }).first().waitFor();
  const minor = total - centsOf(gappy, since, today);
  await corrections(manager, silent, { minor, cause: 'A reading came late', by: '–' });
  await ledgerFoots();
});

// A meter that was read by hand

const lastHeard = at('2026-11-04');
const mute = shop('C302', since, line(since, lastHeard + SLOT, even));

test('a meter that was re-read by hand replaces the estimate', async () => {
  const estimatedTo = at('2026-11-09');
  expect(await park.charged(mute.accountId)).toBe(cents(since, estimatedTo, even));
  const drawer = await correct(manager, mute, 'Read again by hand');
  await drawer.getByLabel('Read at').fill('2026-11-12T06:00');
  // 100 kWh and three days of 38.4 were there on the 4th; 792 quarter-hours of 500 Wh since.
  await drawer.getByLabel('Register').fill('611.2');
  await drawer.getByLabel(REASON).fill('Display read on site');
  const more = cents(lastHeard, today, () => 500);
  await put(drawer, {
    ...{ act: 'Enter the reading', of: mute },
    total: cents(since, lastHeard, even) + more,
  });
  const minor = cents(lastHeard, estimatedTo, () => 100);
  await corrections(manager, mute, { minor, cause: 'Display read on site', by: 'Chen Min' });
});

// A clock that was an hour off

const [slowFrom, slowTo] = [at('2026-11-09'), at('2026-11-10')];
/** Most is used in the hour after eight: an hour slow, it lies in the cheap one before. */
const morning = (ms: number) => (hourOf(ms) === 8 ? 2000 : 100);
const truth = line(since, NOW, morning);
const slow = truth
  .filter(({ ms }) => ms < slowFrom || ms >= slowFrom + HOUR)
  .map((r) => (r.ms > slowFrom && r.ms < slowTo ? { ...r, ms: r.ms - HOUR } : r));
const late = shop('C303', since, slow);

test('a clock that was an hour off is set right for its time', async () => {
  expect(await park.charged(late.accountId)).toBe(centsOf(slow, since, today));
  const drawer = await correct(manager, late, 'Clock was off');
  await drawer.getByLabel('Add to its time').fill('1');
  await drawer.getByLabel('From', { exact: true }).fill('2026-11-09T00:00');
  await drawer.getByLabel('To', { exact: true }).fill('2026-11-09T23:00');
  await drawer.getByLabel(REASON).fill('An hour slow');
  const total = centsOf(truth, since, today);
  const minor = await put(drawer, { act: 'Correct the clock', of: late, total });
  await corrections(manager, late, {
    minor,
    cause: 'Clock corrected: An hour slow',
    by: 'Chen Min',
  });
});

// A meter that was proven four per cent fast

const fast = shop('D401', since, line(since, NOW, even));

test('a meter proven four per cent fast is corrected for the later half of the time', async () => {
  const drawer = await correct(manager, fast, 'Proven fast or slow');
  await drawer.getByLabel('Counts too much by').fill('4');
  await drawer.getByLabel('Last proven right').fill('2026-11-03T00:00');
  await drawer.getByLabel('Proven wrong, or until').fill('2026-11-11T00:00');
  await drawer.getByText('the later half counts, from 7 Nov').waitFor();
  await drawer.getByLabel(REASON).fill('Test report 118');
  // 400 / 1.04 = 384.6: each quarter-hour is rounded by itself.
  const isCounted = (ms: number) => ms >= at('2026-11-07') && ms < at('2026-11-11');
  const total = cents(since, today, (ms) => (isCounted(ms) ? 385 : 400));
  const minor = await put(drawer, { act: 'Correct the error', of: fast, total });
  await corrections(manager, fast, { minor, cause: 'Test report 118', by: 'Chen Min' });
  await manager.goBack();
  await manager.getByText('Counts 4.00 % too much').waitFor();
});

// A wrong CT for a quarter

const summer = at('2026-06-20');
const [quarterFrom, quarterTo] = [at('2026-07-01'), at('2026-10-01')];
const wrongCt = shop(
  'E501',
  summer,
  line(summer, NOW, () => 10),
  { ct: 40 },
);

test('a wrong CT for a quarter is corrected over its dates', async () => {
  expect(await park.charged(wrongCt.accountId)).toBe(cents(summer, today, () => 10 * 40));
  const drawer = await correct(manager, wrongCt, 'CT or PT changed or wrong');
  await drawer.getByLabel('From', { exact: true }).fill('2026-07-01T00:00');
  await drawer.getByLabel('To', { exact: true }).fill('2026-10-01T00:00');
  await drawer.getByLabel('True CT ratio').fill('60');
  await drawer.getByLabel(REASON).fill('The plate says 300/5');
  const isQuarter = (ms: number) => ms >= quarterFrom && ms < quarterTo;
  const total = cents(summer, today, (ms) => 10 * (isQuarter(ms) ? 60 : 40));
  const minor = await put(drawer, { act: 'Enter the ratio', of: wrongCt, total });
  await corrections(manager, wrongCt, { minor, cause: 'The plate says 300/5', by: 'Chen Min' });
});

// Two shops whose meters are swapped

const mixed = at('2026-11-03');
const [small, large] = [
  shop(
    'F601',
    since,
    line(since, NOW, () => 200),
  ),
  shop(
    'F602',
    since,
    line(since, NOW, () => 500, 700_000),
    { first_register: 700_000 },
  ),
];

test('two shops whose meters were swapped pay for their own from the day on', async () => {
  const drawer = await correct(manager, small, 'Meters of two shops swapped');
  await drawer.getByLabel('Point whose meter is meant').selectOption('F602 · Tenant of F602');
  await drawer.getByLabel('Swapped since').fill('2026-11-03T00:00');
  await drawer.getByLabel(REASON).fill('Wired crosswise when the shops opened');
  const of = (wh: number, then: number) => cents(since, today, (ms) => (ms < mixed ? wh : then));
  const other = (await park.charged(large.accountId)) - of(500, 200);
  const minor = await put(drawer, { act: 'Swap the meters', of: small, total: of(200, 500) });
  // What one pays more the other pays less.
  expect(minor).toBe(other);
  expect(await park.charged(large.accountId)).toBe(of(500, 200));
  const told = { cause: 'Wired crosswise when the shops opened', by: 'Chen Min' };
  await corrections(manager, small, { minor, ...told });
  await corrections(manager, large, { minor: -minor, ...told });
});

// A meter that was replaced

const replacedAt = at('2026-11-08') + 10 * HOUR;
/** The new meter stood at its point before anybody said so. */
const fresh = (serial: string, fromMs: number) =>
  begins.push(async () => {
    await park.say(await park.meter({ serial }), line(fromMs, NOW, even, 500));
  });
const overlapping = shop('G701', since, line(since, replacedAt + HOUR, even));
fresh('24-NEW-1', replacedAt - HOUR);
const apart = shop('G702', since, line(since, replacedAt, even));
fresh('24-NEW-2', replacedAt + 2 * HOUR);

test('a meter replaced while the old one still counted: the hours of both are counted once', async () => {
  const drawer = await correct(manager, overlapping, 'Meter replaced');
  await drawer.getByLabel('New meter', { exact: true }).selectOption('24-NEW-1 · DTSY1352');
  await drawer.getByRole('button', { name: 'Both for a while' }).click();
  await drawer.getByLabel('New meter put in at').fill('2026-11-08T09:00');
  await drawer.getByLabel('Old meter removed at').fill('2026-11-08T10:00');
  await drawer.getByLabel(REASON).fill('Display was blind');
  await put(drawer, {
    ...{ act: 'Replace the meter', of: overlapping },
    total: cents(since, today, even),
  });
});

test('a meter replaced two hours after the old one had left: in between nothing was counted', async () => {
  const drawer = await correct(manager, apart, 'Meter replaced');
  await drawer.getByLabel('New meter', { exact: true }).selectOption('24-NEW-2 · DTSY1352');
  await drawer.getByRole('button', { name: 'Pause between' }).click();
  await drawer.getByLabel('Old meter removed at').fill('2026-11-08T10:00');
  await drawer.getByLabel('New meter put in at').fill('2026-11-08T12:00');
  await drawer.getByLabel('Last register, old').fill('384.8');
  await drawer.getByLabel('First register, new').fill('0.5');
  await drawer.getByLabel(REASON).fill('Burnt out');
  const isPause = (ms: number) => ms >= replacedAt && ms < replacedAt + 2 * HOUR;
  const total = cents(since, today, (ms) => (isPause(ms) ? 0 : 400));
  await put(drawer, { act: 'Replace the meter', of: apart, total });
  // The day had been estimated as if somebody had counted.
  const minor = -cents(replacedAt, replacedAt + 2 * HOUR, even);
  await corrections(manager, apart, { minor, cause: 'Meter replaced', by: 'Chen Min' });
});

test('no page complained, but for reports, whose warehouse is not built here', () => {
  expect(park.complaints.filter((each) => !each.includes('status of 503'))).toEqual([]);
});

/**
 * The operator's day in a real browser, over real sockets and stores: from a table in Excel to a closed account, and
 * every balance on the way is what the meters' displays and the price list say.
 */
import { readXlsx, writeXlsx } from 'hucre/xlsx';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyLedger } from '../../billing/verify.ts';
import { HOUR, type OperatorPark, openOperatorPark } from './operator-park.ts';
import { chargedBy, type Holding, type PriceList, settledTo } from './own-books.ts';

/** Ten in the morning of a Thursday; two hours before, the meters were put up. */
const BEGIN = Date.parse('2026-11-12T10:00:00+08:00');
const INSTALLED = BEGIN - 2 * HOUR;

/** Dear from eight to ten in the evening, cheap by night; water costs the same all day. */
const electricity: PriceList = (hour) =>
  hour >= 8 && hour < 22 ? { rank: 2, price: 12_000 } : { rank: 4, price: 4_000 };
const water: PriceList = () => ({ rank: 0, price: 39_000 });

let park: OperatorPark;
/** Who looks after meters, and who stands at the counter. */
let manager: Page;
let cashier: Page;

beforeAll(async () => {
  park = await openOperatorPark({ now: new Date(INSTALLED), installedOn: '2026-11-11' });
  await enterPrices();
  await enterPolicy();
  manager = await park.person('energy-manager', 'Chen Min');
  cashier = await park.person('cashier', 'Li Na');
});
afterAll(() => park?.close());

async function enterPrices() {
  const day = [
    { from: '00:00', to: '08:00', rank: 4 },
    { from: '08:00', to: '22:00', rank: 2 },
    { from: '22:00', to: '24:00', rank: 4 },
  ];
  const energy = { kind: 'usage', code: 'energy', name: 'Energy' };
  for (const [name, commodity, definition] of [
    [
      'Day and night',
      'electricity',
      {
        components: [{ ...energy, prices: { 2: '1.2', 4: '0.4' } }],
        calendar: {
          seasons: [
            {
              ...{ name: 'year', from: '01-01', to: '12-31' },
              days: [{ type: 'everyday', bands: day }],
            },
          ],
        },
      },
    ],
    ['Water', 'water', { components: [{ ...energy, price: '3.9' }] }],
  ] as const) {
    const tariff = await park.ask('POST', '/tariffs', {
      ...{ name, commodity, version: { effectiveFrom: '2026-11-01', definition } },
    });
    const { id: tariffId } = tariff.body;
    const held = await park.ask('POST', '/tariff-assignments', { tariffId, from: '2026-11-01' });
    expect([tariff.status, held.status]).toEqual([201, 201]);
  }
}

/** Who is in arrears is told, has two hours, and is cut once the notice is proven for one. */
async function enterPolicy() {
  const cny = (amount: string) => ({ amount, currency: 'CNY' });
  const policy = {
    ...{ mode: 'automatic', graceHours: 2, creditLimit: cny('0.00'), restoreAt: cny('0.00') },
    ...{ noCutHours: [], noCutDays: { weekdays: [], holidays: false, dates: [] } },
    ladder: [{ level: 'final', hoursBeforeTrip: 1, proof: 'delivered' }],
    ...{ otherDebtNoticeDays: 14, brake: { tripsPerHour: 5, sharePercentPerHour: 100 } },
    ...{ silent: { minutes: 600, exposure: cny('50.00') }, orderQueryMinutes: 15, cutWater: false },
  };
  const written = await park.ask(
    'PUT',
    '/credit-policy',
    { policy, reason: 'As the contracts say', version: 0 },
    { 'idempotency-key': 'policy' },
  );
  expect(written.status, written.text).toBe(200);
}

/** An account's books as we keep them: what it holds, and what it has paid, cents. */
interface Book {
  accountId: string;
  holdings: Holding[];
  paid: number;
}
/** Who is billed by the platform, and whose money its meter holds. */
const golden: Book = { accountId: '', holdings: [], paid: 0 };
const silver: Book = { accountId: '', holdings: [], paid: 0 };

const register = (label: string, atMs: number) => park.building.register(label, atMs);
const charged = ({ holdings }: Book, settledToMs = settledTo(park.clock.now.getTime())) =>
  chargedBy(park.clock.now.getTime(), holdings, { register, settledToMs });
const cents = (amount: string) => Math.round(Number(amount) * 100);

/** What the system says is left is what we say is left. Returns it. */
async function balanceHolds(book: Book): Promise<number> {
  const { body } = await park.ask('GET', `/accounts/${book.accountId}/balance`);
  expect(cents(body.live.amount)).toBe(book.paid - charged(book));
  return cents(body.live.amount);
}

/** Everything the ledger holds comes to nothing, and so does each transaction. */
async function ledgerFoots() {
  const rows = await park.query(
    `SELECT (SELECT count(*)::int FROM (SELECT transaction_id FROM entries WHERE project_id = $1
       GROUP BY transaction_id HAVING sum(amount) <> 0) t) AS faults,
       (SELECT coalesce(sum(amount), 0)::int FROM entries WHERE project_id = $1) AS sum`,
    [park.projectId],
  );
  expect(rows).toEqual([{ faults: 0, sum: 0 }]);
}

test('forty meters come out of a workbook, each row told before it is entered', async () => {
  await park.go(manager, '/configuration/import');
  const [download] = await Promise.all([
    manager.waitForEvent('download'),
    manager.getByRole('link', { name: 'Template' }).click(),
  ]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  const [sheet] = (await readXlsx(new Uint8Array(Buffer.concat(chunks)))).sheets;
  const head = (sheet?.rows[0] ?? []).map(String);
  const { meters, buses } = park.building;
  const rows = meters.map(
    (meter): Record<string, string> => ({
      ...{ Building: 'A', 'Building name': 'Building A', Floor: String(meter.floor) },
      ...{ Point: meter.label, 'Point name': meter.name, Commodity: meter.commodity },
      ...{ Gateway: 'Box 1', Bus: `Bus ${meter.place.bus + 1}`, Host: '127.0.0.1' },
      ...{ Port: String(buses[meter.place.bus]?.port), Address: String(meter.place.unit) },
      ...{ Model: meter.model, Serial: meter.serial },
      ...{ CT: String(meter.ct), PT: '1', 'Installed at': '2026-11-12 08:00' },
      'First register (kWh or m³)': (register(meter.label, INSTALLED) / 1000).toFixed(3),
    }),
  );
  const bytes = await writeXlsx({
    sheets: [
      { name: 'Import', rows: [head, ...rows.map((row) => head.map((of) => row[of] ?? ''))] },
    ],
  });
  await manager.setInputFiles('#import-file', {
    ...{ name: 'building-a.xlsx', buffer: Buffer.from(bytes) },
    mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  });
  await manager.getByRole('button', { name: 'Import all 40 rows' }).click();
  await manager.getByText('40 new, 0 changed, 0 as they were.').waitFor();
  await park.pass(BEGIN - INSTALLED);
  const read = await park.query(
    `SELECT count(*)::int AS read FROM meter_states WHERE project_id = $1 AND last_sample_at = $2`,
    [park.projectId, park.clock.now],
  );
  expect(read).toEqual([{ read: 40 }]);
});

test('an account with three points is opened by the wizard', async () => {
  await park.go(cashier, '/shifts');
  await cashier.getByRole('button', { name: 'Open shift' }).click();
  await cashier.getByLabel('Float').fill('0');
  await cashier.getByRole('button', { name: 'Open', exact: true }).click();
  await cashier.getByRole('region', { name: 'Your shift' }).waitFor();
  await park.go(cashier, '/accounts?opening=true');
  const drawer = cashier.getByRole('dialog');
  await drawer.getByLabel('Account', { exact: true }).fill('Golden Mould');
  await drawer.getByLabel('Person').fill('Wang Fang');
  await drawer.getByLabel('Telephone').fill('13800001234');
  await drawer.getByRole('button', { name: 'Next' }).click();
  for (const code of ['A102', 'A103', 'A-W1']) {
    await drawer.getByRole('combobox', { name: 'Add a point' }).click();
    await cashier.keyboard.type(code);
    await cashier.keyboard.press('Enter');
    await drawer.getByRole('button', { name: `Leave out ${code}` }).waitFor();
  }
  await drawer.getByRole('button', { name: 'Next' }).click();
  await drawer.getByLabel('Alarm 1 at').fill('60');
  await drawer.getByLabel('Alarm 2 at').fill('30');
  await drawer.getByRole('textbox', { name: /^First sale/ }).fill('50');
  await drawer.getByRole('button', { name: 'Check', exact: true }).last().click();
  await drawer.getByRole('button', { name: 'Open now' }).click();
  await drawer.getByText('Golden Mould is open.').waitFor();
  const [account] = await park.query<{ id: string }>(
    `SELECT id::text FROM accounts WHERE project_id = $1 AND name = 'Golden Mould'`,
    [park.projectId],
  );
  golden.accountId = account?.id ?? '';
  golden.paid += 5000;
  const told = await park.ask('POST', `/accounts/${golden.accountId}/notice-addresses`, {
    ...{ channel: 'webhook', address: park.tenant.url },
  });
  expect(told.status).toBe(201);
  // A102 comes back by itself when it is paid; at A103 machines start, so that a person must say so.
  const [shop] = await park.query<{ id: string }>(
    "SELECT id::text FROM points WHERE project_id = $1 AND code = 'A102'",
    [park.projectId],
  );
  await park.ask('PATCH', `/points/${shop?.id}`, { restoreMode: 'automatic' });
  for (const [point, prices] of [
    ['A102', electricity],
    ['A103', electricity],
    ['A-W1', water],
  ] as const) {
    golden.holdings.push({ point, prices, meters: [{ label: point, fromMs: BEGIN }] });
  }
  await park.work();
  expect(await balanceHolds(golden)).toBe(5000);
});

/** Sells at the counter to the account; the receipt that was printed for it. */
async function sell(amount: string): Promise<string> {
  await park.go(cashier, `/accounts/${golden.accountId}?sale=true`);
  const drawer = cashier.getByRole('dialog');
  await drawer.getByRole('textbox', { name: /^Amount/ }).fill(amount);
  await drawer.getByRole('button', { name: 'Check the sale' }).click();
  // Whom and which meters it is for stands beside the amount before money moves.
  await drawer.getByText(serialOf('A102'), { exact: true }).waitFor();
  await drawer.getByRole('button', { name: `Book ${amount}.00` }).click();
  await drawer.getByRole('heading', { name: 'Sale booked' }).waitFor();
  golden.paid += cents(amount);
  return (await drawer.locator('dd.mono').textContent()) ?? '';
}

const serialOf = (label: string) => park.building.device(label).meter.serial;

/** The account's page shows its state; among alarms and notices it stands as often as it is said. */
async function stands(state: string, alarm: string | null) {
  await park.go(cashier, `/accounts/${golden.accountId}`);
  await cashier.locator('.head-title').getByText(state, { exact: true }).waitFor();
  const open = await park.query(
    `SELECT kind FROM alarms WHERE project_id = $1 AND subject_kind = 'account'
       AND subject_id = $2 AND cleared_at IS NULL`,
    [park.projectId, golden.accountId],
  );
  expect(open).toEqual(alarm === null ? [] : [{ kind: alarm }]);
}

test('a sale at the counter is in the balance at once', async () => {
  await sell('30');
  expect(await balanceHolds(golden)).toBe(8000);
});

test('the balance runs down: alarm 1, alarm 2, arrears, each told once', async () => {
  await park.pass(2 * HOUR);
  await balanceHolds(golden);
  await stands('Alarm 1', 'account.alarm1');
  await park.pass(2 * HOUR);
  await balanceHolds(golden);
  await stands('Alarm 2', 'account.alarm2');
  await park.pass(4 * HOUR);
  expect(await balanceHolds(golden)).toBeLessThan(0);
  await stands('Arrears', 'account.arrears');
  await park.go(manager, '/alarms');
  await manager
    .locator('.table-row')
    .filter({ hasText: 'Golden Mould' })
    .getByText('Arrears')
    .first()
    .waitFor();
  await park.go(cashier, '/notices');
  for (const kind of ['Balance below alarm 1', 'Balance below alarm 2', 'Arrears']) {
    const row = cashier
      .locator('.table-row')
      .filter({ hasText: 'Golden Mould' })
      .filter({ hasText: kind });
    await row.first().waitFor();
    expect(await row.count()).toBe(1);
  }
});

/** How often the tenant was told of a kind. */
const told = (kind: string) => park.tenant.told.filter((notice) => notice.kind === kind).length;

/** The case of the account on its page, and what became of commands to its meters. */
async function caseIs(state: string) {
  await park.go(manager, '/credit');
  const row = manager.locator('.table-row').filter({ hasText: 'Golden Mould' });
  await row.getByText(state, { exact: true }).waitFor();
}
const commands = async () =>
  await park.query(
    `SELECT p.code, c.function, s.state, s.supply_observed_at IS NOT NULL AS seen
     FROM commands c JOIN command_states s ON s.project_id = c.project_id AND s.command_id = c.id
     JOIN installations i ON i.project_id = c.project_id AND i.meter_id = c.meter_id
     JOIN points p ON p.project_id = c.project_id AND p.id = i.point_id
     WHERE c.project_id = $1 AND c.function <> 'read-now' ORDER BY c.id`,
    [park.projectId],
  );
const line = (code: string, name: string, state: string, seen: boolean) => ({
  ...{ code, function: name, state, seen },
});

test('in arrears it is told, and cut when its grace is over: read back, and seen in the samples', async () => {
  expect([told('credit.final-notice'), told('supply.tripped')]).toEqual([1, 0]);
  await caseIs('In grace');
  expect(await commands()).toEqual([]);
  await park.pass(2 * HOUR);
  await expect
    .poll(commands)
    .toEqual([line('A102', 'trip', 'confirmed', false), line('A103', 'trip', 'confirmed', false)]);
  const cutAt = park.clock.now.getTime();
  await park.pass(2 * HOUR);
  expect(await commands()).toEqual([
    line('A102', 'trip', 'confirmed', true),
    line('A103', 'trip', 'confirmed', true),
  ]);
  const used = (label: string) =>
    register(label, park.clock.now.getTime()) - register(label, cutAt);
  expect([used('A102'), used('A103'), used('A-W1') > 0]).toEqual([0, 0, true]);
  await caseIs('Cut off');
  expect(told('supply.tripped')).toBeGreaterThan(0);
  await balanceHolds(golden);
});

test('a top-up brings the supply back: by itself where it may, else by a person’s word', async () => {
  await sell('100');
  await park.work();
  const back = 'guarantee-supply';
  await expect
    .poll(async () => (await commands()).slice(2))
    .toEqual([line('A102', back, 'confirmed', false)]);
  await stands('Opened', null);
  await park.work();
  await caseIs('Armed');
  await manager.locator('.table-row').filter({ hasText: 'Golden Mould' }).click();
  await manager.getByRole('button', { name: 'Restore supply…' }).click();
  await manager.getByLabel('Reason, kept in the system log').fill('The tenant stands beside it');
  await manager.getByRole('button', { name: 'Restore supply', exact: true }).click();
  await expect
    .poll(async () => (await commands()).slice(2))
    .toEqual([line('A102', back, 'confirmed', false), line('A103', back, 'confirmed', false)]);
  const backAt = park.clock.now.getTime();
  await park.pass(2 * HOUR);
  expect((await commands()).slice(2)).toEqual([
    line('A102', back, 'confirmed', true),
    line('A103', back, 'confirmed', true),
  ]);
  for (const label of ['A102', 'A103']) {
    expect(register(label, park.clock.now.getTime())).toBeGreaterThan(register(label, backAt));
  }
  await caseIs('Restored');
  expect(await balanceHolds(golden)).toBeGreaterThan(6000);
});

test('a wrong sale is reversed, whole and once', async () => {
  const receipt = await sell('300');
  await park.go(cashier, `/sales?q=${receipt}`);
  await cashier.locator('.table-row').filter({ hasText: receipt }).click();
  await cashier.getByLabel('Why it was wrong').fill('It was for another shop');
  await cashier.getByRole('button', { name: `Reverse ${receipt}` }).click();
  await cashier.getByRole('link', { name: 'To its reversal' }).click();
  await cashier.getByRole('heading', { name: '1 reversal' }).waitFor();
  golden.paid -= cents('300');
  await park.work();
  await balanceHolds(golden);
  await ledgerFoots();
});

/** Cents of an account by place, as the ledger has them; what is at zero is left out. */
async function places({ accountId }: Book): Promise<Record<string, number>> {
  const rows = await park.query<{ code: string; minor: string }>(
    `SELECT l.code, (-sum(e.amount))::text AS minor FROM entries e
     JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
     WHERE l.project_id = $1 AND l.account_id = $2 GROUP BY 1 HAVING sum(e.amount) <> 0`,
    [park.projectId, accountId],
  );
  return Object.fromEntries(rows.map(({ code, minor }) => [code, Number(minor)]));
}

/** Sells at the counter to the meter that holds the account's money, and waits until it is proven there. */
async function recharge(amount: string) {
  await park.go(cashier, `/accounts/${silver.accountId}?sale=true`);
  const drawer = cashier.getByRole('dialog');
  await drawer.getByRole('textbox', { name: /^Amount/ }).fill(amount);
  await drawer.getByRole('button', { name: 'Bank transfer' }).click();
  await drawer.getByText('Goes to', { exact: true }).waitFor();
  await drawer.getByRole('button', { name: 'Check the sale' }).click();
  await drawer.getByText(serialOf('A107'), { exact: true }).waitFor();
  await drawer.getByRole('button', { name: `Book ${amount}` }).click();
  await drawer.getByRole('heading', { name: 'Sale booked' }).waitFor();
  silver.paid += cents(amount);
  const newest = async () =>
    (await park.ask('GET', `/accounts/${silver.accountId}/recharges`)).body.data[0];
  await expect
    .poll(async () => {
      await park.meterRound();
      return (await newest()).state;
    })
    .toBe('confirmed');
  return await newest();
}

test('a meter that holds the money is recharged, proven by its counter; also when the answer is lost', async () => {
  const { building, clock } = park;
  const flat = await park.ask('POST', '/tariffs', {
    ...{ name: 'Flat', commodity: 'electricity' },
    version: {
      effectiveFrom: '2026-11-01',
      definition: {
        components: [{ kind: 'usage', code: 'energy', name: 'Energy', price: '0.85' }],
      },
    },
  });
  expect(flat.status).toBe(201);
  await park.go(cashier, '/accounts?opening=true');
  const drawer = cashier.getByRole('dialog');
  await drawer.getByLabel('Account', { exact: true }).fill('Silver Tool');
  await drawer.getByRole('button', { name: 'Next' }).click();
  await drawer.getByRole('combobox', { name: 'Add a point' }).click();
  await cashier.keyboard.type('A107');
  await cashier.keyboard.press('Enter');
  await drawer.getByRole('button', { name: 'Leave out A107' }).waitFor();
  await drawer.getByLabel('Electricity tariff').selectOption('Flat');
  await drawer.getByRole('group', { name: 'Money is held by' }).getByText('Its meters').click();
  await drawer.getByRole('button', { name: 'Next' }).click();
  await drawer.getByRole('button', { name: 'Check', exact: true }).last().click();
  await drawer.getByRole('button', { name: 'Open now' }).click();
  await drawer.getByText('Silver Tool is open.').waitFor();
  const [account] = await park.query<{ id: string; mode: string; meter: string }>(
    `SELECT a.id::text, a.credit_mode AS mode, i.meter_id::text AS meter FROM accounts a
     JOIN points p ON p.project_id = a.project_id AND p.code = 'A107'
     JOIN installations i ON i.project_id = p.project_id AND i.point_id = p.id
     WHERE a.project_id = $1 AND a.name = 'Silver Tool'`,
    [park.projectId],
  );
  expect(account?.mode).toBe('meter');
  silver.accountId = account?.id ?? '';
  const prices: PriceList = () => ({ rank: 0, price: 8_500 });
  silver.holdings.push({
    ...{ point: 'A107', prices },
    meters: [{ label: 'A107', fromMs: clock.now.getTime() }],
  });
  const meterId = account?.meter ?? '';
  const { device } = building;
  // Tables, prices and thresholds first: each proven by reading it back.
  await expect
    .poll(
      async () =>
        (await park.ask('GET', `/commands?meterId=${meterId}&state=confirmed`)).body.data.length,
    )
    .toBe(3);
  expect(device('A107').own.prices).toEqual([8_500, 8_500, 8_500, 8_500]);
  const first = await recharge('50.00');
  expect(first).toMatchObject({
    counter: 1,
    before: { amount: '0.00' },
    after: { amount: '50.00' },
  });
  expect(device('A107').own.counter).toBe(1);
  expect(await places(silver)).toEqual({ 'on-meter': 5000 });
  const written = building.writes('A107');
  building.buses[0]?.swallowWrites(1);
  const second = await recharge('30.00');
  // Read, not sent again: the counter says that it happened.
  expect(second).toMatchObject({ counter: 2, after: { amount: '80.00' } });
  expect([device('A107').own.counter, building.writes('A107') - written]).toEqual([2, 1]);
  expect(await places(silver)).toEqual({ 'on-meter': 8000 });
  await park.go(manager, `/meters/${meterId}`);
  const history = manager.getByRole('region', { name: 'Relay and commands' }).locator('li');
  await history.filter({ hasText: 'Recharge' }).nth(1).waitFor();
  await park.work();
  expect(await balanceHolds(silver)).toBe(8000);
  await ledgerFoots();
});

test('a meter is replaced: the new one is read before it is entered, and billing runs on', async () => {
  await park.pass(2 * HOUR);
  const { building, clock } = park;
  const now = clock.now.getTime();
  const { serial, place, model } = building.spare;
  building.putIn(now);
  await park.go(manager, '/configuration?tab=meters');
  await manager.getByRole('button', { name: 'New meter' }).click();
  const form = manager.getByRole('dialog');
  await form.getByLabel('Model').selectOption(model);
  await form.getByLabel('Bus', { exact: true }).selectOption('Box 1 · Bus 1');
  await form.getByLabel('Address').fill(String(place.unit));
  await form.getByRole('button', { name: 'Test-read' }).click();
  await form.getByText(`Its number is ${serial}`).waitFor();
  await form.getByRole('button', { name: 'Enter this number' }).click();
  await form.getByRole('button', { name: 'Save' }).click();
  await form.waitFor({ state: 'detached' });
  const [old] = await park.query<{ id: string }>(
    'SELECT id::text FROM meters WHERE project_id = $1 AND serial = $2',
    [park.projectId, serialOf('A103')],
  );
  await park.go(manager, `/meters/${old?.id}`);
  await manager.getByRole('button', { name: 'Correct …' }).click();
  await manager.getByRole('menuitem', { name: 'Meter replaced' }).click();
  const drawer = manager.getByRole('dialog');
  await drawer.getByLabel('New meter', { exact: true }).selectOption(`${serial} · ${model}`);
  const display = (register('A103', now) / 1000).toFixed(2);
  await drawer.getByLabel('Last register, old').fill(display);
  await drawer.getByLabel('First register, new').fill('0');
  await drawer.getByLabel('Reason, kept in the system log').fill('Its display is blind');
  await drawer.getByRole('button', { name: 'Preview the effect' }).click();
  await drawer.getByRole('button', { name: 'Replace the meter' }).click();
  await drawer.getByText('Entered', { exact: true }).waitFor();
  // It lies in the workshop now.
  const off = await park.ask('PATCH', `/meters/${old?.id}`, { busId: null, unit: null });
  expect(off.status).toBe(200);
  const [shop] = golden.holdings.filter(({ point }) => point === 'A103');
  const [before] = shop?.meters ?? [];
  if (before) before.toMs = now;
  shop?.meters.push({ label: building.spare.label, fromMs: now });
  await park.pass(8 * HOUR);
  await balanceHolds(golden);
  await ledgerFoots();
});

test('the account is closed at the counter with its refund, the shift counted to the cent', async () => {
  const left = await balanceHolds(golden);
  expect(left).toBeGreaterThan(0);
  await park.go(cashier, `/accounts/${golden.accountId}?closing=true`);
  const drawer = cashier.getByRole('dialog');
  await drawer.getByText('Left for the customer').waitFor();
  await drawer.getByRole('textbox', { name: 'Reason' }).fill('Moves out');
  await drawer.getByRole('button', { name: 'Close account', exact: true }).click();
  await drawer.getByText('refunded', { exact: true }).waitFor();
  await park.go(cashier, `/accounts/${golden.accountId}`);
  await cashier.getByRole('heading', { name: 'Closed', exact: true }).waitFor();
  // All of it is settled now: each line of the month is rounded once.
  const now = park.clock.now.getTime();
  const whole = charged(golden, now);
  const [closing] = await park.query<{ balance: string }>(
    'SELECT balance_minor::text AS balance FROM account_closings WHERE project_id = $1 AND account_id = $2',
    [park.projectId, golden.accountId],
  );
  expect(Number(closing?.balance)).toBe(golden.paid - whole);
  for (const { meters } of golden.holdings) for (const meter of meters) meter.toMs ??= now;
  await park.go(cashier, '/shifts');
  await cashier
    .getByRole('region', { name: 'Your shift' })
    .getByRole('button', { name: 'Count and close' })
    .click();
  await cashier.getByLabel('Counted').fill((whole / 100).toFixed(2));
  await cashier.getByRole('button', { name: 'Close the shift' }).click();
  await cashier
    .locator('.table-row')
    .filter({ hasText: 'Li Na' })
    .getByText('closed', { exact: true })
    .waitFor();
});

test('in the end the ledger comes to nothing, proves itself, and is what the displays say', async () => {
  await park.pass(24 * HOUR);
  await ledgerFoots();
  const proof = await verifyLedger(park.billing.db, { projectId: park.projectId, currency: 'CNY' });
  expect(proof.checks.filter(({ faults }) => faults > 0)).toEqual([]);
  expect(proof.positions).toBeGreaterThan(0n);
  // The meter's own money is what the ledger says, and both are what its display says was used.
  expect(await balanceHolds(silver)).toBeGreaterThan(0);
  const { body } = await park.ask('GET', `/meter-reconciliations?accountId=${silver.accountId}`);
  expect(body.data[0]).toMatchObject({ verdict: 'fits', meterCounter: 2, ledgerCounter: 2 });
  // What is left in the park: money in safe, bank and meter, and what the displays say was used.
  const midnight = settledTo(park.clock.now.getTime());
  const [used, usedByMeter] = [golden, silver].map(({ holdings }) =>
    chargedBy(midnight, holdings, { register, settledToMs: midnight }),
  ) as [number, number]; // As many as there are books.
  const sums = await park.query(
    `SELECT l.code, sum(e.amount)::int AS sum FROM entries e
     JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
     WHERE e.project_id = $1 GROUP BY l.code HAVING sum(e.amount) <> 0 ORDER BY l.code`,
    [park.projectId],
  );
  expect(sums).toEqual([
    { code: 'bank', sum: silver.paid },
    { code: 'on-meter', sum: usedByMeter - silver.paid },
    { code: 'revenue', sum: -used - usedByMeter },
    { code: 'safe', sum: used },
  ]);
  // There is no warehouse in this park: its reports say that they are still being prepared.
  expect(park.complaints.filter((each) => !each.includes('status of 503'))).toEqual([]);
});

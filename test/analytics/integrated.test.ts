/** The integrated report: money against a ledger at random, energy against registers counted here. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportProject } from '../../analytics/warehouse.ts';
import { daySpan, dayStart, daysBetween, type LocalDay, SLOT_MS } from '../../sql/local-day.ts';
import { formatMinor } from '../../sql/money.ts';
import { type Kind, type Ledger, openLedger, walletGain } from './ledger.ts';
import {
  countedAt,
  flowed,
  type Installed,
  install,
  intervalsOf,
  type Reading,
} from './metered.ts';
import { expectPageInFiles } from './page-and-file.ts';
import { openPark, type Park, type TestInterval, type TestSample } from './park.ts';
import { seeded } from './seeded.ts';

const zone = 'Asia/Shanghai';
const SEED = 1_127;
const now = '2026-11-23T06:32:08Z';
const SPAN = 2n ** 32n * 10n;
const OPEN = Number.POSITIVE_INFINITY;
const random = seeded(SEED);
const whole = (below: number) => Math.floor(random() * below);
const ms = (local: string) => Date.parse(`${local}+08:00`);

let park: Park;
let project: string;
let ledger: Ledger;
const accounts: Record<string, string> = {};
const points: Record<string, string> = {};
const meters: Record<string, Installed[]> = {};
const rows: TestInterval[] = [];
const samples: TestSample[] = [];
const tenancies: { account: string; point: string; fromMs: number; toMs: number }[] = [];

beforeAll(async () => {
  park = await openPark();
  park.setNow(now);
  project = await park.project(zone);
  ledger = openLedger(park, { project, zone });
  for (const [name, row] of Object.entries({
    one: {},
    two: {},
    three: {},
    four: { opened_on: '2026-11-21' },
    gone: { opened_on: '2026-01-01', closed_on: '2026-11-19' },
    later: { opened_on: '2026-11-23' },
  })) {
    accounts[name] = await ledger.account(name, row);
  }
  await fillMeters();
  await fillMoney();
  await settle();
  await park.writeSamples(project, samples);
  await park.writeIntervals(project, zone, rows);
  await park.export(project, zone, true);
});
afterAll(() => park.close());

/** Readings every twenty minutes that never fall on a quarter-hour, each a few steps on. */
function readingsOf(
  { from, to, start = 1_000_000n }: { from: string; to: string; start?: bigint },
  isSilent: (at: number) => boolean = () => false,
): Reading[] {
  const readings: Reading[] = [];
  let register = start;
  for (let at = ms(from) + 137_000; at < ms(to); at += 1_200_000) {
    register += BigInt(whole(60)) * 10n;
    if (!isSilent(at)) readings.push({ ms: at, register });
  }
  return readings;
}

async function point(
  code: string,
  installed: Parameters<typeof install>[1]['installed'],
  { model = 'DTSY1352', channel = 'active_wh' as const, commodity = 'electricity' } = {},
): Promise<void> {
  const id = await park.insert('points', { project_id: project, code, name: code, commodity });
  points[code] = id;
  const kinds = { model, channel: commodity === 'water' ? ('volume_l' as const) : channel };
  meters[code] = await install(park, { project, point: id, ...kinds, installed, samples });
  rows.push(...intervalsOf(meters[code] ?? [], { point: id, zone }));
}

async function hold(account: string, code: string, from: string, to: string | null): Promise<void> {
  tenancies.push({ account, point: code, fromMs: ms(from), toMs: to ? ms(to) : OPEN });
  await park.insert('tenancies', {
    project_id: project,
    account_id: accounts[account],
    point_id: points[code],
    valid_from: new Date(ms(from)).toISOString(),
    valid_to: to && new Date(ms(to)).toISOString(),
  });
}

const since = { from: '2026-11-19T22:00', to: '2026-11-23T14:31' };
const stands = { startMs: ms('2026-10-01T00:00'), endMs: OPEN, multiplier: 1n, span: SPAN };

async function fillMeters(): Promise<void> {
  await point('plain', [
    { ...stands, serial: 'm1', ct: 20, multiplier: 20n, readings: readingsOf(since) },
  ]);
  const changedMs = ms('2026-11-21T10:07');
  await point('replaced', [
    {
      ...stands,
      serial: 'm2',
      endMs: changedMs,
      lastRegister: 9_000_000n,
      readings: readingsOf({ from: since.from, to: '2026-11-21T10:07', start: 8_000_000n }),
    },
    {
      ...stands,
      serial: 'm3',
      startMs: changedMs,
      firstRegister: 50n,
      readings: readingsOf({ from: '2026-11-21T10:07', to: since.to, start: 50n }),
    },
  ]);
  // Nothing heard for nine hours around a midnight.
  await point('silent', [
    {
      ...stands,
      serial: 'm4',
      startMs: ms(since.from),
      firstRegister: 999_000n,
      readings: readingsOf(
        since,
        (at) => at > ms('2026-11-20T20:00') && at < ms('2026-11-21T05:00'),
      ),
    },
  ]);
  await point('rolled', [
    { ...stands, serial: 'm5', readings: readingsOf({ ...since, start: SPAN - 20_000n }) },
  ]);
  await point('missing', [{ ...stands, serial: 'm6', readings: readingsOf(since) }]);
  for (const row of rows) {
    if (row.point !== points.missing || row.day !== '2026-11-21') continue;
    if (row.slot < 40 || row.slot >= 44) continue;
    Object.assign(row, { quantity: null, quality: 'missing' });
  }
  await point('unread', [{ ...stands, serial: 'm7', readings: [] }]);
  await point('water', [{ ...stands, serial: 'w1', readings: readingsOf(since) }], {
    model: 'WATER',
    commodity: 'water',
  });
  // One quarter-hour says more than the register.
  const more = rows.find(({ point: id, day }) => id === points.water && day === '2026-11-22');
  if (more) more.quantity = (more.quantity ?? 0) + 1;
  for (const row of meters.rolled ?? []) {
    const fell = row.readings.findIndex(({ register }) => register >= SPAN);
    await park.insert('events', {
      project_id: project,
      kind: 'register.rolled-over',
      subject_id: row.meter,
      payload: JSON.stringify({
        at: new Date(row.readings[fell]?.ms ?? 0).toISOString(),
        register: String((row.readings[fell]?.register ?? 0n) % SPAN),
        previousRegister: String(row.readings[fell - 1]?.register),
      }),
    });
  }
  await hold('one', 'plain', '2026-10-01T00:00', null);
  await hold('two', 'replaced', '2026-10-01T00:00', null);
  await hold('two', 'water', '2026-10-01T00:00', null);
  await hold('three', 'silent', '2026-10-01T00:00', '2026-11-21T06:15');
  await hold('four', 'silent', '2026-11-21T06:15', null);
  await hold('three', 'rolled', '2026-10-01T00:00', null);
  await hold('four', 'missing', '2026-11-21T00:00', null);
}

const moneyOf = (account: string) => ({ code: 'wallet', accountId: accounts[account] ?? '' });

async function fillMoney(): Promise<void> {
  const kinds: Kind[] = ['settlement', 'settlement', 'correction', 'refund', 'write-off'];
  let receipt = 1;
  for (const day of daysBetween('2026-11-19', '2026-11-24')) {
    for (const account of ['one', 'two', 'three', 'four']) {
      if (whole(3) === 0) {
        const sold = await ledger.sell({
          accountId: accounts[account] ?? '',
          channel: 'cash',
          amount: 1 + whole(50_000),
          soldBy: 'Wu',
          receipt: receipt++,
          day,
          minute: whole(1440),
        });
        const sale = ledger.transactions.find(({ id }) => id === sold);
        if (whole(3) === 0 && sale) {
          await ledger.post({
            ...sale,
            kind: 'reversal',
            reverses: sold,
            legs: sale.legs.map((leg) => ({ ...leg, amount: -leg.amount })),
          });
        }
      }
      const amount = whole(4_000) - 1_000;
      await ledger.post({
        kind: kinds[whole(kinds.length)] ?? 'settlement',
        accountId: accounts[account] ?? '',
        day,
        legs: [
          { ...moneyOf(account), amount },
          { code: 'revenue', detail: 'energy', amount: -amount },
        ],
      });
    }
  }
  // From one customer's wallet to another's: one transaction, two accounts.
  await ledger.post({
    kind: 'transfer',
    accountId: accounts.one ?? '',
    day: '2026-11-20',
    legs: [
      { ...moneyOf('one'), amount: 1234 },
      { ...moneyOf('two'), amount: -1234 },
    ],
  });
  // A closed account whose wallet was not emptied stays visible.
  await ledger.post({
    kind: 'adjustment',
    accountId: accounts.gone ?? '',
    day: '2026-11-10',
    legs: [
      { ...moneyOf('gone'), amount: -77 },
      { code: 'adjustment', amount: 77 },
    ],
  });
}

/** Charges of every day before today of what the intervals say, energy and a levy on the same energy. */
async function settle(): Promise<void> {
  const run = await park.insert('settlement_runs', { project_id: project, cause: 'due' });
  const tariff = await park.insert('tariffs', {
    project_id: project,
    name: 'Flat',
    commodity: 'electricity',
  });
  const version = await park.insert('tariff_versions', {
    project_id: project,
    tariff_id: tariff,
    version: 1,
    effective_from: '2026-01-01',
    definition: '{}',
    created_by: 'test',
  });
  const settled: Record<string, unknown>[] = [];
  const charged: Record<string, unknown>[] = [];
  const transaction = await park.insert('transactions', {
    project_id: project,
    kind: 'settlement',
    accounting_date: '2026-11-23',
  });
  let id = 0;
  for (const { account, point: code, fromMs, toMs } of tenancies) {
    for (const day of daysBetween('2026-11-20', '2026-11-23')) {
      const quantity = sumOf(code, Math.max(fromMs, dayStart(zone, day)), toMs, day);
      if (quantity === null) continue;
      // The first revision had charged something else; it is superseded and counts no more. One day
      // is charged for what is not in the intervals.
      const charge = quantity + (code === 'missing' && day === '2026-11-22' ? 1 : 0);
      for (const [revision, amount] of [
        [1, 5],
        [2, charge],
      ] as const) {
        id += 1;
        settled.push({
          project_id: project,
          id,
          account_id: accounts[account],
          scope_id: points[code],
          local_day: day,
          revision,
          run_id: run,
          inputs_digest: 'x',
          intervals_known_at: now,
          position: 0,
          step_quantity_before: 0,
          // A row of JSON knows no defaults.
          ...{ step_quantity: 0, month_quantity_before: 0, demand_before: 0, demand: 0 },
          quantity: amount,
          slots: 96,
          estimated_slots: 0,
          missing_slots: 0,
          supersedes: revision === 2 ? id - 1 : null,
          transaction_id: transaction,
          created_at: now,
        });
        for (const component of ['energy', 'levy']) {
          charged.push({
            project_id: project,
            settlement_id: id,
            component,
            tariff_version_id: version,
            period: 0,
            step: 1,
            quantity: amount,
            price: '0.5',
            exact: '0.1',
            ...{ kind: 'usage', unit: 'wh' },
            tax_code: '',
            tax_rate: '0',
            tax_exact: '0',
            treatment: 'revenue',
          });
        }
      }
    }
  }
  for (const [table, all] of [
    ['settlements', settled],
    ['charges', charged],
  ] as const) {
    await park.owner.query(
      `INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`,
      [JSON.stringify(all)],
    );
  }
}

/** The intervals of a point in [fromMs, toMs), of one local day if wanted; null: none has a value. */
function sumOf(code: string, fromMs: number, toMs: number, only?: LocalDay): number | null {
  const chosen = rows.filter((row) => {
    const at = daySpan(zone, row.day).startMs + row.slot * SLOT_MS;
    return (
      row.point === points[code] &&
      at >= fromMs &&
      at < toMs &&
      (!only || row.day === only) &&
      row.quantity !== null
    );
  });
  return chosen.length > 0 ? chosen.reduce((sum, { quantity }) => sum + (quantity ?? 0), 0) : null;
}

const money = (minor: number) => ({ amount: formatMinor(BigInt(minor), 'CNY'), currency: 'CNY' });
const minor = ({ amount }: { amount: string }) => Math.round(Number(amount) * 100);

type Figures = Record<
  'openingBalance' | 'topUps' | 'charges' | 'corrections' | 'other' | 'closingBalance',
  { amount: string }
>;

interface Row {
  number: string;
  pointCode: string | null;
  [column: string]: unknown;
}

async function ask(from: LocalDay, to: LocalDay, more = '') {
  const answer = await park.get(
    `/projects/${project}/reports/integrated?from=${from}&to=${to}${more}`,
  );
  const body = await answer.json();
  expect(answer.status, JSON.stringify(body)).toBe(200);
  return body as { data: Row[]; totals: Figures; proof: unknown; rowCount: number };
}

async function rowOf(number: string, from: LocalDay, to: LocalDay, more = ''): Promise<Row> {
  const found = (await ask(from, to, more)).data.find((row) => row.number === number);
  if (!found) throw new Error(`no row of ${number}`);
  return found;
}

/** Money of an account by the list of what was posted. */
function moneyIn(account: string, from: LocalDay, to: LocalDay) {
  const gains = (chosen: (t: (typeof ledger.transactions)[number]) => boolean) =>
    ledger.transactions
      .filter(chosen)
      .reduce((sum, t) => sum + walletGain(t, accounts[account]), 0);
  const within = (kinds: Kind[]) =>
    gains(({ kind, day }) => kinds.includes(kind) && day >= from && day < to);
  return {
    openingBalance: money(gains(({ day }) => day < from)),
    topUps: money(within(['sale'])),
    charges: money(-within(['settlement'])),
    corrections: money(within(['correction'])),
    other: money(within(['refund', 'reversal', 'write-off', 'adjustment', 'transfer'])),
    closingBalance: money(gains(({ day }) => day < to)),
  };
}

describe('the data behind it', () => {
  const range = 'from=2026-11-20&to=2026-11-22';
  const pageOf = async (name: string, more = '') => {
    const path = `/projects/${project}/reports/${name}?${range}${more}`;
    await expectPageInFiles(park, path, { isOrdered: false });
    const parquet = await park.get(`${path}&format=parquet`);
    await parquet.arrayBuffer(); // Its place is free again when it is out.
    const body = await (await park.get(path)).json();
    expect(body.rowCount).toBeGreaterThan(0);
    expect(parquet.headers.get('x-rows')).toBe(String(body.rowCount));
    return body as { rowCount: number; totals: Record<string, unknown>; data: Row[] };
  };
  const stored = async (statement: string) => {
    const { rows: found } = await park.owner.query<Record<string, string>>(statement, [
      ...[project, '2026-11-20', '2026-11-22'],
    ]);
    return found;
  };

  test('every leg of the ledger, in minor units of money, coming to zero', async () => {
    const legs = await stored(
      `SELECT e.transaction_id::text AS transaction, e.leg, t.kind, e.amount::text
       FROM entries e
       JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
       WHERE e.project_id = $1 AND t.accounting_date >= $2::date AND t.accounting_date < $3::date`,
    );
    const { data, totals } = await pageOf('entries');
    const shown = data.map(({ transaction, leg, kind, amount }) => ({
      ...{ transaction, leg, kind },
      amount: String(BigInt((amount as { amount: string }).amount.replace('.', ''))),
    }));
    const inOrder = (all: Record<string, unknown>[]) =>
      all.map((leg) => JSON.stringify([leg.transaction, leg.leg, leg.kind, leg.amount])).sort();
    expect(inOrder(shown)).toEqual(inOrder(legs));
    expect(totals.amount).toEqual({ amount: '0.00', currency: 'CNY' });
  });

  test('every charge with its exact amount', async () => {
    const [sums] = await stored(
      `SELECT count(*)::text AS n, sum(c.exact)::numeric(38, 12)::text AS exact
       FROM charges c
       JOIN settlements s ON s.project_id = c.project_id AND s.id = c.settlement_id
       WHERE c.project_id = $1 AND s.local_day >= $2::date AND s.local_day < $3::date`,
    );
    const { data, totals, rowCount } = await pageOf('charges', '&revisions=all');
    expect([String(rowCount), Number(totals.exact)]).toEqual([sums?.n, Number(sums?.exact)]);
    expect(data.every(({ localDay }) => ['2026-11-20', '2026-11-21'].includes(`${localDay}`))).toBe(
      true,
    );
  });

  test('every register of every sample, and all channels when a day has left the hot time', async () => {
    const told = (meter: unknown, at: unknown, values: unknown) =>
      JSON.stringify([meter, at, values]);
    const channel = 'active_wh';
    const wanted = samples
      .filter(({ at }) => Date.parse(at) >= ms('2026-11-20T00:00'))
      .filter(({ at }) => Date.parse(at) < ms('2026-11-22T00:00'))
      .map((s) => told(s.meter, new Date(s.at).toISOString(), s.values[channel] ?? null))
      .sort();
    const shown = (data: Row[]) => data.map((r) => told(r.meter, r.ts, r.activeWh)).sort();
    expect(shown((await pageOf('registers')).data)).toEqual(wanted);
    const parts = { ...park.parts, hotDays: 1 };
    for (let more = true, goOn = false; more; goOn = true) {
      const pass = await exportProject(parts, { id: project, zone }, { thorough: true, goOn });
      more = pass?.more ?? false;
    }
    expect(shown((await pageOf('samples')).data)).toEqual(wanted);
    const [one] = (await pageOf('samples', `&pointId=${points.plain}`)).data;
    expect(one?.point).toBe(points.plain);
  });
});

describe('money', () => {
  test('each account opens and closes as its wallet did, and every row and the total foot', async () => {
    const body = await ask('2026-11-20', '2026-11-22');
    expect(body.data.map(({ number }) => number)).toEqual(['four', 'gone', 'one', 'three', 'two']);
    const formula = (r: Figures) =>
      minor(r.openingBalance) +
      minor(r.topUps) -
      minor(r.charges) +
      minor(r.corrections) +
      minor(r.other);
    for (const row of body.data) {
      expect(row).toMatchObject(moneyIn(row.number, '2026-11-20', '2026-11-22'));
      expect(formula(row as never)).toBe(minor(row.closingBalance as never));
    }
    expect(formula(body.totals)).toBe(minor(body.totals.closingBalance));
    expect(body.proof).toMatchObject({
      closingBalance: body.totals.closingBalance,
      openingDifference: money(0),
      closingDifference: money(0),
    });
    expect(minor(body.totals.other)).not.toBe(0);
  });

  test('any split of a range adds up: the first part closes as the second opens', async () => {
    const all = await ask('2026-11-19', '2026-11-24');
    for (const middle of ['2026-11-20', '2026-11-21', '2026-11-23']) {
      const first = await ask('2026-11-19', middle);
      const second = await ask(middle, '2026-11-24');
      for (const row of all.data) {
        const [a, b] = [first, second].map(({ data }) =>
          data.find(({ number }) => number === row.number),
        );
        if (a && b) expect(a.closingBalance).toEqual(b.openingBalance);
        for (const name of ['topUps', 'charges', 'corrections', 'other']) {
          const parts = [a, b].map((part) => (part ? minor(part[name] as never) : 0));
          expect((parts[0] ?? 0) + (parts[1] ?? 0), `${row.number} ${name}`).toBe(
            minor(row[name] as never),
          );
        }
        const energy = [a, b].map((part) => (part?.quantity as number | null) ?? 0);
        expect((energy[0] ?? 0) + (energy[1] ?? 0)).toBe(row.quantity ?? 0);
      }
    }
  });
});

/** The register as shown at a local midnight. */
const shown = (code: string, meter: number, local: string): number => {
  const one = meters[code]?.[meter];
  const counted = one && countedAt(one, ms(local));
  if (!one || counted === null || counted === undefined) throw new Error('not counted');
  return Number(counted % (one.span * one.multiplier));
};

describe('energy', () => {
  test('opening and closing registers lie between the readings beside midnight', async () => {
    const row = await rowOf('one', '2026-11-20', '2026-11-22');
    const [opening, closing] = [
      shown('plain', 0, '2026-11-20T00:00'),
      shown('plain', 0, '2026-11-22T00:00'),
    ];
    expect(row).toMatchObject({
      points: 1,
      openingRegister: opening,
      closingRegister: closing,
      registerDifference: closing - opening,
      replaced: 0,
      quantity: closing - opening,
      chargedQuantity: closing - opening,
      missing: 0,
      foots: true,
      reason: null,
    });
    expect(closing - opening).toBeGreaterThan(100_000);
  });

  test('what a replaced meter had counted stands apart', async () => {
    const row = await rowOf('two', '2026-11-20', '2026-11-22');
    const before = 9_000_000 - shown('replaced', 0, '2026-11-20T00:00');
    const after = shown('replaced', 1, '2026-11-22T00:00') - 50;
    expect(row).toMatchObject({
      openingRegister: shown('replaced', 0, '2026-11-20T00:00'),
      closingRegister: shown('replaced', 1, '2026-11-22T00:00'),
      registerDifference: after,
      replaced: before,
      quantity: before + after,
      foots: true,
    });
  });

  test('a point that changes hands within a day is parted at that quarter-hour', async () => {
    const data = (await ask('2026-11-20', '2026-11-22', '&by=point')).data;
    const silent = data.filter(({ pointCode }) => pointCode === 'silent');
    const one = meters.silent ?? [];
    const moved = ms('2026-11-21T06:15');
    expect(silent.map((row) => [row.number, row.quantity, row.foots, row.openingBalance])).toEqual([
      ['four', Number(flowed(one, moved, ms('2026-11-22T00:00'))), true, null],
      ['three', Number(flowed(one, ms('2026-11-20T00:00'), moved)), true, null],
    ]);
    expect(silent[0]?.openingRegister).toBe(silent[1]?.closingRegister);
  });

  test('a silence over midnight is bridged as the intervals bridge it', async () => {
    const row = (await ask('2026-11-21', '2026-11-22', '&by=point')).data.find(
      ({ number, pointCode }) => number === 'three' && pointCode === 'silent',
    );
    const opening = shown('silent', 0, '2026-11-21T00:00');
    expect(row).toMatchObject({ openingRegister: opening, foots: true });
  });

  test('a register that ran over is known by its event', async () => {
    const row = (await ask('2026-11-20', '2026-11-22', '&by=point')).data.find(
      ({ pointCode }) => pointCode === 'rolled',
    );
    const [opening, closing] = [
      shown('rolled', 0, '2026-11-20T00:00'),
      shown('rolled', 0, '2026-11-22T00:00'),
    ];
    expect(closing).toBeLessThan(opening);
    expect(row).toMatchObject({
      registerDifference: closing - opening,
      replaced: Number(SPAN),
      quantity: closing - opening + Number(SPAN),
      foots: true,
    });
  });

  test('of several points registers are not added up, their differences are', async () => {
    const row = await rowOf('four', '2026-11-21', '2026-11-23');
    const points = (await ask('2026-11-21', '2026-11-23', '&by=point')).data.filter(
      ({ number }) => number === 'four',
    );
    expect(row).toMatchObject({ points: 2, openingRegister: null, closingRegister: null });
    for (const name of ['registerDifference', 'quantity', 'chargedQuantity', 'missing']) {
      expect(row[name]).toBe(points.reduce((sum, p) => sum + (p[name] as number), 0));
    }
  });

  test('water is counted apart and money stays that of the account', async () => {
    const row = await rowOf('two', '2026-11-20', '2026-11-22', '&commodity=water');
    expect(row).toMatchObject({
      ...moneyIn('two', '2026-11-20', '2026-11-22'),
      points: 1,
      quantity: Number(flowed(meters.water ?? [], ms('2026-11-20T00:00'), ms('2026-11-22T00:00'))),
      foots: true,
    });
  });

  test('today closes with the newest interval and waits to be settled', async () => {
    const row = await rowOf('one', '2026-11-22', '2026-11-24');
    const newest = shown('plain', 0, '2026-11-23T14:15');
    expect(row).toMatchObject({
      closingRegister: newest,
      registerDifference: newest - shown('plain', 0, '2026-11-22T00:00'),
      quantity: newest - shown('plain', 0, '2026-11-22T00:00'),
      chargedQuantity: sumOf('plain', ms('2026-11-22T00:00'), ms('2026-11-23T00:00')),
      foots: true,
      reason: 'unsettled-days',
    });
  });
});

describe('what does not foot says why', () => {
  const reasonOf = async (code: string, from: LocalDay, to: LocalDay) =>
    (await ask(from, to, '&by=point')).data.find(({ pointCode }) => pointCode === code)?.reason;

  test('quarter-hours that are missing, and a register that nobody read', async () => {
    const missing = (await ask('2026-11-21', '2026-11-22', '&by=point')).data.find(
      ({ pointCode }) => pointCode === 'missing',
    );
    expect(missing).toMatchObject({ missing: 4, foots: false, reason: 'missing-slots' });
    // Before the first reading there is nothing on one side of midnight.
    expect(await reasonOf('plain', '2026-11-18', '2026-11-20')).toBe('register-unknown');
  });

  test('a charge that is not of these intervals, and energy that no register shows', async () => {
    expect(await reasonOf('missing', '2026-11-22', '2026-11-23')).toBe('charges-differ');
    const body = await ask('2026-11-20', '2026-11-23', '&commodity=water&by=point');
    expect(body.data.map((row) => [row.pointCode, row.foots, row.reason])).toEqual([
      ['water', false, 'unexplained'],
    ]);
    expect(body.totals).toMatchObject({ foots: false, footing: 0, notFooting: 1 });
  });

  test('a file says the totals and the proof of the page', async () => {
    const path = `/projects/${project}/reports/integrated?from=2026-11-18&to=2026-11-24`;
    await expectPageInFiles(park, path);
    await expectPageInFiles(park, `${path}&by=point`);
    await expectPageInFiles(park, `${path}&only=not-footing`);
    const all = await ask('2026-11-18', '2026-11-24');
    const off = await ask('2026-11-18', '2026-11-24', '&only=not-footing');
    expect(off.data).toEqual(all.data.filter((row) => row.foots !== true));
    expect([off.proof, off.rowCount > 0, off.rowCount < all.rowCount]).toEqual([null, true, true]);
  });

  test('a range upside down, another project’s account', async () => {
    const told = async (query: string) => {
      const answer = await park.get(`/projects/${project}/reports/integrated?${query}`);
      return [answer.status, (await answer.json()).code];
    };
    expect(await told('from=2026-11-22&to=2026-11-20')).toEqual([400, 'invalid-request']);
    expect(await told('from=2010-11-22&to=2026-11-20')).toEqual([422, 'range-too-long']);
    expect(await told('from=2026-11-20&to=2026-11-22&accountId=987')).toEqual([404, 'not-found']);
  });
});

/**
 * Every list of the operator's day alike: filtered, paged, footing over the whole of its filter and not over a page,
 * and the same rows with the same totals in every format, with the zone that they are told in.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { readXlsx } from 'hucre/xlsx';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DuckDBConnection, type Duckdb, openDuckdb, rowsOf } from '../../sql/duckdb.ts';
import { makeProject, openRig, type Rig } from './rig.ts';

let rig: Rig;
let owner: pg.Client;
let at: string;
let projectId: string;
let key: string;
let duckdb: Duckdb;
let connection: DuckDBConnection;
let nth = 0;

const cny = (amount: string) => ({ amount, currency: 'CNY' });
const BEGAN = Date.parse('2026-11-12T02:00:00Z');
const instant = (hours: number) => new Date(BEGAN + hours * 3_600_000).toISOString();

async function make(path: string, body: unknown): Promise<Record<string, string>> {
  const key = { 'idempotency-key': `make-${++nth}` };
  const made = await rig.admin('POST', at + path, body, key);
  if (made.status > 201) throw new Error(`${path}: ${made.text}`);
  return made.body;
}

beforeAll(async () => {
  rig = await openRig({ now: new Date(BEGAN) });
  owner = new pg.Client({ connectionString: rig.urls.owner });
  await owner.connect();
  ({ id: projectId } = await makeProject(rig.admin, 'Lists'));
  at = `/api/v1/projects/${projectId}`;
  ({ key } = (
    await rig.admin('POST', `${at}/keys`, { name: 'files', role: 'administrator' })
  ).body);
  duckdb = await openDuckdb();
  connection = await duckdb.connect();
  const insert = async (table: string, values: Record<string, unknown>) => {
    const all: Record<string, unknown> = { project_id: projectId, ...values };
    const holes = Object.keys(all).map((_, i) => `$${i + 1}`);
    const text = `INSERT INTO ${table} (${Object.keys(all)}) VALUES (${holes}) RETURNING *`;
    return (await owner.query(text, Object.values(all))).rows[0];
  };
  const ids: string[] = [];
  for (const [name, mode] of [
    ['Noodle shop', 'platform'],
    ['Noodle bar', 'platform'],
    ['Bakery', 'meter'],
    ['Gone', 'platform'],
  ]) {
    const { id = '' } = await make('/accounts', { name, openedOn: '2026-11-10' });
    if (mode === 'meter')
      await owner.query("UPDATE accounts SET credit_mode = 'meter' WHERE id = $1", [id]);
    ids.push(id);
  }
  // The counter: cash out of the bank, a float, sales, refunds, reversals, a shift that is short, another that is open.
  for (const amount of ['500.00', '250.00']) {
    await make('/cash-movements', {
      kind: 'withdrawal',
      amount: cny(amount),
      note: 'noodle change',
    });
  }
  const shift = await make('/shifts', { float: cny('100.00') });
  const sales: string[] = [];
  for (const [account, amount, channel, note] of [
    [0, '120.00', 'cash', 'noodle'],
    [0, '35.50', 'transfer', null],
    [1, '80.00', 'cash', null],
    [1, '9.99', 'online', 'noodle'],
    [3, '10.00', 'transfer', null],
  ] as const) {
    const body = { channel, amount: cny(amount), note };
    const { id = '' } = await make(`/accounts/${ids[account]}/sales`, body);
    sales.push(id);
  }
  await make(`/shifts/${shift.id}/hand-ins`, { amount: cny('50.00'), note: 'noodle' });
  for (const sale of sales.slice(2, 4))
    await make(`/sales/${sale}/reversals`, { reason: 'wrong noodle' });
  await make(`/accounts/${ids[0]}/deposits`, {
    kind: 'taken',
    amount: cny('30.00'),
    channel: 'cash',
  });
  // As the minute's round would leave them.
  await owner.query('INSERT INTO live_balance_generations VALUES ($1, 1, $2)', [
    projectId,
    rig.clock.now,
  ]);
  await owner.query(
    `INSERT INTO live_balances (project_id, generation, account_id, settled_minor, provisional_minor,
       currency, charge_per_hour)
     SELECT project_id, 1, id, 10000, 0, 'CNY', 0 FROM accounts WHERE project_id = $1`,
    [projectId],
  );
  for (const amount of ['5.00', '2.50']) {
    const refund = { amount: cny(amount), channel: 'cash', reason: 'noodle too dear' };
    await make(`/accounts/${ids[0]}/refunds`, refund);
  }
  await make(`/shifts/${shift.id}/counts`, { counted: cny('90.00'), note: 'noodle' });
  await make('/shifts', { float: cny('20.00') });
  await make(`/accounts/${ids[3]}/close`, {
    settle: 'refund',
    channel: 'transfer',
    reason: 'noodle',
  });
  // A statement of the bank.
  const statement = [
    '日期,收入,支出,余额,流水号,对方户名,摘要',
    '2026-11-11,35.50,,1035.50,B1,noodle,x',
    '2026-11-11,7.25,,1042.75,B2,stranger,y',
    '2026-11-12,,2.00,1040.75,B3,bank,fee',
  ].join('\r\n');
  const file = {
    ...{ name: 'bank.csv', content: Buffer.from(statement).toString('base64'), source: 'bank' },
    template: 'Ours',
    mapping: {
      columns: {
        ...{ date: '日期', income: '收入', expense: '支出', balance: '余额', reference: '流水号' },
        ...{ payer: '对方户名', text: '摘要' },
      },
    },
  };
  await make('/bank-files', { ...file, digest: (await make('/bank-files/preview', file)).digest });
  // The meter: commands, lost contact and other alarms, recharges.
  const meter = (await make('/meters', { serial: '260000000001', model: 'DTSY1352-SIM' })).id;
  const pointId = (await make('/points', { code: 'S1', name: 'Shop', commodity: 'electricity' }))
    .id;
  const wallet = await insert('meter_wallets', {
    ...{ account_id: ids[2], meter_id: meter, point_id: pointId, opened_at: instant(-24) },
  });
  for (const [i, state] of (['confirmed', 'confirmed', 'refused'] as const).entries()) {
    const command = await insert('commands', {
      ...{ meter_id: meter, sequence: i + 1, function: 'read-now', reason: i ? 'noodle' : 'look' },
      ...{ actor_kind: 'system', actor_id: 't', actor_name: 'T' },
      ...{ requested_at: instant(i), expires_at: instant(i + 1) },
    });
    await owner.query(
      `INSERT INTO command_states (project_id, command_id, state, resolved_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (project_id, command_id) DO UPDATE SET state = excluded.state, resolved_at = excluded.resolved_at`,
      [projectId, command.id, state, instant(i + 0.01)],
    );
    await insert('recharges', {
      ...{ account_id: ids[2], meter_id: meter, wallet_id: wallet.id, amount_minor: 1000 + i },
      ...{ currency: 'CNY', state: 'waiting', waits_for: 'unable', requested_at: instant(i) },
      ...{ requested_by_id: 't', requested_by: i ? 'Noodle' : 'T' },
    });
    await insert('alarms', {
      ...{ kind: i ? 'meter.silent' : 'meter.clock', severity: 'warning', subject_kind: 'meter' },
      ...{ subject_id: meter, raised_at: instant(-30 + 3 * i), detail: '{}' },
      ...(i < 2 && { cleared_at: instant(-28 + 3 * i) }),
    });
  }
}, 120_000);
afterAll(async () => {
  duckdb?.close();
  await owner?.end();
  await rig?.close();
});

type Row = Record<string, unknown>;

interface List {
  path: string;
  /** Rows at the least, and a filter that fewer of them pass. */
  rows: number;
  filter: string;
  /** Totals that are the sums of a column of the same name, or of another. */
  sums?: (string | readonly [total: string, of: (row: Row) => unknown])[];
}

const lists: List[] = [
  { path: '/sales', rows: 5, filter: 'q=noodle', sums: ['amount'] },
  { path: '/refunds', rows: 2, filter: 'q=5.00', sums: ['amount'] },
  {
    ...{ path: '/reversals', rows: 2, filter: 'q=80.00' },
    sums: ['amount', ['booked', (row) => row.state === 'reversed' && row.amount]],
  },
  {
    ...{ path: '/shifts', rows: 2, filter: 'state=open' },
    sums: ['receipts', 'sold', 'returned', 'handedIn', 'difference'],
  },
  { path: '/cash-movements', rows: 5, filter: 'kind=float', sums: ['amount'] },
  { path: '/deposits', rows: 1, filter: 'from=2027-01-01', sums: [['held', (row) => row.amount]] },
  { path: '/bank-lines', rows: 3, filter: 'q=stranger' },
  { path: '/recharges', rows: 3, filter: 'q=noodle', sums: ['amount'] },
  {
    ...{ path: '/accounts/opened', rows: 4, filter: 'q=noodle' },
    sums: ['firstSale', 'deposit'],
  },
  { path: '/accounts/closings', rows: 1, filter: 'state=waiting' },
  { path: '/commands', rows: 3, filter: 'q=noodle' },
  { path: '/alarms?state=all', rows: 3, filter: 'kind=meter.clock' },
  { path: '/alarms?state=cleared', rows: 2, filter: 'kind=meter.clock' },
  { path: '/lost-contact', rows: 2, filter: 'state=open', sums: ['durationS'] },
  { path: '/audit', rows: 20, filter: 'q=refund' },
];

const withMore = (path: string, more: string) =>
  `${at}${path}${path.includes('?') ? '&' : '?'}${more}`;

/** How many rows a file has, and all that it says about them. */
let parquetFiles = 0;
const readers: Record<string, (bytes: Buffer) => Promise<{ rows: number; about: string }>> = {
  csv: async (bytes) => ({
    rows: Number(/# rows = (\d+) \(complete\)/.exec(bytes.toString())?.[1]),
    about: bytes.toString(),
  }),
  json: async (bytes) => {
    const { data, rowCount } = JSON.parse(bytes.toString());
    expect(data.length).toBe(rowCount);
    return { rows: rowCount, about: bytes.toString() };
  },
  xlsx: async (bytes) => {
    const { sheets } = await readXlsx(bytes);
    return { rows: (sheets[0]?.rows.length ?? 0) - 1, about: JSON.stringify(sheets) };
  },
  arrow: async (bytes) => {
    const table = tableFromIPC(bytes);
    return { rows: table.numRows, about: [...table.schema.metadata.values()].join() };
  },
  parquet: async (bytes) => {
    // A name of its own: DuckDB keeps what it read of a file by its name and second.
    const file = join(rig.dataDir, `list-${++parquetFiles}.parquet`);
    writeFileSync(file, bytes);
    const ask = (what: string) => rowsOf(connection, `SELECT ${what}('${file}')`);
    const [counted] = await ask('count(*)::int AS rows FROM read_parquet');
    const metadata = await ask('decode(value) AS value FROM parquet_kv_metadata');
    return { rows: Number(counted?.rows), about: metadata.map(({ value }) => value).join() };
  },
};

/** Money in cents, figures as they are; what a row does not have counts for nothing in a sum. */
function worth(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'object' || value === null || !('amount' in value)) return 0;
  return Math.round(Number(value.amount) * 100);
}

/** All rows of a question, page by page, each page with the same totals. */
async function whole(path: string, limit: number): Promise<{ rows: Row[]; totals: Row }> {
  const rows: Row[] = [];
  let totals: Row | undefined;
  let cursor: string | null = null;
  do {
    const page = await rig.admin(
      'GET',
      withMore(path, `limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`),
    );
    expect([path, page.status, page.body.code]).toEqual([path, 200, undefined]);
    expect(page.body.data.length).toBeLessThanOrEqual(limit);
    rows.push(...page.body.data);
    totals ??= page.body.totals;
    expect(page.body.totals).toEqual(totals);
    cursor = page.body.nextCursor;
  } while (cursor !== null);
  return { rows, totals: totals ?? {} };
}

test.each(lists)(
  '$path foots over all pages, by filter, in every format',
  async ({ path, rows: least, filter, sums = [] }) => {
    const all = await whole(path, 2);
    expect(all.rows.length).toBeGreaterThanOrEqual(least);
    expect(new Set(all.rows.map(({ id }) => id)).size).toBe(all.rows.length);
    const some = await whole(withMore(path, filter).slice(at.length), 1);
    expect(some.rows.length).toBeLessThan(all.rows.length);
    const asked = [
      [path, all],
      [withMore(path, filter).slice(at.length), some],
    ] as const;
    for (const [question, { rows, totals }] of asked) {
      expect([question, totals.count]).toEqual([question, rows.length]);
      for (const each of sums) {
        const [name, of] = typeof each === 'string' ? [each, (row: Row) => row[each]] : each;
        const sum = rows.reduce((before, row) => before + worth(of(row)), 0);
        expect([question, name, worth(totals[name])]).toEqual([question, name, sum]);
      }
      for (const [format, told] of Object.entries(readers)) {
        const response = await rig.app.request(withMore(question, `format=${format}`), {
          headers: { authorization: `Bearer ${key}` },
        });
        expect([question, format, response.status]).toEqual([question, format, 200]);
        const facts = await told(Buffer.from(await response.arrayBuffer()));
        expect([question, format, facts.rows]).toEqual([question, format, rows.length]);
        for (const word of ['Asia/Shanghai', ...(format === 'csv' ? ['# total count'] : [])]) {
          expect([question, format, facts.about.includes(word)]).toEqual([question, format, true]);
        }
      }
    }
  },
);

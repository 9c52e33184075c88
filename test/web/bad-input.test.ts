/**
 * What people get wrong, through the whole HTTP face: each is told clearly, and no row of any table, no cent and no
 * meter is touched by it. What the tests of each act hold already does not stand here again.
 */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeProject, openRig, type Rig } from './rig.ts';

let rig: Rig;
let owner: pg.Client;
let at: string;
/** Ids of ours, and the same things of another project. */
const ours: Record<string, string> = {};
const theirs: Record<string, string> = {};
let nth = 0;

const cny = (amount: string) => ({ amount, currency: 'CNY' });
const DAY_MS = 86_400_000;
const dayOf = (ms: number) => new Date(ms + DAY_MS / 3).toISOString().slice(0, 10);

beforeAll(async () => {
  rig = await openRig({ now: new Date('2026-11-12T02:00:00Z') });
  owner = new pg.Client({ connectionString: rig.urls.owner });
  await owner.connect();
  for (const [ids, name] of [
    [theirs, 'Theirs'],
    [ours, 'Ours'],
  ] as const) {
    const { id } = await makeProject(rig.admin, name);
    at = `/api/v1/projects/${id}`;
    ids.project = id;
    await furnish(ids);
  }
});
afterAll(async () => {
  await owner?.end();
  await rig?.close();
});

async function make(path: string, body: unknown): Promise<Record<string, string>> {
  const key = { 'idempotency-key': `make-${++nth}` };
  const made = await rig.admin('POST', at + path, body, key);
  if (made.status > 201) throw new Error(`${path}: ${made.text}`);
  return made.body;
}

/** A park of one meter: an account that holds its point and has paid, one that is closed. */
async function furnish(ids: Record<string, string>): Promise<void> {
  const from = new Date(rig.clock.now.getTime() - 2 * DAY_MS).toISOString();
  const openedOn = dayOf(rig.clock.now.getTime() - 2 * DAY_MS);
  const set = async (name: string, path: string, body: unknown) => {
    const { id = '' } = await make(path, body);
    ids[name] = id;
    return id;
  };
  const gateway = await set('gateway', '/gateways', { name: 'Box' });
  const busId = await set('bus', `/gateways/${gateway}/buses`, {
    ...{ name: '1', framing: 'tcp', host: '127.0.0.1', port: 9 },
  });
  const meterId = await set('meter', '/meters', {
    ...{ serial: '240100000001', model: 'DTSY1352-SIM', busId, unit: 1 },
  });
  await set('spare', '/meters', { serial: '240100000002', model: 'DTSY1352-SIM' });
  const pointId = await set('point', '/points', {
    ...{ code: 'S1', name: 'Shop', commodity: 'electricity' },
  });
  await set('free', '/points', { code: 'S2', name: 'Free', commodity: 'water' });
  await make('/installations', { pointId, meterId, from, firstRegister: 0 });
  const energy = { kind: 'usage', code: 'energy', name: 'Energy', price: '1' };
  const tariffId = await set('tariff', '/tariffs', {
    ...{ name: 'Flat', commodity: 'electricity' },
    version: { effectiveFrom: openedOn, definition: { components: [energy] } },
  });
  await make('/tariff-assignments', { tariffId, from: openedOn });
  const accountId = await set('account', '/accounts', {
    ...{ name: 'Shop', openedOn, pointIds: [pointId], alarm1: cny('80.00') },
  });
  const held = await rig.admin('GET', `${at}/accounts/${accountId}`);
  ids.tenancy = held.body.points[0].tenancyId;
  await set('sale', `/accounts/${accountId}/sales`, {
    ...{ channel: 'transfer', amount: cny('100.00') },
  });
  await set('opening', '/accounts/openings', {
    ...{ name: 'Rich', points: [{ pointId: ids.free }], alarm1: cny('99999999.00') },
  });
  await set('closed', '/accounts', { name: 'Gone', openedOn });
  await rig.admin('PATCH', `${at}/accounts/${ids.closed}`, { closedOn: openedOn });
}

/** How many rows every table holds, and what the ledger comes to by place. */
async function everything() {
  const { rows: tables } = await owner.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
       AND relnamespace = 'public'::regnamespace ORDER BY 1`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const { rows } = await owner.query(`SELECT count(*)::int AS n FROM "${name}"`);
    counts[name] = rows[0].n;
  }
  const { rows: books } = await owner.query(
    `SELECT ledger_account_id, sum(amount)::text FROM entries GROUP BY 1 ORDER BY 1`,
  );
  const { rows: told } = await owner.query(
    'SELECT id, alarm1_minor, alarm2_minor, name FROM accounts ORDER BY id',
  );
  return { counts, books, told };
}

interface Mistake {
  what: string;
  method?: 'PATCH' | 'PUT';
  /** Below the project. */
  path: () => string;
  body: () => unknown;
  answer: [status: number, code: string];
  /** What must be said of it. */
  says?: RegExp;
}

const command = (name: string, args: object, meter = () => ours.meter) => ({
  path: () => `/meters/${meter()}/commands`,
  body: () => ({ function: name, arguments: args, reason: 'tried' }),
});
const mistakes: Mistake[] = [
  // Thresholds upside down
  {
    what: 'an account whose second alarm comes first',
    path: () => '/accounts',
    body: () => ({
      ...{ name: 'X', openedOn: '2026-11-12', alarm1: cny('10.00'), alarm2: cny('20.00') },
    }),
    answer: [422, 'invalid-amount'],
    says: /alarm/i,
  },
  {
    what: 'a second alarm above the own first',
    method: 'PATCH',
    path: () => `/accounts/${ours.account}`,
    body: () => ({ alarm2: cny('80.01') }),
    answer: [422, 'invalid-amount'],
    says: /alarm/i,
  },
  {
    what: 'a first alarm below the project’s second',
    method: 'PATCH',
    path: () => `/accounts/${ours.account}`,
    body: () => ({ alarm1: cny('0.01') }),
    answer: [422, 'invalid-amount'],
    says: /alarm/i,
  },
  {
    what: 'the own first alarm taken away below the own second',
    method: 'PATCH',
    path: () => `/accounts/${ours.account}`,
    body: () => ({ alarm1: null, alarm2: cny('10000.00') }),
    answer: [422, 'invalid-amount'],
  },
  {
    what: 'defaults of the project above the own first alarm of an account',
    method: 'PATCH',
    path: () => '',
    body: () => ({ alarm1: cny('200.00'), alarm2: cny('80.01') }),
    answer: [422, 'invalid-amount'],
    says: /N\d+ \(its own alarm 1: 80\.00\)/,
  },
  ...['-0.01', '9999999999999', '1.005', '1e3', ''].map(
    (amount): Mistake => ({
      what: `a first alarm of “${amount}”`,
      method: 'PATCH',
      path: () => `/accounts/${ours.account}`,
      body: () => ({ alarm1: cny(amount) }),
      answer: [422, 'invalid-amount'],
    }),
  ),
  {
    what: 'thresholds upside down to a meter',
    ...command('issue-settings', { alarm1Minor: 100, alarm2Minor: 200, overloadW: null }),
    answer: [400, 'invalid-request'],
    says: /alarm 1/,
  },
  {
    what: 'the same to many meters',
    path: () => '/command-batches/preview',
    body: () => ({
      function: 'issue-settings',
      arguments: { alarm1Minor: 100, alarm2Minor: 200, overloadW: null },
      meterIds: [ours.meter],
    }),
    answer: [400, 'invalid-request'],
    says: /alarm 1/,
  },
  {
    what: 'an opening whose first alarm no register takes',
    path: () => `/accounts/openings/${ours.opening}/open`,
    body: () => undefined,
    answer: [422, 'invalid-opening'],
    says: /opening-amount/,
  },
  // A closed account
  {
    what: 'a deposit of a closed account',
    path: () => `/accounts/${ours.closed}/deposits`,
    body: () => ({ kind: 'taken', channel: 'transfer', amount: cny('5.00') }),
    answer: [409, 'account-closed'],
  },
  {
    what: 'a sale to a closed account',
    path: () => `/accounts/${ours.closed}/sales`,
    body: () => ({ channel: 'transfer', amount: cny('5.00') }),
    answer: [409, 'account-closed'],
  },
  {
    what: 'a contract of a closed account',
    path: () => `/accounts/${ours.closed}/supply-contracts`,
    body: () => ({ number: 'K-9', from: '2026-11-12', notices: [] }),
    answer: [409, 'account-closed'],
  },
  {
    what: 'a point for a closed account',
    path: () => '/tenancies',
    body: () => ({ accountId: ours.closed, pointId: ours.free, from: '2026-11-12' }),
    answer: [409, 'account-closed'],
  },
  {
    what: 'closing what is closed',
    path: () => `/accounts/${ours.closed}/close`,
    body: () => ({ settle: 'refund', channel: 'transfer', reason: 'again' }),
    answer: [409, 'account-closed'],
  },
  // What is another project's
  {
    what: 'a trip of another project’s meter',
    ...command('trip', {}, () => theirs.meter),
    answer: [404, 'not-found'],
    says: /such meter/,
  },
  {
    what: 'another project’s meter among ours',
    path: () => '/command-batches/preview',
    body: () => ({ function: 'trip', arguments: {}, meterIds: [ours.meter, theirs.meter] }),
    answer: [404, 'not-found'],
    says: /such meter/,
  },
  {
    what: 'another project’s meter as the new one',
    path: () => `/points/${ours.point}/replacements`,
    body: () => ({
      ...{ meterId: theirs.spare, at: '2026-11-12T01:00:00Z', ct: 1, pt: 1, reason: 'x' },
      ...{ lastRegister: 0, firstRegister: 0 },
    }),
    answer: [404, 'not-found'],
    says: /such meter/,
  },
  {
    what: 'another project’s bus to read from',
    path: () => `/gateways/${ours.gateway}/test-read`,
    body: () => ({ bus: theirs.bus, address: 1, model: 'DTSY1352-SIM' }),
    answer: [404, 'not-found'],
    says: /such bus/,
  },
  {
    what: 'our point moved to another project’s account',
    path: () => `/tenancies/${ours.tenancy}/move`,
    body: () => ({ accountId: theirs.account, at: '2026-11-12T01:00:00Z' }),
    answer: [404, 'not-found'],
    says: /such account/,
  },
  {
    what: 'another project’s sale reversed',
    path: () => `/sales/${theirs.sale}/reversals`,
    body: () => ({ reason: 'not mine' }),
    answer: [404, 'not-found'],
    says: /such sale/,
  },
  // What a meter cannot be told
  ...['-0.5', '1e18', '0.00001', '', '999999999999999999'].map(
    (price): Mistake => ({
      what: `a price of “${price}” in the meter`,
      ...command('issue-price', { prices: { 1: price, 2: '1', 3: '1', 4: '1' } }),
      answer: [400, 'invalid-request'],
      says: /prices/,
    }),
  ),
  {
    what: 'a recharge typed by hand',
    ...command('recharge', { amountMinor: 1_000_000, counter: 1 }),
    answer: [400, 'invalid-request'],
  },
  {
    what: 'a valve of an electricity meter',
    ...command('valve-close', {}),
    answer: [422, 'function-unsupported'],
  },
  {
    what: 'a command to a meter on no bus',
    ...command('trip', {}, () => ours.spare),
    answer: [409, 'not-connected'],
  },
  {
    what: 'a command without a reason',
    path: () => `/meters/${ours.meter}/commands`,
    body: () => ({ function: 'trip', arguments: {}, reason: '  ' }),
    answer: [400, 'invalid-request'],
    says: /reason/,
  },
];

test.each(mistakes)('$what is refused, and nothing is touched', async (mistake) => {
  const { method = 'POST', path, body, answer, says } = mistake;
  const before = await everything();
  const key = { 'idempotency-key': `wrong-${++nth}` };
  const refused = await rig.admin(method, at + path(), body(), key);
  expect([refused.status, refused.body?.code, refused.text]).toEqual([...answer, refused.text]);
  expect(refused.body.detail.length).toBeGreaterThan(10);
  if (says) expect(refused.text).toMatch(says);
  expect(await everything()).toEqual(before);
});

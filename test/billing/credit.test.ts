/**
 * Credit control against Postgres: from arrears to a trip and back, each decision with its reason and data, two
 * processes at once, a payment at the same instant, the brake, online orders, silent meters. (Killed: killed.test.ts.)
 */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdBrake } from '../../billing/credit-brake.ts';
import { decide, decideIn, type Setting } from '../../billing/credit-decide.ts';
import { localOrders, openOrders } from '../../billing/credit-orders.ts';
import { readPolicy } from '../../billing/credit-policy.ts';
import { post } from '../../billing/ledger.ts';
import { gatherNotices } from '../../billing/notice-gather.ts';
import { readProject } from '../../billing/project.ts';
import { settleDue } from '../../billing/settle.ts';
import { localDayOf } from '../../sql/local-day.ts';
import { cny } from './counter.ts';
import { type CreditPark, openCreditPark } from './credit-park.ts';

let credit: CreditPark;
/** Accounts of their own for each test: what one leaves behind is no other's. */
let next = 0;
beforeAll(async () => {
  credit = await openCreditPark(20);
});
afterAll(() => credit.close());

test('an account is told, given its grace, cut, and has its supply back when it has paid', async () => {
  const n = next++;
  await credit.owes(n, 500);
  await credit.round();
  expect(await credit.state(n)).toBe('grace');
  credit.later(1);
  await credit.round();
  expect(await credit.told(n)).toEqual(['notice/final']);
  credit.later(1);
  await credit.read();
  await credit.round();
  expect(await credit.state(n)).toBe('waiting notice-proof');
  await credit.deliver(n);
  credit.later(1);
  await credit.read();
  await credit.round();
  expect([await credit.state(n), await credit.commands(n)]).toEqual([
    'tripping',
    ['trip requested'],
  ]);
  await credit.carryOut('sent');
  await credit.round();
  expect(await credit.state(n)).toBe('tripping');
  await credit.carryOut();
  await credit.round();
  expect(await credit.state(n)).toBe('tripped');
  expect((await credit.pay(n, '4.99')).status).toBe(201);
  await credit.round();
  expect(await credit.state(n)).toBe('tripped');
  await credit.pay(n, '0.01');
  await credit.round();
  expect([await credit.state(n), (await credit.commands(n)).at(-1)]).toEqual([
    ...['restoring', 'guarantee-supply requested'],
  ]);
  await credit.carryOut();
  await credit.owes(n, 0);
  await credit.round();
  expect(await credit.state(n)).toBe('restored');
  credit.later(25);
  await credit.round();
  expect(await credit.state(n)).toBe('clear');
  expect(await credit.told(n)).toEqual([
    ...[
      'notice/final',
      'call-person/notice-proof',
      'hold/notice-proof',
      'trip/arrears',
      'restore/paid',
      'clear/balance-back',
    ],
  ]);
});

test('a trip says what it stood on: balances, readings, notices, commands', async () => {
  const n = next++;
  const { park, ask } = credit;
  const cuts = async () =>
    (await ask('GET', `/credit-cases/${park.accounts[n]}`)).body.supply[0]?.cuts;
  await credit.due(n, 1234);
  expect(await cuts()).toBe(true);
  await credit.round();
  expect(await cuts()).toBe(false);
  const { body } = await ask(
    'GET',
    `/credit-decisions?decision=trip&accountId=${park.accounts[n]}`,
  );
  const [trip] = body.data;
  const [command] = await park.rows(
    `SELECT id::text, cause, actor_kind, arguments FROM commands ORDER BY id DESC LIMIT 1`,
  );
  expect(trip).toMatchObject({
    ...{ decision: 'trip', reason: 'arrears', number: `N${n + 1}`, commandIds: [command?.id] },
    data: {
      ...{ live: cny('-12.34'), cuttable: cny('-12.34'), creditLimit: cny('0.00') },
      ...{ generation: '1', orders: { outcome: 'none' } },
      points: [{ code: `A${n + 1}`, quality: 'measured', ageS: 60, supply: 'on' }],
      notices: [{ level: 'final', state: 'delivered', provenAt: expect.any(String) }],
    },
  });
  expect(command).toMatchObject({
    cause: { creditDecisionId: trip.id, accountId: park.accounts[n] },
    actor_kind: 'system',
  });
  await credit.carryOut();
  await credit.owes(n, 0);
});

test('two processes at once cut once', async () => {
  const n = next++;
  await credit.due(n);
  await Promise.all([credit.round(), credit.round(), credit.round()]);
  expect(await credit.commands(n)).toEqual(['trip requested']);
  expect((await credit.told(n)).filter((line) => line.startsWith('trip'))).toHaveLength(1);
  await credit.carryOut();
  await credit.owes(n, 0);
});

test.each(['automatic', 'armed'])(
  'a payment at the instant of a trip ends with supply that never went, or restored, or armed: %s',
  async (mode) => {
    for (const sent of [false, true]) {
      const n = next++;
      const { park } = credit;
      await park.rows('UPDATE points SET restore_mode = $1 WHERE id = $2', [mode, park.points[n]]);
      await credit.due(n);
      const [, paid] = await Promise.all([credit.round(), credit.pay(n, '5.00')]);
      expect(paid.status).toBe(201);
      if (sent) await credit.carryOut('sent');
      await credit.round();
      const commands = await credit.commands(n);
      // Whichever came first: nothing was asked, it was taken back, or it is followed by supply.
      if (commands.length === 0) expect(await credit.state(n)).toBe('noticed');
      else if (!sent) expect(commands).toEqual(['trip expired withdrawn']);
      else if (mode === 'armed')
        expect([await credit.state(n), commands]).toEqual(['armed', ['trip sent']]);
      else expect(commands).toEqual(['trip sent', 'guarantee-supply requested']);
      await credit.carryOut();
      await credit.owes(n, 500);
      await credit.round();
      if (mode === 'automatic' || commands.length === 0 || !sent) {
        const { rows } = { rows: await credit.commands(n) };
        expect(rows.at(-1) ?? 'none').not.toBe('trip confirmed');
      }
      await credit.pay(n, '10.00');
      await credit.owes(n, 0);
    }
  },
);

test('a decision waits for no other account, and only a trip of its own for another trip', async () => {
  const [held, other, cut] = [next++, next++, next++];
  const { park } = credit;
  const { db } = park.postgres;
  await credit.due(cut);
  for (const n of [held, other, cut]) await credit.owes(n, 500);
  const project = await readProject(db, park.project.id);
  const { policy } = await readPolicy(db, project);
  const orders = { outcome: 'none', at: park.now } as const;
  const world = { noCut: undefined, estimatedMinor: 0n, orders };
  const setting: Setting = { project, policy, holidays: new Set(), now: park.now, world };
  const of = (n: number) => ({ setting, accountId: park.accounts[n] ?? '' });
  let isDone = false;
  const trip = await db.transaction(async (tx) => {
    expect((await decideIn(tx, of(held)))?.state).toBe('grace');
    // Neither the case that is held nor the brake, once that is held too, keeps another account waiting.
    expect((await decide(db, of(other)))?.state).toBe('grace');
    await holdBrake(tx, project.id);
    expect((await decide(db, of(other)))?.decision).toBe(null);
    const trip = decide(db, of(cut)).finally(() => {
      isDone = true;
    });
    const waiting = `SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE a.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`;
    await expect.poll(() => park.value(waiting)).toBe('1');
    expect([isDone, await credit.commands(cut)]).toEqual([false, []]);
    return { trip };
  });
  expect((await trip.trip)?.decision).toBe('trip');
  expect(await credit.commands(cut)).toEqual(['trip requested']);
  await credit.carryOut();
  for (const n of [held, other, cut]) await credit.owes(n, 0);
});

test('the brake stops at its number, calls a person, and goes on by a word alone', async () => {
  const accounts = [next++, next++, next++];
  const { park, ask, send } = credit;
  credit.later(2);
  await credit.policy({ brake: { tripsPerHour: 2, sharePercentPerHour: 100 } });
  for (const n of accounts) await credit.owes(n, 500);
  await credit.read();
  await credit.round();
  for (const n of accounts) await credit.deliver(n);
  credit.later(3);
  await credit.read();
  await credit.round();
  await credit.round();
  const states = async () => (await Promise.all(accounts.map(credit.state))).sort();
  expect(await states()).toEqual(['tripping', 'tripping', 'waiting brake']);
  expect((await ask('GET', '/credit-brake')).body).toMatchObject({
    ...{ engaged: true, tripsLastHour: 2, limit: 2 },
  });
  const alarms = async () =>
    (
      await park.rows(
        `SELECT kind FROM alarms WHERE cleared_at IS NULL
         AND kind IN ('credit.brake', 'account.credit-hold') ORDER BY kind`,
      )
    ).map(({ kind }) => kind);
  expect(await alarms()).toEqual(['account.credit-hold', 'credit.brake']);
  // One call, not one for each account that it holds.
  const duty = [{ channel: 'email', address: 'duty@park.example', language: null }];
  await send('PUT', '/notice-settings', { quiet: null, urgent: [], off: [], staff: duty });
  const project = await readProject(park.postgres.db, park.project.id);
  await gatherNotices(park.postgres.db, { project, at: park.now });
  expect(
    await park.rows(
      `SELECT recipient, account_id::text FROM notices WHERE kind = ANY($1)
      AND parameters ->> 'reason' IS DISTINCT FROM $2`,
      [
        ['credit.brake-engaged', 'credit.person-called'],
        'a notice could not be proven to have arrived',
      ],
    ),
  ).toEqual([{ recipient: 'duty@park.example', account_id: park.accounts[accounts[2] ?? 0] }]);
  // An hour later it holds still: what went wrong once is not tried again by itself.
  credit.later(2);
  await credit.read();
  await credit.round();
  expect(await states()).toEqual(['tripping', 'tripping', 'waiting brake']);
  await send('POST', '/credit-brake/release', { reason: 'looked at each' });
  await credit.round();
  expect(await states()).toEqual(['tripping', 'tripping', 'tripping']);
  expect(await alarms()).toEqual([]);
  await credit.carryOut();
  for (const n of accounts) await credit.owes(n, 0);
  await credit.policy();
});

test('what is proposed is cut by a word, which replaces neither hours nor proof nor peace in a dispute', async () => {
  const n = next++;
  const { park, send } = credit;
  await credit.policy({ mode: 'propose' });
  await credit.due(n);
  const path = `/credit-cases/${park.accounts[n]}`;
  await credit.round();
  expect([await credit.state(n), await credit.commands(n)]).toEqual(['proposed', []]);
  const until = new Date(park.now.getTime() + 3_600_000).toISOString();
  const raised = await send('POST', `/accounts/${park.accounts[n]}/disputes`, {
    reason: 'r',
    until,
  });
  const held = await send('POST', `${path}/trip`, { reason: 'now' });
  expect([held.status, held.body.code]).toEqual([409, 'not-cuttable']);
  expect(held.body.detail).toContain('dispute');
  expect(await credit.state(n)).toBe('proposed');
  const [dispute] = raised.body.disputes;
  await send('POST', `/accounts/${park.accounts[n]}/disputes/${dispute.id}/end`, { reason: 'ok' });
  const restore = async () => {
    const { body } = await credit.ask('GET', path);
    return [body.canRestore, body.restoreObstacle];
  };
  const refused = async () => (await send('POST', `${path}/restore`, { reason: 'now' })).body.code;
  expect([await restore(), await refused()]).toEqual([[false, 'not-cut'], 'not-restorable']);
  const tripped = await send('POST', `${path}/trip`, { reason: 'agreed with the owner' }, 'word');
  expect(tripped.body.state).toBe('tripping');
  const again = await send('POST', `${path}/trip`, { reason: 'agreed with the owner' }, 'word');
  expect(again.body).toEqual(tripped.body);
  const { body } = await credit.ask('GET', `/credit-decisions?accountId=${park.accounts[n]}`);
  expect(body.data[0]).toMatchObject({
    ...{ decision: 'trip', reason: 'arrears' },
    data: { note: 'agreed with the owner', by: 'Name of wang' },
  });
  expect(await credit.commands(n)).toEqual(['trip requested']);
  await credit.carryOut();
  expect([await restore(), await refused()]).toEqual([[false, 'not-paid'], 'not-restorable']);
  // Armed: it is given back by a word and by nothing else, and not while somebody works on it.
  await park.rows("UPDATE points SET restore_mode = 'confirmed' WHERE id = $1", [park.points[n]]);
  await credit.pay(n, '5.00');
  await credit.round();
  expect(await credit.state(n)).toBe('armed person');
  await park.rows(
    `UPDATE points SET lock_out = '{"by":"li","why":"works","tag":"7"}' WHERE id = $1`,
    [park.points[n]],
  );
  expect([await restore(), await refused()]).toEqual([[false, 'locked-out'], 'locked-out']);
  await park.rows('UPDATE points SET lock_out = NULL WHERE id = $1', [park.points[n]]);
  expect(await restore()).toEqual([true, null]);
  expect((await send('POST', `${path}/restore`, { reason: 'paid' })).body.state).toBe('restoring');
  expect(await restore()).toEqual([false, 'coming-back']);
  await credit.carryOut();
  await credit.owes(n, 0);
  await credit.policy();
});

test('online orders are asked for last, over signed HTTP both ways; who does not answer holds the trip', async () => {
  const n = next++;
  const { park } = credit;
  const provider = await openProvider('a secret between us');
  const clock = () => park.now;
  const query = (secret: string) =>
    openOrders({ url: provider.url, secret }, { clock, answerMs: 300 });
  credit.orders(query('a secret between us'));
  provider.says = { orders: [{ id: 'o-1' }] };
  await credit.due(n);
  expect(provider.asked).toEqual([]);
  await credit.round();
  expect([await credit.state(n), await credit.commands(n)]).toEqual(['waiting order-query', []]);
  expect(provider.asked[0]).toMatchObject({ account: `N${n + 1}`, accountId: park.accounts[n] });
  // Unsigned, signed by another, of another account, silent, of another secret: none of it is an answer.
  for (const says of [
    { orders: [], signature: null },
    { orders: [], secret: 'of somebody else' },
    { orders: [], account: 'N999' },
    { orders: [], silent: true },
    { orders: [], status: 500 },
    { orders: [], body: 'gibberish' },
  ]) {
    provider.says = says;
    await credit.round();
    expect([await credit.state(n), await credit.commands(n)]).toEqual(['waiting order-query', []]);
  }
  provider.says = { orders: [] };
  credit.orders(query('a secret of ours alone'));
  await credit.round();
  expect([provider.refused, await credit.commands(n)]).toEqual([1, []]);
  credit.orders(query('a secret between us'));
  provider.says = { orders: [], silent: true };
  credit.later(0.3);
  await credit.read();
  await credit.round();
  expect((await credit.told(n)).at(-1)).toBe('call-person/order-query');
  provider.says = { orders: [] };
  await credit.round();
  expect(await credit.commands(n)).toEqual(['trip requested']);
  await provider.close();
  credit.orders(localOrders);
  await credit.carryOut();
  await credit.owes(n, 0);
});

test('nobody is cut for what was estimated, or while readings are doubted or old', async () => {
  const n = next++;
  const { park } = credit;
  const [point, account] = [park.points[n] ?? '', park.accounts[n] ?? ''];
  await credit.due(n, 500);
  const day = '2026-02-12';
  // 96 × 80 Wh estimated: 5.38 at 0.70 a kWh, if a price were known; as none is, nothing of it is certain.
  await park.intervals(point, day, () => 80, { quality: 'estimated:linear' });
  park.now = new Date('2026-02-13T04:00:00Z');
  await credit.read();
  await credit.round();
  expect(await credit.state(n)).toBe('waiting doubtful-data');
  await park.intervals(point, day, () => 80);
  await park.rows(
    `INSERT INTO quarantines (project_id, meter_id, point_id, rule, at)
     SELECT project_id, meter_id, point_id, 'spike', now() FROM installations WHERE point_id = $1`,
    [point],
  );
  await credit.round();
  expect(await credit.state(n)).toBe('waiting doubtful-data');
  await park.rows(
    `INSERT INTO quarantine_decisions (project_id, quarantine_id, decision, decided_by, reason)
     SELECT project_id, id, 'exclude', 'test', 'test' FROM quarantines WHERE point_id = $1`,
    [point],
  );
  credit.later(0.5);
  await credit.round();
  expect(await credit.state(n)).toBe('waiting doubtful-data');
  const { body } = await credit.ask('GET', `/credit-decisions?accountId=${account}`);
  expect(body.data[0].data.detail).toBe('estimated');
  expect(await credit.commands(n)).toEqual([]);
  await credit.owes(n, 0);
});

test('a correction cuts nobody until its own notice days are over', async () => {
  const n = next++;
  const { park } = credit;
  const account = park.accounts[n] ?? '';
  const correct = (amountMinor: bigint) =>
    park.postgres.db.transaction((tx) =>
      post(tx, {
        ...{ projectId: park.project.id, currency: 'CNY' },
        head: {
          ...{ kind: 'correction', accountId: account, postedAt: park.now, cause: {} },
          accountingDate: localDayOf(park.project.zone, park.now.getTime()),
        },
        legs: [
          { code: 'wallet', accountId: account, amountMinor },
          { code: 'adjustment', accountId: null, amountMinor: -amountMinor },
        ],
      }),
    );
  await correct(700n);
  await credit.owes(n, 1);
  await credit.read();
  const shown = async () => {
    const { body } = await credit.ask('GET', `/credit-cases/${account}`);
    return [body.live.amount, body.cuttable.amount, body.state];
  };
  await credit.round();
  expect(await shown()).toEqual(['-7.01', '-0.01', 'grace']);
  // What comes back by a correction is the account's at once.
  await correct(-1n);
  await credit.owes(n, 1);
  await credit.round();
  expect(await shown()).toEqual(['-7.00', '0.00', 'watching']);
  credit.later(24 * 15);
  await credit.round();
  expect(await shown()).toEqual(['-7.00', '-7.00', 'grace']);
  await credit.pay(n, '7.00');
  await credit.owes(n, 0);
});

test('a silent meter with low credit is an alarm that says what may have been used unseen', async () => {
  const n = next++;
  const { park } = credit;
  for (const day of ['2026-02-01', '2026-02-02'] as const) {
    await park.intervals(park.points[n] ?? '', day, () => 1000);
  }
  const at = park.now;
  park.after('2026-02-02', 60);
  await settleDue(park.deps, await readProject(park.postgres.db, park.project.id));
  park.now = at;
  await credit.owes(n, 0);
  await credit.read();
  const open = () =>
    park.rows(
      `SELECT detail FROM alarms WHERE kind = 'meter.silent-credit' AND cleared_at IS NULL
       AND detail ->> 'accountId' = $1`,
      [park.accounts[n]],
    );
  const round = credit.rounds();
  await round();
  expect(await open()).toEqual([]);
  credit.later(5);
  await round();
  // 4 kWh an hour at 0.70, for the five hours and the minute since it was read.
  expect(await open()).toMatchObject([
    { detail: { hours: '5.0', rate: '2.80', exposure: '14.05', code: `A${n + 1}` } },
  ]);
  await credit.read();
  // All accounts are looked at for it: once a minute, not in every round.
  credit.later(10 / 3600);
  await round();
  expect(await open()).toHaveLength(1);
  credit.later(50 / 3600);
  await round();
  expect(await open()).toEqual([]);
});

interface Says {
  orders: { id: string }[];
  signature?: null;
  secret?: string;
  account?: string;
  silent?: boolean;
  status?: number;
  body?: string;
}

/** A channel as integrators would build it: it checks signatures by the published rule, with code of its own. */
async function openProvider(secret: string) {
  const digest = (key: string, seconds: number, body: string) =>
    createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex');
  const provider = {
    ...{ url: '', says: { orders: [] } as Says, refused: 0 },
    asked: [] as Record<string, string>[],
    close: () => new Promise<void>((done) => server.close(() => done()).closeAllConnections()),
  };
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const [, seconds = '', sent] = /^t=(\d+),v1=(\w+)$/.exec(
      String(request.headers['wattledger-signature']),
    ) ?? ['', '', ''];
    if (sent !== digest(secret, Number(seconds), body)) {
      provider.refused += 1;
      response.writeHead(401).end();
      return;
    }
    const asked = JSON.parse(body);
    provider.asked.push(asked);
    const {
      orders,
      silent,
      status = 200,
      body: said,
      account = asked.account,
      ...how
    } = provider.says;
    if (silent) return;
    const answer = said ?? JSON.stringify({ account, orders });
    const signature = `t=${seconds},v1=${digest(how.secret ?? secret, Number(seconds), answer)}`;
    const headers = how.signature === null ? {} : { 'wattledger-signature': signature };
    response.writeHead(status, headers).end(answer);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`;
  return provider;
}

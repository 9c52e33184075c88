/** Credit control in the API: versions of the policy, what people set for one account, disputes, the brake. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CreditPolicy } from '../../billing/credit-policy.ts';
import { cny } from './counter.ts';
import { type Ask, openFace } from './face.ts';
import { flat } from './jiangsu.ts';
import { openPark, type Park } from './park.ts';

let park: Park;
let ask: Ask;
let keys = 0;
const send = (method: string, path: string, body: unknown) =>
  ask(method, path, body, { 'idempotency-key': `k${++keys}` });

const policy: CreditPolicy = {
  ...{ mode: 'propose', graceHours: 12, creditLimit: cny('20.00'), restoreAt: cny('0.00') },
  noCutHours: [{ from: '18:00', to: '08:00' }],
  noCutDays: { weekdays: [6, 7], holidays: true, dates: ['2026-02-17'] },
  ladder: [{ level: 'final', hoursBeforeTrip: 24, proof: 'delivered' }],
  ...{ otherDebtNoticeDays: 14, brake: { tripsPerHour: 5, sharePercentPerHour: 10 } },
  ...{ silent: { minutes: 60, exposure: cny('30.00') }, orderQueryMinutes: 15, cutWater: false },
};

beforeAll(async () => {
  park = await openPark({ points: 2, from: '2026-01-01', definition: flat('0.7') });
  park.now = new Date('2026-02-10T04:00:00Z');
  ask = openFace(park, 'wang');
});
afterAll(() => park.close());

test('without a policy nothing is done by itself, and each writing is a version of its own', async () => {
  const none = await ask('GET', '/credit-policy');
  expect(none.body).toMatchObject({ version: 0, since: null, policy: { mode: 'off' } });
  // What a page begins from is a policy that holds.
  const begun = await send('PUT', '/credit-policy', {
    ...{ policy: none.body.policy, reason: 'as it is', version: 0 },
  });
  expect(begun.status).toBe(200);
  const written = await send('PUT', '/credit-policy', { policy, reason: 'board', version: 1 });
  expect(written.body).toEqual({
    ...{ policy, version: 2, since: '2026-02-10T04:00:00.000Z' },
    ...{ by: 'Name of wang', reason: 'board' },
  });
  const late = await send('PUT', '/credit-policy', { policy, reason: 'late', version: 1 });
  expect([late.status, late.body.code]).toEqual([409, 'conflict']);
  const both = await Promise.all(
    ['a', 'b'].map((reason) => send('PUT', '/credit-policy', { policy, reason, version: 2 })),
  );
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  const all = await ask('GET', '/credit-policies?limit=2');
  expect(all.body.data.map(({ version }: { version: number }) => version)).toEqual([3, 2]);
  const rest = await ask('GET', `/credit-policies?cursor=${all.body.nextCursor}`);
  expect(rest.body.data.map(({ version }: { version: number }) => version)).toEqual([1]);
  expect(
    await park.rows(`SELECT detail -> 'version' AS version FROM audit
      WHERE action = 'credit-policy.changed' ORDER BY id`),
  ).toEqual([{ version: 1 }, { version: 2 }, { version: 3 }]);
});

test.each<[string, Partial<CreditPolicy>, string]>([
  ['a limit below zero', { creditLimit: cny('-1.00') }, 'creditLimit'],
  ['three decimals', { creditLimit: cny('1.005') }, 'CNY'],
  ['another currency', { creditLimit: { amount: '1', currency: 'EUR' } }, 'CNY'],
  ['supply that comes back while it is to be cut', { restoreAt: cny('-20.01') }, 'restoreAt'],
  ['a range without a length', { noCutHours: [{ from: '08:00', to: '08:00' }] }, 'noCutHours/0'],
  [
    'no minute of the day',
    {
      noCutHours: [
        { from: '00:00', to: '12:00' },
        { from: '12:00', to: '24:00' },
      ],
    },
    'noCutHours',
  ],
  [
    'no day of the week',
    { noCutDays: { weekdays: [1, 2, 3, 4, 5, 6, 7], holidays: false, dates: [] } },
    'weekdays',
  ],
  ['a level twice', { ladder: [policy.ladder, policy.ladder].flat() }, 'ladder/1'],
  ['an hour of 25', { noCutHours: [{ from: '25:00', to: '08:00' }] }, 'noCutHours'],
])('%s is refused with its place, and no version comes of it', async (_, change, place) => {
  const before = await ask('GET', '/credit-policy');
  const refused = await send('PUT', '/credit-policy', {
    ...{ policy: { ...policy, ...change }, reason: 'r', version: before.body.version },
  });
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(refused.status).toBeLessThan(500);
  expect(refused.body.detail).toContain(place);
  expect((await ask('GET', '/credit-policy')).body).toEqual(before.body);
});

test('a limit of its own and protection hold for one account until their end', async () => {
  const path = `/credit-cases/${park.accounts[0]}`;
  expect((await ask('GET', path)).body).toMatchObject({
    ...{ number: 'N1', state: 'clear', since: null, override: null, disputes: [] },
    ...{ creditLimit: cny('20.00'), live: cny('0.00'), points: 1, pointsOff: 0 },
    supply: [{ code: 'A1', supply: null, restoreMode: 'armed', lockedOut: false }],
  });
  const terms = { creditLimit: cny('500.00'), protected: true, reason: 'dialysis at home' };
  const until = '2026-03-01T00:00:00Z';
  const set = await send('PUT', `${path}/override`, { ...terms, until });
  expect(set.body).toMatchObject({
    creditLimit: cny('500.00'),
    override: { ...terms, until: '2026-03-01T00:00:00.000Z', by: 'Name of wang' },
  });
  for (const wrong of [
    { ...terms, creditLimit: cny('-1.00'), until },
    { ...terms, until: '2026-02-10T03:59:59Z' },
    { ...terms, until: '2999-01-01T00:00:00Z' },
  ]) {
    expect((await send('PUT', `${path}/override`, wrong)).status).toBeGreaterThanOrEqual(400);
  }
  park.now = new Date('2026-03-02T04:00:00Z');
  expect((await ask('GET', path)).body).toMatchObject({
    override: null,
    creditLimit: cny('20.00'),
  });
  park.now = new Date('2026-02-10T04:00:00Z');
  await send('PUT', `${path}/override`, {
    creditLimit: null,
    protected: false,
    until: null,
    reason: 'over',
  });
  expect((await ask('GET', path)).body.override).toBeNull();
  const acts = await park.rows(`SELECT detail FROM audit WHERE action = 'credit-override.set'
    ORDER BY id`);
  expect(acts.map(({ detail }) => detail)).toMatchObject([
    { creditLimit: { from: null, to: cny('500.00') }, protected: { from: false, to: true } },
    { creditLimit: { from: cny('500.00'), to: null }, protected: { from: true, to: false } },
  ]);
});

test('a dispute is raised with an end and ends once', async () => {
  const path = `/accounts/${park.accounts[0]}/disputes`;
  const past = await send('POST', path, { reason: 'r', until: '2026-02-01T00:00:00Z' });
  expect(past.status).toBe(400);
  const raised = await send('POST', path, {
    reason: 'bill of January',
    until: '2026-03-01T00:00:00Z',
  });
  expect(raised.status).toBe(201);
  const [one] = raised.body.disputes;
  expect(one).toMatchObject({ reason: 'bill of January', endedAt: null, by: 'Name of wang' });
  const other = `/accounts/${park.accounts[1]}/disputes/${one.id}/end`;
  expect((await send('POST', other, { reason: 'r' })).status).toBe(404);
  const ended = await send('POST', `${path}/${one.id}/end`, { reason: 'explained' });
  expect(ended.body.disputes[0]).toMatchObject({ endReason: 'explained', endedBy: 'Name of wang' });
  expect((await send('POST', `${path}/${one.id}/end`, { reason: 'r' })).status).toBe(409);
  await expect(park.rows('UPDATE disputes SET until = now()')).rejects.toThrow('stays as it is');
  await expect(park.rows('DELETE FROM disputes')).rejects.toThrow('refused');
});

test('what is written is sent twice and done once, and nothing is done for an account of elsewhere', async () => {
  const body = { reason: 'once', until: '2026-03-01T00:00:00Z' };
  const path = `/accounts/${park.accounts[1]}/disputes`;
  const header = { 'idempotency-key': 'same' };
  const [a, b] = await Promise.all([1, 2].map(() => ask('POST', path, body, header)));
  expect(a?.body).toEqual(b?.body);
  expect(a?.body.disputes).toHaveLength(1);
  expect((await ask('POST', path, body)).status).toBe(400);
  expect((await send('POST', '/accounts/999/disputes', body)).status).toBe(404);
  expect((await ask('GET', '/credit-cases/999')).status).toBe(404);
});

test('the brake is released while it is engaged, and by nobody otherwise', async () => {
  const brake = await ask('GET', '/credit-brake');
  expect(brake.body).toEqual({
    ...{ engaged: false, since: null, tripsLastHour: 0, limit: 5 },
    ...{ sharePercent: 0, shareLimit: 10 },
  });
  expect((await send('POST', '/credit-brake/release', { reason: 'r' })).status).toBe(409);
  await park.rows(
    `INSERT INTO credit_brake_acts (project_id, act, reason, actor_kind, actor_id, actor_name, at)
     VALUES ($1, 'engaged', 'too-many-trips', 'system', 'billing', 'Billing', $2)`,
    [park.project.id, park.now],
  );
  expect((await ask('GET', '/credit-brake')).body.engaged).toBe(true);
  const released = await send('POST', '/credit-brake/release', { reason: 'looked at' });
  expect(released.body).toMatchObject({ engaged: false, since: park.now.toISOString() });
});

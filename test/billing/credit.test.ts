/**
 * Credit control against Postgres: from arrears to a trip and back, each decision with its reason and data, two
 * processes at once, a payment at the same instant, a kill, the brake, online orders, silent meters.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cny } from './counter.ts';
import { type CreditPark, openCreditPark } from './credit-park.ts';

let credit: CreditPark;
/** Accounts of their own for each test: what one leaves behind is no other's. */
let next = 0;
beforeAll(async () => {
  credit = await openCreditPark(14);
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

test('a process that dies between decision and command has decided nothing, and the next one decides once', async () => {
  const n = next++;
  await credit.due(n);
  for (const place of ['credit-decided', 'credit-commanded']) {
    const killed = credit.round((at) => {
      if (at === place) throw new Error('killed');
    });
    await expect(killed).rejects.toThrow('killed');
    expect([await credit.commands(n), await credit.state(n)]).toEqual([[], 'grace']);
  }
  await credit.round();
  await credit.round();
  expect(await credit.commands(n)).toEqual(['trip requested']);
  await credit.carryOut();
  await credit.owes(n, 0);
});

/** Months of the books: what stands before a close, what it accrues, and that nothing slips past it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seal } from '../../billing/seal.ts';
import { settleDue } from '../../billing/settle.ts';
import { verifyLedger } from '../../billing/verify.ts';
import { type Ask, openFace } from './face.ts';
import { openPark, type Park } from './park.ts';

const flat = {
  components: [
    {
      ...{ kind: 'usage', code: 'energy', name: 'Energy', price: '0.61837' },
      ...{ taxCode: 'VAT', taxRate: '0.13' },
    },
    {
      ...{ kind: 'usage', code: 'levy', name: 'Levy', price: '0.0371', treatment: 'on-behalf' },
      ...{ taxCode: 'VAT', taxRate: '0.06', taxIncluded: false },
    },
  ],
};
const cny = (amount: string) => ({ amount, currency: 'CNY' });
const sale = (ask: Ask, account = '', key: string, soldAt: string | null = null) =>
  ask(
    'POST',
    `/accounts/${account}/sales`,
    { channel: 'cash', amount: cny('10.00'), soldAt },
    { 'idempotency-key': key },
  );

/** A reading in quarantine and three findings, one of them decided; what two of the open ones are worth is known. */
async function doubt({ project, points, value, rows }: Park): Promise<void> {
  const stake = (exception: string, minor: number) =>
    rows(
      `INSERT INTO exception_stakes (project_id, exception_id, energy, money_minor, computed_at)
       VALUES ($1, $2, 1000, $3, '2026-02-01')`,
      [project.id, exception, minor],
    );
  const quarantine = await value(
    `INSERT INTO quarantines (project_id, meter_id, point_id, rule, at)
     SELECT project_id, meter_id, point_id, 'reset', '2026-01-31T04:00:00Z' FROM installations
     WHERE project_id = $1 AND point_id = $2 RETURNING id`,
    [project.id, points[0]],
  );
  await stake(quarantine, 310);
  const findings = [];
  for (const day of ['2026-01-30', '2026-01-31', '2026-01-31', '2026-02-01']) {
    findings.push(
      await value(
        `INSERT INTO quality_findings (project_id, rule, point_id, local_day, from_at, to_at)
         VALUES ($1, 'stuck', $2, $3, $3::date, $3::date + 1) RETURNING id`,
        [project.id, points[0], day],
      ),
    );
  }
  for (const [i, minor] of [125, 999, null, 888].entries()) {
    if (minor !== null) await stake(findings[i] ?? '', minor);
  }
  await rows(
    `INSERT INTO quality_finding_decisions (project_id, finding_id, decision, decided_by, reason)
     VALUES ($1, $2, 'dismissed', 'test', 'in order')`,
    [project.id, findings[1]],
  );
}

describe('closing a month', () => {
  let park: Park;
  let ask: Ask;
  const state = (month: string, to: string, reason = 'month end') =>
    ask('POST', `/months/${month}/state`, { state: to, reason });
  const entries = (where: string) =>
    park.rows(
      `SELECT t.accounting_date::text AS date, l.code, l.detail, sum(e.amount)::int AS amount
       FROM transactions t JOIN entries e ON e.project_id = t.project_id AND e.transaction_id = t.id
       JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
       WHERE ${where} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    );

  beforeAll(async () => {
    park = await openPark({ from: '2026-01-30', definition: flat });
    ask = openFace(park);
    const [steady = '', gappy = ''] = park.points;
    for (const day of ['2026-01-30', '2026-01-31']) await park.intervals(steady, day, () => 250);
    await park.intervals(gappy, '2026-01-30', () => 250);
    // The last day of January waits: a quarter-hour in it is missing.
    await park.intervals(gappy, '2026-01-31', (slot) => (slot === 50 ? 'missing' : 250));
  });
  afterAll(() => park.close());

  test('is refused while it runs, and without being soft-closed first', async () => {
    park.after('2026-01-30');
    await settleDue(park.deps, park.project);
    expect((await state('2026-01', 'soft-closed')).body).toMatchObject({
      ...{ status: 409, code: 'conflict', detail: '2026-01 is not over yet.' },
    });
    park.after('2026-01-31');
    await settleDue(park.deps, park.project);
    expect((await state('2026-01', 'closed')).body.detail).toContain('soft-closed before');
    expect((await state('2026-03', 'soft-closed')).body.detail).toContain('no month of these');
    expect((await state('2026-01', 'open')).body.detail).toBe('2026-01 is open already.');
    for (const [month, body] of [
      ['2026-13', { state: 'closed', reason: 'x' }],
      ['2026-01', { state: 'closed' }],
      ['2026-01', { state: 'closed', reason: ' ' }],
      ['2026-01', { state: 'shut', reason: 'x' }],
    ] as const) {
      const { status } = await ask('POST', `/months/${month}/state`, body);
      expect([400, 404], `${month} ${JSON.stringify(body)}`).toContain(status);
    }
  });

  test('shows before it what is unsettled, waits, in doubt and unsealed, with its money', async () => {
    await doubt(park);
    const { status, body } = await ask('GET', '/months/2026-01');
    expect(status).toBe(200);
    expect(body).toMatchObject({ month: '2026-01', state: 'open', isOver: true, accrued: null });
    const kinds = Object.fromEntries(
      body.items.map((i: { kind: string; count: number; money: unknown }) => [
        ...[i.kind, [i.count, i.money]],
      ]),
    );
    // 95 × 250 Wh at 0.61837 and at 0.0371 with 6 % on top; the second day's tax rounds up in the month.
    expect(kinds).toEqual({
      unsettled: [0, cny('0.00')],
      waiting: [1, cny('15.62')],
      outdated: [0, null],
      quarantined: [1, cny('3.10')],
      findings: [2, cny('1.25')],
      unsealed: [3, cny('47.35')],
      unreconciled: [2, null],
      differences: [0, null],
    });
    expect(body.accrual).toEqual(cny('15.62'));
    expect(body.ways).toEqual([
      { to: 'soft-closed', refusal: null },
      { to: 'closed', refusal: expect.stringContaining('soft-closed before') },
    ]);
    expect((await ask('GET', '/months/2025-12')).status).toBe(404);
  });

  test('softly refuses sales dated there, takes settlements, and can be undone', async () => {
    const [account] = park.accounts;
    expect((await state('2026-01', 'soft-closed')).body).toMatchObject({
      ...{ state: 'soft-closed', reason: 'month end', changedBy: 'Name of cashier-1' },
    });
    const late = await sale(ask, account, 'late', '2026-01-31T03:00:00Z');
    expect(late.body).toMatchObject({ status: 409, code: 'month-closed' });
    expect((await sale(ask, account, 'now')).status).toBe(201);
    expect((await state('2026-01', 'open')).body.state).toBe('open');
    expect((await sale(ask, account, 'late', '2026-01-31T03:00:00Z')).status).toBe(201);
    expect((await state('2026-01', 'soft-closed')).status).toBe(200);
  });

  test('accrues what is unsettled and takes it back on the first day of the next open month', async () => {
    const { status, body } = await state('2026-01', 'closed');
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'closed', accrued: cny('15.62') });
    expect(await entries("t.kind = 'accrual'")).toEqual([
      { date: '2026-01-31', code: 'accrual', detail: '', amount: 1562 },
      { date: '2026-01-31', code: 'payable', detail: 'levy', amount: -93 },
      { date: '2026-01-31', code: 'revenue', detail: 'energy', amount: -1300 },
      { date: '2026-01-31', code: 'tax-pending', detail: 'VAT 0.13', amount: -169 },
      { date: '2026-02-01', code: 'accrual', detail: '', amount: -1562 },
      { date: '2026-02-01', code: 'payable', detail: 'levy', amount: 93 },
      { date: '2026-02-01', code: 'revenue', detail: 'energy', amount: 1300 },
      { date: '2026-02-01', code: 'tax-pending', detail: 'VAT 0.13', amount: 169 },
    ]);
    expect(
      await park.rows(
        `SELECT count(*)::int AS back FROM transactions a JOIN transactions b
         ON b.reverses = a.id AND b.account_id = a.account_id WHERE a.kind = 'accrual'`,
      ),
    ).toEqual([{ back: 1 }]);
    // It is in January's books and no more in February's; customers' balances know nothing of it.
    const at = async (day: string) =>
      (await ask('GET', `/ledger/trial-balance?accountingDate=${day}`)).body.data
        .filter((r: { code: string }) => r.code === 'accrual')
        .map((r: { balance: { amount: string } }) => r.balance.amount);
    expect(await at('2026-01-31')).toEqual(['15.62']);
    expect(await at('2026-02-01')).toEqual(['0.00']);
  });

  test('stands: nothing is posted there any more, and it is not opened again', async () => {
    const [account] = park.accounts;
    expect((await state('2026-01', 'open')).body).toMatchObject({
      ...{ code: 'conflict', detail: expect.stringContaining('is closed and stays so') },
    });
    expect((await sale(ask, account, 'later', '2026-01-31T03:00:00Z')).body).toMatchObject({
      code: 'month-closed',
    });
    // What waited is settled at last: on the first day of the open month, beside the accrual's reversal.
    await park.intervals(park.points[1] ?? '', '2026-01-31', () => 250, { version: 2 });
    expect(await settleDue(park.deps, park.project)).toMatchObject({ headers: 1 });
    expect(await entries("t.kind = 'settlement' AND l.code = 'wallet'")).toEqual([
      { date: '2026-01-30', code: 'wallet', detail: '', amount: 3156 },
      { date: '2026-01-31', code: 'wallet', detail: '', amount: 1579 },
      { date: '2026-02-01', code: 'wallet', detail: '', amount: 1579 },
    ]);
    while ((await seal(park.postgres.db, { projectId: park.project.id, at: park.now })) > 0);
    const proof = await verifyLedger(park.postgres.db, {
      ...{ projectId: park.project.id, currency: 'CNY' },
    });
    expect(proof.checks.filter(({ faults }) => faults > 0)).toEqual([]);
  });

  test('is told in the log and as events, and listed with who did it and why', async () => {
    const { body } = await ask('GET', '/months');
    expect(body.data).toMatchObject([
      { month: '2026-02', state: 'open', isOver: false },
      { month: '2026-01', state: 'closed', changedBy: 'Name of cashier-1', accrued: cny('15.62') },
    ]);
    const told = await park.rows(
      "SELECT action, detail ->> 'reason' AS reason FROM audit WHERE subject_kind = 'month' ORDER BY id",
    );
    expect(told.map(({ action }) => action)).toEqual([
      ...['month.soft-closed', 'month.open', 'month.soft-closed', 'month.closed'],
    ]);
    expect(told[3]).toMatchObject({ reason: 'month end' });
    expect(
      await park.rows("SELECT count(*)::int FROM events WHERE kind = 'month.changed'"),
    ).toEqual([{ count: 4 }]);
  });

  test('goes in order: a later month waits for the earlier ones', async () => {
    for (const day of ['2026-02-28', '2026-03-31']) park.after(day);
    expect((await state('2026-03', 'soft-closed')).status).toBe(200);
    expect((await state('2026-03', 'closed')).body.detail).toBe('2026-02 is open: it goes first.');
  });
});

describe('a posting beside a close', () => {
  test('is either before it or refused, never in a month that is closed already', async () => {
    const park = await openPark({ from: '2026-01-30', definition: flat });
    try {
      const ask = openFace(park);
      const [account = ''] = park.accounts;
      park.after('2026-02-01');
      // A posting that is under way: committed only after the close has begun.
      const posting = await park.postgres.pool.connect();
      await posting.query('BEGIN');
      const insert = (kind: string) =>
        posting.query(
          `INSERT INTO transactions (project_id, kind, account_id, accounting_date)
           VALUES ($1, $2, $3, '2026-01-31')`,
          [park.project.id, kind, account],
        );
      await insert('adjustment');
      let closed = false;
      const close = ask('POST', '/months/2026-01/state', {
        ...{ state: 'soft-closed', reason: 'race' },
      }).finally(() => {
        closed = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(closed).toBe(false);
      await posting.query('COMMIT');
      expect((await close).body.state).toBe('soft-closed');
      await expect(insert('adjustment')).rejects.toMatchObject({ constraint: 'month_open' });
      posting.release();

      // Twenty tills and the close at once: who was paid is dated in the open month or was refused.
      const sold = await Promise.all([
        ...Array.from({ length: 10 }, (_, i) =>
          sale(ask, account, `a${i}`, '2026-01-31T03:00:00Z'),
        ),
        ask('POST', '/months/2026-01/state', { state: 'open', reason: 'race' }),
        ...Array.from({ length: 10 }, (_, i) =>
          sale(ask, account, `b${i}`, '2026-01-31T03:00:00Z'),
        ),
        ask('POST', '/months/2026-01/state', { state: 'soft-closed', reason: 'race' }),
      ]);
      const taken = sold.filter(({ status }) => status === 201).length;
      expect(sold.filter(({ status }) => ![200, 201, 409].includes(status))).toEqual([]);
      expect(await park.rows("SELECT count(*)::int FROM transactions WHERE kind = 'sale'")).toEqual(
        [{ count: taken }],
      );
      const states = await park.rows(
        "SELECT at, detail ->> 'to' AS to FROM audit WHERE subject_kind = 'month' ORDER BY id",
      );
      expect(states.length).toBeGreaterThanOrEqual(2);
      expect((await sale(ask, account, 'after', '2026-01-31T03:00:00Z')).status).toBe(
        states.at(-1)?.to === 'open' ? 201 : 409,
      );
    } finally {
      await park.close();
    }
  });
});

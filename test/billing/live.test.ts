/** Live balances: settled less provisional, to the newest sample; hours left; alarms; provisional lines. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLiveBalances } from '../../billing/live.ts';
import { readProject } from '../../billing/project.ts';
import { settleDue } from '../../billing/settle.ts';
import { sharesOf } from '../../billing/tail.ts';
import { daysBetween } from '../../sql/local-day.ts';
import { type Ask, openFace } from './face.ts';
import { flat } from './jiangsu.ts';
import { openPark, type Park } from './park.ts';

let park: Park;
let ask: Ask;
let compute: () => Promise<void>;
beforeAll(async () => {
  // 1 CNY a kWh, 0.1 kWh a quarter-hour: 9.60 CNY a day, 0.40 an hour.
  park = await openPark({ points: 3, from: '2026-05-01', definition: flat('1') });
  ask = openFace(park);
  const live = createLiveBalances({ db: park.postgres.db, source: park.deps.source });
  compute = async () => {
    await live(await readProject(park.postgres.db, park.project.id), park.now);
  };
  for (const day of daysBetween('2026-05-01', '2026-05-11')) {
    for (const point of park.points.slice(0, 2)) await park.intervals(point, day, () => 100);
  }
});
afterAll(() => park.close());

const cny = (amount: string) => ({ amount, currency: 'CNY' });
const balanceOf = async (i: number) =>
  (await ask('GET', `/accounts/${park.accounts[i]}/balance`)).body;
const sell = (i: number, amount: string) =>
  ask(
    'POST',
    `/accounts/${park.accounts[i]}/sales`,
    { channel: 'cash', amount: cny(amount) },
    { 'idempotency-key': `${i}/${amount}` },
  );

describe('before anything is settled', () => {
  test('a balance is what was paid, and everything used is provisional', async () => {
    park.now = new Date('2026-05-03T04:00:00Z'); // noon of the third day
    await sell(0, '100.00');
    expect(await balanceOf(0)).toMatchObject({ settled: cny('100.00'), computedAt: null });
    // The third day is known to the slot before noon at most; here the whole day has been written.
    await compute();
    expect(await balanceOf(0)).toMatchObject({
      settled: cny('100.00'),
      provisional: cny('28.80'),
      live: cny('71.20'),
      settledTo: '2026-05-01',
      hoursLeft: null,
      computedAt: '2026-05-03T04:00:00.000Z',
    });
    expect(await balanceOf(2)).toMatchObject({
      live: cny('0.00'),
      settledTo: null,
      hoursLeft: null,
    });
  });
});

describe('once days are settled', () => {
  test('settling moves provisional to settled and changes nothing else', async () => {
    park.after('2026-05-09');
    await settleDue(park.deps, park.project);
    park.now = new Date('2026-05-10T16:00:00Z');
    await compute();
    expect(await balanceOf(0)).toMatchObject({
      settled: cny('13.60'),
      provisional: cny('9.60'),
      live: cny('4.00'),
      settledTo: '2026-05-10',
      hoursLeft: 10,
    });
  });

  test('a sale is in force at once, in the balance and in the list', async () => {
    await sell(0, '50.00');
    expect(await balanceOf(0)).toMatchObject({ settled: cny('63.60'), live: cny('54.00') });
    const { body } = await ask('GET', '/accounts');
    expect(body.data[0].balance.live).toEqual(cny('54.00'));
    await compute();
    expect(await balanceOf(0)).toMatchObject({ live: cny('54.00'), hoursLeft: 135 });
  });

  test('a wallet in debit raises the alarm of arrears, and a sale clears it', async () => {
    const open = () =>
      park.rows(
        'SELECT kind, severity, detail FROM alarms WHERE subject_id = $1 AND cleared_at IS NULL',
        [park.accounts[1]],
      );
    expect(await balanceOf(1)).toMatchObject({ live: cny('-96.00'), hoursLeft: 0 });
    expect(await open()).toEqual([
      {
        kind: 'account.arrears',
        severity: 'critical',
        // As it was when the alarm was raised, at the first balance of all.
        detail: { balance: '-28.80', currency: 'CNY' },
      },
    ]);
    await sell(1, '150.00');
    await compute();
    expect(await open()).toMatchObject([{ kind: 'account.alarm2', severity: 'warning' }]);
    // That it went down is told once, that it came up is not.
    const told = "SELECT kind FROM events WHERE subject_id = $1 AND kind LIKE 'balance.%'";
    expect(await park.rows(told, [park.accounts[1]])).toEqual([{ kind: 'balance.arrears' }]);
    await sell(1, '1000.00');
    await compute();
    expect(await open()).toEqual([]);
  });

  test('only one generation is kept', async () => {
    expect(await park.value('SELECT count(DISTINCT generation) FROM live_balances')).toBe('1');
  });
});

describe('the tail', () => {
  const minute = (at: string, meter: string, wh: number) =>
    `samples,project=${park.project.id},meter=${meter},quality=ok digest=${wh}i,active_wh=${wh}i ${Date.parse(at)}000000\n`;

  test('reaches to the newest sample, interpolated at the last boundary', async () => {
    const point = park.points[0];
    const meter = await park.value('SELECT meter_id FROM installations WHERE point_id = $1', [
      point,
    ]);
    await park.rows('UPDATE installations SET ct = 20 WHERE point_id = $1', [point]);
    await park.intervals(point ?? '', '2026-05-11', (slot) => (slot < 8 ? 100 : null));
    // Built to 02:00 (18:00Z): the boundary lies half-way between 1,000 and 1,010 Wh × CT 20.
    await park.questdb.write(
      minute('2026-05-10T17:59:30Z', meter, 1000) +
        minute('2026-05-10T18:00:30Z', meter, 1010) +
        minute('2026-05-10T18:20:00Z', meter, 1105),
    );
    await park.questdb.settled(['samples', 'intervals']);
    await park.rows(
      "INSERT INTO interval_marks (project_id, point_id, built_to) VALUES ($1, $2, '2026-05-10T18:00:00Z')",
      [park.project.id, point],
    );
    await park.rows(
      "INSERT INTO meter_states (project_id, meter_id, last_sample_at, last_ok_at) VALUES ($1, $2, '2026-05-10T18:20:00Z', '2026-05-10T18:20:00Z')",
      [park.project.id, meter],
    );
    park.now = new Date('2026-05-10T18:20:30Z');
    await compute();
    // 9.60 of the tenth, 0.80 to 02:00, and (1105 − 1005) × 20 = 2 kWh since.
    expect(await balanceOf(0)).toMatchObject({
      provisional: cny('12.40'),
      newestSampleAt: '2026-05-10T18:20:00.000Z',
      ageS: 30,
    });
  });

  test('stands among the charges as provisional lines', async () => {
    const { body } = await ask('GET', `/accounts/${park.accounts[0]}/charges?from=2026-05-09`);
    const lines = body.data.map((c: Record<string, unknown>) => [
      c.serviceDay,
      c.quantity,
      c.exact,
      c.provisional,
    ]);
    expect(lines).toEqual([
      ['2026-05-11', 2800, '2.8', true],
      ['2026-05-10', 9600, '9.6', true],
      ['2026-05-09', 9600, '9.6', false],
    ]);
  });

  test('is parted over its quarter-hours without loss', () => {
    const tail = { pointId: '1', fromMs: 0, toMs: 20 * 60_000, quantity: 1001 };
    const shares = [...sharesOf(tail)].map((s) => s.quantity);
    expect(shares).toEqual([751, 250]);
  });
});

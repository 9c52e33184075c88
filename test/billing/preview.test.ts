/** A preview is the settlement itself, rolled back: it changes nothing and says what then happens. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { previewDays } from '../../billing/preview.ts';
import { holdSettlement } from '../../billing/project.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { daySpan, SLOT_MS } from '../../sql/local-day.ts';
import { flat, jiangsu } from './jiangsu.ts';
import { ledgerOf, openPark, type Park } from './park.ts';

const day = '2026-01-05';
let park: Park;
beforeAll(async () => {
  park = await openPark({ points: 3, accounts: 2, from: day });
  for (const point of park.points) await park.intervals(point, day, () => 250);
  park.after(day);
  await settleDue(park.deps, park.project);
});
afterAll(() => park.close());

const preview = (more: Omit<Parameters<typeof previewDays>[2], 'pointDays'> = {}) =>
  previewDays(
    { pool: park.postgres.pool, source: { questdb: park.questdb }, clock: () => park.now },
    park.project,
    { ...more, pointDays: park.points.map((pointId) => ({ pointId, localDay: day })) },
  );

test('nothing changes where nothing is laid over', async () => {
  expect(await preview()).toEqual({ days: [], accounts: [], waiting: 0 });
});

test('says what the edited quantities then cost, and leaves no trace', async () => {
  const [point = ''] = park.points;
  const { startMs } = daySpan(park.project.zone, day);
  // Four quarter-hours of the valley, 1 kWh more in each.
  const overlay = new Map([0, 1, 2, 3].map((s) => [`${point}/${startMs + s * SLOT_MS}`, 1250]));
  const before = await ledgerOf(park);
  const told = await preview({ overlay });
  expect(await ledgerOf(park)).toEqual(before);
  expect(told.accounts).toEqual([
    { accountId: park.accounts[0], differenceMinor: 177n, taxMinor: 19n },
  ]);
  expect(told.days).toHaveLength(1);
  const line = (lines: { component: string; period: number }[]) =>
    lines.find((l) => l.component === 'energy' && l.period === 4);
  expect(line(told.days[0]?.before ?? [])).toMatchObject({ quantity: 8000n, exact: '3.0624' });
  expect(line(told.days[0]?.after ?? [])).toMatchObject({
    quantity: 12_000n,
    price: '0.3828',
    exact: '4.5936',
  });

  await park.intervals(point, day, (slot) => (slot < 4 ? 1250 : 250), {
    version: 2,
    quality: 'edited',
  });
  const dirty = { who: 'billing', why: 'edited', days: [{ pointId: point, localDay: day }] };
  await markDirty(park.postgres.db, { projectId: park.project.id, ...dirty });
  await settleDirty(park.deps, park.project);
  const posted = await park.value(
    `SELECT sum(e.amount) FROM entries e
     JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
     JOIN transactions t ON t.project_id = e.project_id AND t.id = e.transaction_id
     WHERE l.code = 'wallet' AND t.kind = 'correction'`,
  );
  expect(posted).toBe('177');
});

test('tries a version out', async () => {
  const before = await ledgerOf(park);
  const tried = { tariffId: park.tariff, effectiveFrom: day };
  const told = await preview({ versions: [{ ...tried, definition: flat('1') }] });
  expect(told.days).toHaveLength(3);
  expect(told.days[1]?.after).toMatchObject([{ component: 'energy', exact: '24' }]);
  expect(await ledgerOf(park)).toEqual(before);
  expect(await park.value('SELECT count(*) FROM tariff_versions')).toBe('1');
  const clash = { tariffId: park.tariff, effectiveFrom: '2000-01-01', definition: jiangsu };
  await expect(preview({ versions: [clash] })).rejects.toMatchObject({ code: 'conflict' });
});

test('says so when days are being settled just now', async () => {
  const client = await park.owner.connect();
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `wattledger.settle/${park.project.id}`,
  ]);
  const deps = { pool: park.postgres.pool, source: { questdb: park.questdb } };
  const given = { ...deps, clock: () => park.now, lockTimeoutMs: 50 };
  await expect(previewDays(given, park.project, { pointDays: [] })).rejects.toMatchObject({
    code: 'settlement-busy',
  });
  // Nor does an act that changes what days are rated by wait for ever.
  const act = park.postgres.db.transaction((tx) => holdSettlement(tx, park.project.id, 50));
  await expect(act).rejects.toMatchObject({
    ...{ code: 'settlement-busy', message: expect.stringContaining('Nothing was changed') },
  });
  // Settling twice at once: whoever comes second leaves it to the first.
  expect(await settleDirty(park.deps, park.project)).toEqual({ outcome: 'busy' });
  await client.query('ROLLBACK');
  client.release();
});

test('a day that is not over is left out', async () => {
  park.now = new Date(daySpan(park.project.zone, day).startMs + 3_600_000);
  expect(await preview({ versions: [] })).toMatchObject({ days: [] });
});

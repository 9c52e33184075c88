/**
 * Settlement killed at each place, run twice, run at once: the ledger is that of one quiet run. The
 * process is billing's own, ended by SIGKILL at a failpoint.
 */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { post, reverse } from '../../billing/ledger.ts';
import { seal, walkChain } from '../../billing/seal.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import type { Failpoint } from '../../billing/settlement.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { daysBetween } from '../../sql/local-day.ts';
import { faultsOf, openPark, type Park, namedLedgerOf as plain } from './park.ts';

const days = daysBetween('2024-06-29', '2024-07-03');
const parks: Park[] = [];
afterEach(async () => {
  for (const park of parks.splice(0)) await park.close();
});

/** Three points of two accounts over the end of a month, with odd quantities. */
async function loadedPark(): Promise<Park> {
  const park = await openPark({ points: 3, accounts: 2, from: '2024-06-29' });
  parks.push(park);
  for (const [i, point] of park.points.entries()) {
    for (const [d, day] of days.entries()) {
      await park.intervals(point, day, (slot) => (slot * 37 + i * 11 + d * 7) % 401);
    }
  }
  park.after('2024-07-02');
  return park;
}

const main = fileURLToPath(new URL('../../billing/main.ts', import.meta.url));

/** Runs billing's process until it dies of its failpoint, or, without one, until `done`. */
async function runProcess(
  park: Park,
  failpoint: Failpoint | undefined,
  done: () => Promise<boolean> = async () => false,
): Promise<string | null> {
  const child = spawn(process.execPath, ['--import', 'tsx', main], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL_BILLING: park.urls.billing,
      QUESTDB_URL: park.questdbUrl,
      DATA_DIR: park.folder,
      LOG_LEVEL: 'warn',
      ...(failpoint && { BILLING_FAILPOINT: failpoint }),
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = new Promise<string | null>((resolve) =>
    child.once('exit', (_, sig) => resolve(sig)),
  );
  if (failpoint) return await ended;
  for (let i = 0; i < 600 && !(await done()); i++) await new Promise((r) => setTimeout(r, 100));
  child.kill('SIGTERM');
  return await ended;
}

test('killed at every place, it leaves the ledger of an undisturbed run', async () => {
  const quiet = await loadedPark();
  await settleDue(quiet.deps, quiet.project);
  const killed = await loadedPark();
  const places: Failpoint[] =
    process.env.SOAK === '1'
      ? ['locked', 'read', 'claimed', 'copied', 'posted', 'committed']
      : ['read', 'claimed', 'posted', 'committed'];
  for (const place of places) {
    expect([place, await runProcess(killed, place)]).toEqual([place, 'SIGKILL']);
    const settled = await killed.value('SELECT count(*) FROM settlements');
    expect([place, settled]).toEqual([place, place === 'committed' ? '12' : '0']);
    expect(await faultsOf(killed)).toEqual([]);
  }
  const balances = async () => (await killed.value('SELECT count(*) FROM live_balances')) === '2';
  await runProcess(killed, undefined, balances);
  expect(await plain(killed)).toBe(await plain(quiet));
  expect(await faultsOf(killed)).toEqual([]);
});

describe('at once', () => {
  test('ten runs settle each day once', async () => {
    const quiet = await loadedPark();
    await settleDue(quiet.deps, quiet.project);
    const busy = await loadedPark();
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => settleDue(busy.deps, busy.project)),
    );
    const headers = outcomes.map((o) => (o.outcome === 'settled' ? o.headers : 0));
    expect(headers.reduce((a, b) => a + b, 0)).toBe(12);
    expect(await plain(busy)).toBe(await plain(quiet));
  });

  test('without the lock the unique key alone keeps them apart', async () => {
    const quiet = await loadedPark();
    await settleDue(quiet.deps, quiet.project);
    const park = await loadedPark();
    // A lock that nobody respects: each run sees it as free.
    await park.rows(
      `CREATE SCHEMA loose; CREATE FUNCTION loose.pg_try_advisory_xact_lock(bigint) RETURNS boolean
         LANGUAGE sql AS 'SELECT true'; GRANT USAGE ON SCHEMA loose TO PUBLIC`,
    );
    await park.rows(
      `DO $$ BEGIN EXECUTE format('ALTER ROLE wattledger_billing IN DATABASE %I SET search_path = loose, pg_catalog, public', current_database()); END $$`,
    );
    const runs = await Promise.all(
      Array.from({ length: 6 }, () =>
        settleDue(park.deps, park.project).catch((error: unknown) => String(error)),
      ),
    );
    const { rows } = await park.postgres.pool.query('SHOW search_path');
    expect(rows[0].search_path).toMatch(/^loose/);
    expect(runs.filter((run) => typeof run === 'string')).toEqual([]);
    expect(await plain(park)).toBe(await plain(quiet));
    expect(await faultsOf(park)).toEqual([]);
  });

  test('corrections in any order give the ledger of the final data', async () => {
    const straight = await loadedPark();
    const bumpy = await loadedPark();
    const final = (i: number, d: number) => (slot: number) => (slot * 53 + i + d) % 307;
    for (const park of [straight, bumpy]) {
      if (park === bumpy) await settleDue(park.deps, park.project);
      for (const d of [2, 0, 3, 1]) {
        for (const [i, pointId] of park.points.entries()) {
          const localDay = days[d] ?? '';
          await park.intervals(pointId, localDay, final(i, d), { version: 2 });
          if (park !== bumpy) continue;
          const dirty = { who: 'billing', why: 'late', days: [{ pointId, localDay }] };
          await markDirty(park.postgres.db, { projectId: park.project.id, ...dirty });
          if (i !== 1) await settleDirty(park.deps, park.project);
        }
      }
    }
    await settleDue(straight.deps, straight.project);
    await settleDirty(bumpy.deps, bumpy.project);
    const totals = async (park: Park) =>
      JSON.stringify(
        await park.rows(
          `SELECT component, period, month::text, exact, posted_minor, tax_minor FROM posted_totals
           WHERE project_id = $1 AND exact <> 0 ORDER BY scope_id, month, component, tariff_version_id, period, step`,
          [park.project.id],
        ),
      );
    expect(await totals(bumpy)).toBe(await totals(straight));
    expect(await faultsOf(bumpy)).toEqual([]);
  });
});

describe('the journal', () => {
  test('is sealed without gaps, and a changed amount breaks its chain', async () => {
    const park = await loadedPark();
    await settleDue(park.deps, park.project);
    const { db } = park.postgres;
    const { id: projectId } = park.project;
    const sealed = await Promise.all(
      Array.from({ length: 4 }, () => seal(db, { projectId, at: park.now })),
    );
    expect(sealed.reduce((a, b) => a + b, 0)).toBe(8);
    expect(await seal(db, { projectId, at: park.now })).toBe(0);
    expect((await walkChain(db, projectId)).broken).toBeNull();
    await park.rows('ALTER TABLE entries DISABLE TRIGGER ALL');
    const victim = await park.value('SELECT transaction_id FROM seals WHERE position = 5');
    await park.rows('UPDATE entries SET amount = amount * 2 WHERE transaction_id = $1', [victim]);
    expect((await walkChain(db, projectId)).broken?.position).toBe(5n);
  });

  test('goes on past positions that differ in their number of digits', async () => {
    const park = await loadedPark();
    const { db } = park.postgres;
    const { id: projectId } = park.project;
    const more = (n: number) =>
      park.rows(
        `INSERT INTO transactions (project_id, kind, accounting_date)
         SELECT $1, 'adjustment', '2026-03-01' FROM generate_series(1, $2::int)`,
        [projectId, n],
      );
    for (const n of [998, 5, 7]) {
      await more(n);
      expect(await seal(db, { projectId, at: park.now })).toBeGreaterThanOrEqual(n);
    }
    expect((await walkChain(db, projectId)).broken).toBeNull();
  });

  test('takes no change from billing’s own role, and no unbalanced transaction', async () => {
    const park = await loadedPark();
    await settleDue(park.deps, park.project);
    for (const act of [
      'UPDATE entries SET amount = 0',
      'DELETE FROM transactions',
      'UPDATE charges SET exact = 0',
      'DELETE FROM settlements',
      'TRUNCATE entries',
    ]) {
      await expect(park.postgres.pool.query(act)).rejects.toThrow(/permission denied|refused/);
    }
    await expect(
      park.postgres.pool.query(
        `INSERT INTO entries (project_id, transaction_id, leg, ledger_account_id, amount, currency)
         SELECT project_id, transaction_id, 90, ledger_account_id, 1, currency FROM entries LIMIT 1`,
      ),
    ).rejects.toThrow(/off balance/);
  });
});

test('a connection that Postgres ends in the middle leaves no half, and the next run settles', async () => {
  const park = await loadedPark();
  const quiet = await loadedPark();
  await settleDue(quiet.deps, quiet.project);
  for (const place of ['claimed', 'posted'] as const) {
    const failpoint = (at: Failpoint) => {
      if (at !== place) return;
      // From another process, and waited for: nothing else may happen in this one meanwhile.
      const script = `import pg from 'pg'; const c = new pg.Client(process.env.OWNER); await c.connect();
        await c.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'wattledger_billing'");
        await c.end();`;
      const ended = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, OWNER: park.urls.owner },
      });
      expect(ended.stderr.toString()).toBe('');
    };
    await expect(settleDue({ ...park.deps, failpoint }, park.project)).rejects.toThrow();
    expect(await park.value('SELECT count(*) FROM transactions')).toBe('0');
  }
  expect(await settleDue(park.deps, park.project)).toMatchObject({ headers: 12 });
  expect(await plain(park)).toBe(await plain(quiet));
});

test('a wrong act is undone by its mirror image, once; a settlement is not', async () => {
  const park = await loadedPark();
  await settleDue(park.deps, park.project);
  const { db } = park.postgres;
  const { id: projectId, currency } = park.project;
  const [accountId = ''] = park.accounts;
  const before = await park.rows('SELECT ledger_account_id, sum(amount) FROM entries GROUP BY 1');
  const sale = await post(db, {
    projectId,
    currency,
    head: { kind: 'sale', accountId, accountingDate: '2024-07-02', postedAt: park.now, cause: {} },
    legs: [
      { code: 'cash', detail: 'till', accountId: null, amountMinor: 5000n },
      { code: 'wallet', accountId, amountMinor: -5000n },
    ],
  });
  const undo = { projectId, accountingDate: '2024-07-02', at: park.now, reason: 'wrong account' };
  await reverse(db, { ...undo, transactionId: sale });
  const after = await park.rows(
    'SELECT ledger_account_id, sum(amount) FROM entries GROUP BY 1 HAVING sum(amount) <> 0',
  );
  expect(new Set(after.map((r) => JSON.stringify(r)))).toEqual(
    new Set(before.map((r) => JSON.stringify(r))),
  );
  await expect(reverse(db, { ...undo, transactionId: sale })).rejects.toThrow('reversed already');
  const settled = await park.value("SELECT id FROM transactions WHERE kind = 'settlement' LIMIT 1");
  await expect(reverse(db, { ...undo, transactionId: settled })).rejects.toThrow('not reversed');
  await expect(reverse(db, { ...undo, transactionId: '987654321' })).rejects.toThrow('no such');
});

test('nothing is settled while QuestDB has suspended its intervals', async () => {
  const park = await loadedPark();
  const questdb = { ...park.deps.source.questdb, settled: park.questdb.settled };
  const { QuestdbError } = await import('../../sql/questdb.ts');
  questdb.settled = async () => {
    throw new QuestdbError('suspended', 'QuestDB has suspended table intervals');
  };
  const deps = { ...park.deps, source: { ...park.deps.source, questdb } };
  expect(await settleDue(deps, park.project)).toMatchObject({ outcome: 'blocked' });
  questdb.settled = async () => {
    throw new QuestdbError('lagging', 'QuestDB has not applied its WAL');
  };
  expect(await settleDue(deps, park.project)).toMatchObject({ outcome: 'blocked' });
  expect(await park.value('SELECT count(*) FROM settlements')).toBe('0');
  expect(await settleDue(park.deps, park.project)).toMatchObject({ headers: 12 });
});

/**
 * Billing's process killed from outside, by SIGKILL, while Postgres works for it: under steps that cumulate
 * over an account, in the middle of settling and in the middle of settling anew. A lock of the test's holds
 * the process at a statement, and there it dies. The ledger is afterwards that of a run that nobody disturbed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { daysBetween } from '../../sql/local-day.ts';
import { lowSteps } from './everything.ts';
import { faultsOf, namedLedgerOf, openPark, type Park } from './park.ts';

const days = daysBetween('2024-02-24', '2024-03-01');
/** A month whose second and third step begin within the days. */
const { definition } = lowSteps([9000, 17_000]);
const main = fileURLToPath(new URL('../../billing/main.ts', import.meta.url));
/** A process that starts on a machine that others use as well may take long. */
const DEADLINE_MS = 90_000;
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

let quiet: Park;
let killed: Park;
beforeAll(async () => {
  [quiet, killed] = await Promise.all([loadedPark(), loadedPark()]);
});
afterAll(() => Promise.all([quiet.close(), killed.close()]));

/** Two accounts of two points each; nobody holds them after the last day. */
async function loadedPark(): Promise<Park> {
  const park = await openPark({ points: 4, accounts: 2, from: '2024-02-24', definition });
  await park.rows("UPDATE tenancies SET valid_to = '2024-02-29T16:00:00Z'");
  for (const [i, point] of park.points.entries()) {
    for (const day of days) {
      await park.intervals(point, day, (slot) => (slot * 37 + i * 101 + Number(day.slice(8))) % 61);
    }
  }
  park.after('2024-02-29');
  return park;
}

/** The second day of two points turns out to be another, so that all later days are rated anew. */
async function correct(park: Park): Promise<void> {
  for (const point of park.points.slice(0, 2)) {
    await park.intervals(point, '2024-02-25', (slot) => slot + 40, { version: 2 });
    await markDirty(park.postgres.db, {
      ...{ projectId: park.project.id, who: 'billing', why: 'late data' },
      days: [{ pointId: point, localDay: '2024-02-25' }],
    });
  }
}

const start = (park: Park): ChildProcess =>
  spawn(process.execPath, ['--import', 'tsx', main], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL_BILLING: park.urls.billing,
      QUESTDB_URL: park.questdbUrl,
      DATA_DIR: park.folder,
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

const endOf = (child: ChildProcess) =>
  new Promise<string | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)));

/** Starts billing, lets it wait for its first row in `table`, and kills it there. */
async function killAt(park: Park, table: string): Promise<void> {
  const holder = await park.owner.connect();
  try {
    await holder.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`);
    const child = start(park);
    const ended = endOf(child);
    const isHeld = async () =>
      (await park.value(
        `SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
         WHERE a.datname = current_database() AND a.usename = 'wattledger_billing' AND NOT l.granted`,
      )) !== '0';
    const deadline = Date.now() + DEADLINE_MS;
    while (!(await isHeld())) {
      if (Date.now() > deadline || child.exitCode !== null) {
        child.kill('SIGKILL');
        throw new Error(`not held at ${table}`);
      }
      await pause();
    }
    child.kill('SIGKILL');
    expect([table, await ended]).toEqual([table, 'SIGKILL']);
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
  // What Postgres still did for the dead is over once its connections are.
  const deadline = Date.now() + DEADLINE_MS;
  const others = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND usename = 'wattledger_billing' AND state <> 'idle'`;
  while ((await park.value(others)) !== '0' && Date.now() < deadline) await pause();
}

/** What a settlement touches, in its order: where it claims, charges, sums up and posts. */
const PLACES = ['settlements', 'charges', 'posted_totals', 'entries'];

test('killed while it settles, it leaves nothing, and then the ledger of an undisturbed run', async () => {
  await settleDue(quiet.deps, quiet.project);
  for (const place of process.env.SOAK === '1' ? [...PLACES, 'events'] : ['charges', 'entries']) {
    await killAt(killed, place);
    expect([place, await killed.value('SELECT count(*) FROM transactions')]).toEqual([place, '0']);
    expect(await killed.value('SELECT count(*) FROM settlements')).toBe('0');
  }
  expect(await settleDue(killed.deps, killed.project)).toMatchObject({ waiting: 0 });
  expect(await namedLedgerOf(killed)).toBe(await namedLedgerOf(quiet));
  expect(await faultsOf(killed)).toEqual([]);
});

test('killed while it settles anew with the later days of the steps, likewise', async () => {
  await correct(quiet);
  const settled = await settleDirty(quiet.deps, quiet.project);
  // Two days were corrected, and later ones of both accounts were rated otherwise by that.
  expect(settled.outcome === 'settled' && settled.corrections).toBeGreaterThan(8);
  await correct(killed);
  const before = await namedLedgerOf(killed);
  for (const place of process.env.SOAK === '1'
    ? [...PLACES, 'events', 'dirty_days_done']
    : ['posted_totals', 'dirty_days_done']) {
    await killAt(killed, place);
    expect(await namedLedgerOf(killed)).toBe(before);
  }
  await settleDirty(killed.deps, killed.project);
  expect(await namedLedgerOf(killed)).toBe(await namedLedgerOf(quiet));
  expect(await faultsOf(killed)).toEqual([]);
  expect(await settleDirty(killed.deps, killed.project)).toMatchObject({ headers: 0 });
});

test.runIf(process.env.SOAK === '1')(
  'killed forty times at any moment while data change, it comes to the same bill',
  async () => {
    for (let n = 0; n < 40; n++) {
      const point = killed.points[n % 4] ?? '';
      const day = days[(n * 5) % days.length] ?? '';
      for (const park of [killed, quiet]) {
        const own = park.points[n % 4] ?? point;
        await park.intervals(own, day, (slot) => (slot * 13 + n * 7) % 83, { version: n + 3 });
        await markDirty(park.postgres.db, {
          ...{ projectId: park.project.id, who: 'billing', why: 'late data' },
          days: [{ pointId: own, localDay: day }],
        });
      }
      const child = start(killed);
      const ended = endOf(child);
      await new Promise((resolve) => child.once('message', resolve));
      await new Promise((resolve) => setTimeout(resolve, (n * 53) % 700));
      child.kill('SIGKILL');
      await ended;
      expect(await faultsOf(killed)).toEqual([]);
    }
    await settleDirty(quiet.deps, quiet.project);
    killed.now = new Date();
    await settleDirty(killed.deps, killed.project);
    const totals = (park: Park) =>
      park.rows(
        `SELECT component, period, step, exact, posted_minor, tax_minor FROM posted_totals
         WHERE exact <> 0 OR posted_minor <> 0 ORDER BY scope_id, component, period, step`,
      );
    expect(await totals(killed)).toEqual(await totals(quiet));
  },
  600_000,
);

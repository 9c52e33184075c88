/**
 * The process of billing: every ten seconds it settles what is due and what changed, computes live
 * balances once a minute, and seals the journal. Beside it, what the night brings is done, notices go out, and arrears are acted on.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../sql/clock.ts';
import { watchClock } from '../sql/clock-watch.ts';
import { openDuckdb } from '../sql/duckdb.ts';
import { roomEnvironment } from '../sql/env.ts';
import { openLog } from '../sql/log.ts';
import { publishMetrics } from '../sql/metrics.ts';
import { openPostgres } from '../sql/postgres.ts';
import { openQuestdb } from '../sql/questdb.ts';
import { createCredit } from './credit.ts';
import { localOrders, openOrders } from './credit-orders.ts';
import { createMeterRound } from './meter-round.ts';
import { createNightly } from './nightly.ts';
import { createNotices, openChannels } from './notices.ts';
import { createRound } from './work.ts';

const ROUND_MS = 10_000;
/** Somebody at the counter waits for a recharge. */
const METERS_MS = 2_000;
const WAL_DEADLINE_MS = 30_000;
const POOL_MAX = 4;

const env = roomEnvironment('billing', process.env);
const log = openLog({ room: 'billing', level: env.logLevel });
const postgres = openPostgres({
  url: env.databaseUrl,
  max: POOL_MAX,
  onError: (error) => log.warn({ err: error }, 'an idle connection to Postgres broke'),
});
const duckdb = await openDuckdb({ memory: '1GB', threads: 2 });
// What an earlier process left half-way is of no use to anyone.
const folder = join(env.dataFolder, 'billing');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

/** Tests name a place at which this process is to die, as if by kill −9. */
const fatalPlace = process.env.BILLING_FAILPOINT;
const failpoint = (place: string): void => {
  if (place === fatalPlace) process.kill(process.pid, 'SIGKILL');
};

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort());

const clockDoubt = watchClock({ clock: systemClock, monotonicMs: () => performance.now() });
const round = createRound({
  postgres,
  source: { questdb: openQuestdb({ url: env.questdbUrl }), duckdb, folder },
  clock: systemClock,
  graceMs: env.settlementGraceMinutes * 60_000,
  walDeadlineMs: WAL_DEADLINE_MS,
  failpoint,
  log,
  clockDoubt,
});

publishMetrics({
  room: 'billing',
  dataDir: env.dataFolder,
  clock: systemClock,
  onError: (error) => log.warn({ err: error }, 'metrics were not written'),
});
process.send?.('ready');
const nightly = createNightly({
  db: postgres.db,
  questdb: openQuestdb({ url: env.questdbUrl }),
  clock: systemClock,
  log,
});
const notices = createNotices({
  db: postgres.db,
  channels: openChannels(env.notices),
  clock: systemClock,
  log,
  failpoint,
});
const meters = createMeterRound({
  db: postgres.db,
  source: { questdb: openQuestdb({ url: env.questdbUrl }), duckdb, folder },
  clock: systemClock,
  log,
});
const credit = createCredit({
  db: postgres.db,
  questdb: openQuestdb({ url: env.questdbUrl }),
  orders: env.orders ? openOrders(env.orders, { clock: systemClock }) : localOrders,
  clock: systemClock,
  log,
  failpoint,
});
/** What is told, compared or cut waits while nobody can know which time is right. */
const byClock = (act: () => Promise<void>) => async () => {
  if (!clockDoubt()) await act();
};

async function repeat(what: string, act: () => Promise<void>, everyMs = ROUND_MS): Promise<void> {
  while (!stop.signal.aborted) {
    try {
      await act();
    } catch (error) {
      log.warn({ err: error }, `${what} of billing did not begin`);
    }
    await pause(everyMs, undefined, { signal: stop.signal }).catch(() => {});
  }
}
await Promise.all([
  repeat('a round', round),
  repeat('the nightly work', byClock(nightly)),
  repeat('a round of notices', byClock(notices)),
  repeat('a round of meter mode', meters, METERS_MS),
  repeat('a round of credit control', byClock(credit)),
]);
duckdb.close();
await postgres.close();
process.disconnect?.();

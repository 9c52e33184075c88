/** The process of analytics: keeps the warehouse equal to its sources until it is told to stop. */
import { join } from 'node:path';
import { systemClock } from '../sql/clock.ts';
import { openDuckdb } from '../sql/duckdb.ts';
import { roomEnvironment } from '../sql/env.ts';
import { openLog } from '../sql/log.ts';
import { publishMetrics } from '../sql/metrics.ts';
import { openPostgres } from '../sql/postgres.ts';
import { openQuestdb } from '../sql/questdb.ts';
import { keepWarehouse } from './keep.ts';

const env = roomEnvironment('analytics', process.env);
const log = openLog({ room: 'analytics', level: env.logLevel });
const postgres = openPostgres({
  url: env.databaseUrl,
  max: 4,
  onError: (error) => log.warn({ err: error }, 'an idle connection to Postgres broke'),
});
const duckdb = await openDuckdb({ memory: '1GB', threads: 2 });
// What a sort of a large day does not hold in memory goes beside the warehouse, not where we stand.
const connection = await duckdb.connect();
await connection.run(
  `SET GLOBAL temp_directory = '${join(env.dataFolder, 'warehouse', 'spill').replaceAll("'", "''")}'`,
);
connection.closeSync();
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => stop.abort());
}

const keeping = keepWarehouse({
  pool: postgres.pool,
  db: postgres.db,
  questdb: openQuestdb({ url: env.questdbUrl }),
  duckdb,
  clock: systemClock,
  dataDir: env.dataFolder,
  log,
  signal: stop.signal,
});
publishMetrics({
  room: 'analytics',
  dataDir: env.dataFolder,
  clock: systemClock,
  onError: (error) => log.warn({ err: error }, 'metrics were not written'),
});
process.send?.('ready');
await keeping;
duckdb.close();
await postgres.close();
process.disconnect?.();

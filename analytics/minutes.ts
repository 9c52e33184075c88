/** The load of one point by minute, from its samples: hot ones in QuestDB, older ones in the warehouse. */
import { channels } from '../sql/channels.ts';
import { type DuckDBConnection, question, rowsOf } from '../sql/duckdb.ts';
import { addDays, daysBetween, localDayOf } from '../sql/local-day.ts';
import { Problem } from '../sql/problem.ts';
import type { Answered } from './ask.ts';
import { list } from './columns.ts';
import { checkPower, type LoadTotals } from './load.ts';
import type { Relation, ReportPlace } from './report.ts';
import { makeTable } from './scope.ts';

const MINUTE_MS = 60_000;
/** Longest range by minute. */
export const MINUTES_MAX = 2 * 24 * 60 + 60;
/** How far beyond the range a sample is looked for that bridges its first and last minute. */
const MARGIN_MS = 30 * MINUTE_MS;
/** Samples of one point in such a range, read every ten seconds and by two meters. */
const SAMPLES_MAX = 50_000;
/** In place of a power that a sample does not tell; readings.sql knows it. */
const NO_POWER = -1e300;

/** The rows by minute. Throws Problem `not-found`, `invalid-request` and `range-too-long`. */
export async function minuteRelation(
  connection: DuckDBConnection,
  { pointId, fromMs, toMs }: { pointId: string; fromMs: number; toMs: number },
  place: ReportPlace & Answered,
): Promise<Relation> {
  if (toMs - fromMs > MINUTES_MAX * MINUTE_MS) {
    throw new Problem('range-too-long', 'By minute a report covers at most two days.');
  }
  await checkPower(place, { pointId });
  const { files, zone, now } = place;
  const range = { fromMs: fromMs - MARGIN_MS, toMs: toMs + MARGIN_MS };
  const hot = await hotReadings(connection, { pointId, ...range }, place);
  const days = daysBetween(
    localDayOf(zone, range.fromMs),
    addDays(localDayOf(zone, range.toMs), 1),
  );
  const installations = await files.dimension('installations');
  await makeTable(connection, 'readings', 'readings', {
    ...{ installations, point: pointId },
    samples: await files.days('samples', days),
    hot_meters: list(hot.map((r) => BigInt(r.meter))),
    hot_ms: list(hot.map((r) => BigInt(r.ms))),
    hot_registers: list(hot.map((r) => BigInt(r.register))),
    hot_powers: list(hot.map((r) => r.powerW)),
    from_ms: BigInt(range.fromMs),
    to_ms: BigInt(range.toMs),
  });
  await makeTable(connection, 'minute_loads', 'load-minutes', {
    ...{ installations, point: pointId },
    minute_from: BigInt(Math.floor(fromMs / MINUTE_MS)),
    minute_to: BigInt(Math.ceil(toMs / MINUTE_MS)),
    now_ms: BigInt(now.getTime()),
  });
  return {
    statement: 'SELECT * FROM minute_loads ORDER BY starts_at',
    parameters: {},
    totals: await minuteTotals(connection),
  };
}

interface Reading {
  meter: string;
  ms: number;
  /** Wh as read; -1: not said. */
  register: number;
  powerW: number;
}

/** Good samples of the meters that stood at the point, as far as QuestDB holds them. */
async function hotReadings(
  connection: DuckDBConnection,
  { pointId, fromMs, toMs }: { pointId: string; fromMs: number; toMs: number },
  { files, projectId, questdb }: ReportPlace & Answered,
): Promise<Reading[]> {
  const meters = await rowsOf<{ meter: bigint; channel: string }>(
    connection,
    `SELECT DISTINCT meter, register_channel AS channel FROM read_parquet($file::VARCHAR)
     WHERE point = $point::BIGINT AND register_channel IS NOT NULL`,
    { file: await files.dimension('installations'), point: pointId },
  );
  const readings: Reading[] = [];
  for (const { meter, channel } of meters) {
    const column = channels.find(({ name }) => name === channel)?.name;
    if (!column) throw new Error(`${channel} is no channel`);
    const { rows } = await questdb.exec(
      `SELECT ts, ${column}, power_w FROM samples
       WHERE project = '${projectId}' AND meter = '${meter}' AND quality = 'ok'
         AND ts >= '${new Date(fromMs).toISOString()}' AND ts < '${new Date(toMs).toISOString()}'
       LIMIT ${SAMPLES_MAX}`,
    );
    for (const [ts, register, power] of rows) {
      readings.push({
        meter: String(meter),
        ms: Date.parse(String(ts)),
        register: register === null ? -1 : Number(register),
        powerW: power === null ? NO_POWER : Number(power),
      });
    }
  }
  if (readings.length >= SAMPLES_MAX) {
    throw new Problem('range-too-long', `The point has more than ${SAMPLES_MAX} samples there.`);
  }
  return readings;
}

async function minuteTotals(
  connection: DuckDBConnection,
): Promise<Omit<LoadTotals, 'quantity' | 'estimated' | 'missing'>> {
  const [row] = await rowsOf<{
    slots: bigint;
    max_power_w: number | null;
    max_at: Date | null;
    min_power_w: number | null;
    average_power_w: number | null;
    known_to: Date | null;
  }>(connection, await question('load-minute-totals'));
  if (!row) throw new Error('load-minute-totals.sql has no row');
  const { max_power_w: maxPowerW, average_power_w: averagePowerW } = row;
  return {
    slots: Number(row.slots),
    maxPowerW,
    maxAt: row.max_at?.toISOString() ?? null,
    minPowerW: row.min_power_w,
    averagePowerW,
    loadFactor: maxPowerW && averagePowerW !== null ? averagePowerW / maxPowerW : null,
    knownTo: row.known_to?.toISOString() ?? null,
  };
}

/** What a run of the statement is given: samples from QuestDB, the rest from the park. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { addDays, dayNumber, daySpan, daysBetween, localDayOf } from '../sql/local-day.ts';
import type { Questdb } from '../sql/questdb.ts';
import { type Amendments, amendSamples } from './amendments.ts';
import type { Installed, Park } from './interval-plan.ts';
import { OPEN_END } from './interval-statement.ts';
import { isOpen, type Quarantine } from './quarantine.ts';

/** Above this many meters or points an export takes the whole project. */
const NAMED_MAX = 200;

/** An installation within a run. */
export interface Chain extends Installed {
  inst: number;
  whole: boolean;
  final: boolean;
}

/** The samples of these meters, as the view `in_samples`. */
export async function fetchSamples(
  {
    connection,
    questdb,
    folder,
    park,
  }: { connection: DuckDBConnection; questdb: Questdb; folder: string; park: Park },
  {
    chains,
    fetchFrom,
    fetchUntil,
    amendments,
  }: {
    chains: readonly Chain[];
    fetchFrom: number;
    fetchUntil: number;
    amendments: Amendments;
  },
): Promise<void> {
  const meters = [...new Set(chains.map((c) => c.meterId))];
  const file = join(folder, 'samples.parquet');
  const starts = Math.max(fetchFrom, least(chains.map((c) => c.startMs)));
  const moved = amendments.corrections.filter(({ kind }) => kind === 'clock');
  const shiftMs = moved.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
  await questdb.exportParquet(
    `SELECT ts, meter, active_wh, forward_wh, volume_l, reverse_wh FROM samples
     WHERE project = '${park.projectId}' AND quality = 'ok'${named('meter', meters)}${between(starts - shiftMs, fetchUntil + shiftMs)}`,
    file,
  );
  const isAmended = shiftMs > 0 || amendments.readings.length > 0;
  const view = isAmended ? 'in_raw_samples' : 'in_samples';
  await connection.run(`CREATE OR REPLACE TEMP VIEW ${view} AS
    SELECT epoch_us(ts) // 1000 AS ms, meter::BIGINT AS meter, active_wh AS active, forward_wh AS forward,
      volume_l AS volume, reverse_wh AS reverse FROM '${file}'`);
  if (!isAmended) return;
  await amendSamples(connection, amendments, { fromMs: starts, untilMs: fetchUntil });
}

// Not Math.min(…all): a park may have more points than a call takes arguments.
export const least = (all: readonly number[]) => all.reduce((a, b) => Math.min(a, b), OPEN_END);

// Ids are digits by their type in Postgres; instants are ours.
export const named = (column: string, ids: readonly string[]) =>
  ids.length <= NAMED_MAX && ids.length > 0
    ? ` AND ${column} IN (${ids.map((id) => `'${id}'`).join()})`
    : '';
export const between = (fromMs: number, untilMs: number) =>
  `${fromMs > 0 ? ` AND ts >= '${new Date(fromMs).toISOString()}'` : ''}${
    untilMs < OPEN_END ? ` AND ts < '${new Date(untilMs).toISOString()}'` : ''
  }`;

export function cadenceRows(park: Park, chains: readonly Chain[]) {
  const all = { starts: 0, ends: OPEN_END, ms: park.defaultCadenceMs };
  return [...new Set(chains.map((c) => c.meterId))].flatMap((meter) =>
    (park.cadences.get(meter) ?? [all]).map((c) => ({ meter, ...c })),
  );
}

export function dayRows(
  { zone }: Park,
  { chains, fetchFrom, untilMs }: { chains: readonly Chain[]; fetchFrom: number; untilMs: number },
) {
  if (chains.length === 0) return [];
  const from = Math.max(fetchFrom, least(chains.map((c) => c.startMs)));
  const days = daysBetween(localDayOf(zone, from), addDays(localDayOf(zone, untilMs), 1));
  return days.map((day) => {
    const { startMs, endMs } = daySpan(zone, day);
    return { local_day: dayNumber(day), starts: startMs, ends: endMs };
  });
}

/** What people and earlier builds have said, as the statement wants it. */
export function judgements(chains: readonly Chain[], quarantines: readonly Quarantine[]) {
  // A doubted ratio contradicts no reading: it holds back whole slots, see amendments.ts.
  const doubted = quarantines.filter(({ rule }) => rule !== 'ratio');
  const of = (q: Quarantine) =>
    chains.filter((c) => c.meterId === q.meterId && q.atMs >= c.startMs && q.atMs <= c.endMs);
  return {
    ignored: doubted.flatMap((q) =>
      q.decision === 'exclude' && q.register !== null
        ? [{ meter: q.meterId, ms: q.atMs, register: q.register }]
        : [],
    ),
    openers: doubted.flatMap((q) => {
      const kind = q.decision === 'new-base' ? 'wall' : isOpen(q) && q.breaks ? 'break' : undefined;
      return kind
        ? of(q).map(({ inst }) => ({ inst, ms: q.atMs, kind: kind as 'wall' | 'break' }))
        : [];
    }),
    spikes: doubted.flatMap((q) =>
      isOpen(q) && !q.breaks && q.rule !== 'conflict'
        ? of(q).map(({ inst }) => ({ inst, ms: q.atMs }))
        : [],
    ),
  };
}

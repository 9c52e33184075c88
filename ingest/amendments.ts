/**
 * What people said instead of what a meter said, as the builder takes it in: registers read by hand, moved
 * clocks, errors of meters, edited quarter-hours, and points whose ratio is doubted. Without any of it, none
 * of this costs a question to DuckDB.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { sql } from 'drizzle-orm';
import { markDirty } from '../sql/dirty-days.ts';
import { question, rowsOf } from '../sql/duckdb.ts';
import { daysBetween, localDayOf, SLOT_MS } from '../sql/local-day.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
import type { Installed } from './interval-plan.ts';
import { fillTable } from './interval-statement.ts';
import { isOpen, type Quarantine } from './quarantine.ts';

/** A correction of a meter's samples in [fromMs, toMs): ppm that it counts too much, or ms to be added. */
export interface MeterCorrection {
  meterId: string;
  kind: 'error' | 'clock';
  fromMs: number;
  toMs: number;
  value: number;
}

/** An edit that is in force. */
export interface Edit {
  id: string;
  pointId: string;
  fromMs: number;
  toMs: number;
  method: 'set' | 'linear' | 'like-day' | 'profile';
  slots: readonly (readonly [number, number, number | null])[];
}

export interface Amendments {
  corrections: readonly MeterCorrection[];
  readings: readonly { meter: string; ms: number; register: string }[];
  edits: readonly Edit[];
}

/** An estimate that the data contradicts now, and where it lies. */
export type Refuted = Pick<Edit, 'id' | 'pointId' | 'fromMs' | 'toMs'>;

const ms = (column: string) => sql.raw(`(extract(epoch FROM ${column}) * 1000)::bigint::text`);
const ids = (all: readonly string[]) => `{${[...new Set(all)].join()}}`;
const IN_FORCE = sql`NOT EXISTS (SELECT FROM correction_withdrawals w
  WHERE w.project_id = c.project_id AND w.correction_id = c.id)`;

/** Everything that holds for these points and meters now. */
export async function readAmendments(
  tx: Queryable,
  {
    projectId,
    pointIds,
    meterIds,
  }: { projectId: string; pointIds: readonly string[]; meterIds: readonly string[] },
): Promise<Amendments> {
  const corrections = await tx.execute<Record<string, string> & { kind: 'error' | 'clock' }>(sql`
    SELECT meter_id::text, kind, ${ms('valid_from')} AS starts, ${ms('valid_to')} AS ends, value::text
    FROM meter_corrections c WHERE project_id = ${projectId}::bigint AND ${IN_FORCE}
      AND meter_id = ANY(${ids(meterIds)}::bigint[])`);
  const readings = await tx.execute<{ meter: string; at: string; register: string }>(sql`
    SELECT meter_id::text AS meter, ${ms('at')} AS at, register::text
    FROM manual_readings c WHERE project_id = ${projectId}::bigint AND ${IN_FORCE}
      AND meter_id = ANY(${ids(meterIds)}::bigint[])`);
  const edits = await tx.execute<{
    id: string;
    point_id: string;
    starts: string;
    ends: string;
    method: Edit['method'];
    slots: Edit['slots'];
  }>(sql`
    SELECT e.id::text, e.point_id::text, ${ms('e.from_at')} AS starts, ${ms('e.to_at')} AS ends,
      e.method, e.slots
    FROM interval_edits e JOIN LATERAL (
      SELECT decision FROM interval_edit_decisions d
      WHERE d.project_id = e.project_id AND d.edit_id = e.id ORDER BY d.id DESC LIMIT 1) d ON true
    WHERE e.project_id = ${projectId}::bigint AND d.decision = 'approve'
      AND e.point_id = ANY(${ids(pointIds)}::bigint[])`);
  return {
    corrections: corrections.rows.map((r) => ({
      meterId: r.meter_id ?? '',
      kind: r.kind,
      fromMs: Number(r.starts),
      toMs: Number(r.ends),
      value: Number(r.value),
    })),
    readings: readings.rows.map((r) => ({
      meter: r.meter,
      ms: Number(r.at),
      register: r.register,
    })),
    edits: edits.rows.map((r) => ({
      id: r.id,
      pointId: r.point_id,
      fromMs: Number(r.starts),
      toMs: Number(r.ends),
      method: r.method,
      slots: r.slots,
    })),
  };
}

/**
 * Moves samples of meters whose clock was off and adds registers read by hand: makes the view `in_samples`
 * of `in_raw_samples`, within [fromMs, untilMs). Does nothing, and says so, when there is none of either.
 */
export async function amendSamples(
  connection: DuckDBConnection,
  { corrections, readings }: Amendments,
  { fromMs, untilMs }: { fromMs: number; untilMs: number },
): Promise<void> {
  await fillTable(connection, {
    name: 'in_clocks',
    columns: { meter: 'BIGINT', starts: 'BIGINT', ends: 'BIGINT', shift: 'BIGINT' },
    rows: corrections
      .filter(({ kind }) => kind === 'clock')
      .map((c) => ({ meter: c.meterId, starts: c.fromMs, ends: c.toMs, shift: c.value })),
  });
  await fillTable(connection, {
    name: 'in_readings',
    columns: { meter: 'BIGINT', ms: 'BIGINT', register: 'BIGINT' },
    rows: readings,
  });
  // A register read by hand is the billing one, whichever channel that is.
  await connection.run(`CREATE OR REPLACE TEMP VIEW in_samples AS
    SELECT * FROM (
      SELECT r.ms + coalesce(c.shift, 0) AS ms, r.meter, active, forward, volume, reverse
      FROM in_raw_samples r
        LEFT JOIN in_clocks c ON c.meter = r.meter AND r.ms >= c.starts AND r.ms < c.ends
      UNION ALL SELECT ms, meter, register, register, register, NULL FROM in_readings
    ) WHERE ms >= ${fromMs} AND ms < ${untilMs}`);
}

/** Puts what is amended into `built`, within `in_scope`; returns the estimates that the data contradicts. */
export async function amendBuilt(
  connection: DuckDBConnection,
  { corrections, edits }: Amendments,
  {
    installed,
    quarantines,
  }: { installed: readonly Installed[]; quarantines: readonly Quarantine[] },
): Promise<Refuted[]> {
  const errors = errorsOf(installed, corrections);
  const holds = installed.flatMap((i) =>
    quarantines
      .filter((q) => q.rule === 'ratio' && isOpen(q) && isOf(q, i))
      .map((q) => ({ point: i.pointId, ...slotsOf(q.atMs, i.endMs) })),
  );
  if (errors.length + holds.length + edits.length === 0) return [];
  const columns = { point: 'BIGINT', first_slot: 'BIGINT', end_slot: 'BIGINT' };
  await fillTable(connection, { name: 'in_holds', columns, rows: holds });
  await fillTable(connection, {
    name: 'in_errors',
    columns: { ...columns, ppm: 'BIGINT' },
    rows: errors,
  });
  await fillTable(connection, {
    name: 'in_edits',
    columns: {
      ...{ edit: 'BIGINT', point: 'BIGINT', slot: 'BIGINT', quantity: 'BIGINT' },
      ...{ quality: 'VARCHAR', before: 'BIGINT', firm: 'BOOLEAN' },
    },
    rows: edits.flatMap((e) =>
      e.slots.map(([at, quantity, before]) => ({
        ...{ edit: e.id, point: e.pointId, slot: at / SLOT_MS, quantity, before },
        ...{ firm: e.method === 'set', quality: qualityOf(e.method) },
      })),
    ),
  });
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE amended AS ${await question('interval-amended')}`,
  );
  await connection.run(`DELETE FROM built WHERE kind = 'interval' AND EXISTS (
    SELECT 1 FROM amended a WHERE a.kind = 'interval' AND a.point = built.point AND a.slot = built.slot)`);
  await connection.run(`INSERT INTO built BY NAME
    SELECT * EXCLUDE (edit) FROM amended WHERE kind = 'interval'`);
  const found = await rowsOf<{ edit: bigint }>(
    connection,
    "SELECT edit FROM amended WHERE kind = 'refuted'",
  );
  const refuted = new Set(found.map(({ edit }) => String(edit)));
  return edits.filter(({ id }) => refuted.has(id));
}

/** How an interval says that it was edited. */
export const qualityOf = (method: Edit['method']) =>
  method === 'set' ? 'edited' : `estimated:${method}`;

/** Whole slots from the one in which `fromMs` lies up to that of `toMs`. */
const slotsOf = (fromMs: number, toMs: number) => ({
  first_slot: Math.floor(fromMs / SLOT_MS),
  end_slot: Math.ceil(toMs / SLOT_MS),
});

/**
 * What meters count too much, by quarter-hours of their points, none of them twice: where meters change within a
 * quarter-hour, each one's error counts for as long as it stood there.
 */
function errorsOf(installed: readonly Installed[], corrections: Amendments['corrections']) {
  const errors: { point: string; first_slot: number; end_slot: number; ppm: number }[] = [];
  const shared = new Map<string, { point: string; slot: number; ppmMs: number }>();
  for (const { pointId: point, meterId, startMs, endMs } of installed) {
    for (const c of corrections) {
      if (c.kind !== 'error' || c.meterId !== meterId) continue;
      const [fromMs, toMs] = [Math.max(c.fromMs, startMs), Math.min(c.toMs, endMs)];
      if (fromMs >= toMs) continue;
      const whole = {
        first_slot: Math.ceil(fromMs / SLOT_MS),
        end_slot: Math.floor(toMs / SLOT_MS),
      };
      if (whole.first_slot < whole.end_slot) errors.push({ point, ...whole, ppm: c.value });
      const { first_slot, end_slot } = slotsOf(fromMs, toMs);
      for (const slot of new Set([first_slot, end_slot - 1])) {
        if (slot >= whole.first_slot && slot < whole.end_slot) continue;
        const key = `${point}/${slot}`;
        const at = shared.get(key) ?? { point, slot, ppmMs: 0 };
        at.ppmMs += c.value * within(slot, fromMs, toMs);
        shared.set(key, at);
      }
    }
  }
  for (const { point, slot, ppmMs } of shared.values()) {
    const there = installed
      .filter((i) => i.pointId === point)
      .reduce((ms, i) => ms + within(slot, i.startMs, i.endMs), 0);
    errors.push({ point, first_slot: slot, end_slot: slot + 1, ppm: Math.round(ppmMs / there) });
  }
  return errors;
}

/** How much of a quarter-hour lies in [fromMs, toMs), ms. */
const within = (slot: number, fromMs: number, toMs: number) =>
  Math.max(0, Math.min(toMs, (slot + 1) * SLOT_MS) - Math.max(fromMs, slot * SLOT_MS));

const isOf = (q: Quarantine, i: Installed) =>
  q.meterId === i.meterId && q.pointId === i.pointId && q.atMs >= i.startMs && q.atMs < i.endMs;

/** Takes refuted estimates back and has their days built anew. */
export async function takeBack(
  tx: Tx,
  { projectId, zone, refuted }: { projectId: string; zone: string; refuted: readonly Refuted[] },
): Promise<void> {
  if (refuted.length === 0) return;
  await tx.execute(sql`
    INSERT INTO interval_edit_decisions (project_id, edit_id, decision, decided_by, reason)
    SELECT ${projectId}::bigint, id, 'take-back', 'system', 'what was measured says otherwise'
    FROM unnest(${ids(refuted.map(({ id }) => id))}::bigint[]) AS t (id)`);
  const days = refuted.flatMap((edit) => daysOf(zone, edit));
  await markDirty(tx, { projectId, days, who: 'ingest', why: 'estimate replaced by data' });
}

/** The local days of a point that an edit lies in. */
export const daysOf = (
  zone: string,
  { pointId, fromMs, toMs }: { pointId: string; fromMs: number; toMs: number },
) =>
  [
    ...daysBetween(localDayOf(zone, fromMs), localDayOf(zone, toMs - 1)),
    localDayOf(zone, toMs - 1),
  ].map((localDay) => ({ pointId, localDay }));

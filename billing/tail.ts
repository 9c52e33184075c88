/**
 * The tail: what was used between the last built interval and the newest sample, read from `samples` for
 * the live balance. Spread evenly over its quarter-hours; only cells without an interval are filled.
 */
import { sql } from 'drizzle-orm';
import { SLOT_MS } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';

export interface Tail {
  pointId: string;
  /** Where the built intervals end, and the newest sample, epoch ms. */
  fromMs: number;
  toMs: number;
  /** Base units used between the two. */
  quantity: number;
}

/** How far before the last boundary a sample is looked for. */
const LOOK_BACK_MS = 2 * 3_600_000;
/** Boundaries looked at: most points share the newest, slow buses have one more, silent ones no tail. */
const BOUNDARIES_MAX = 8;
/** A tail longer than this is a backlog that is still being built, not a tail. */
const TAIL_MS_MAX = 6 * 3_600_000;

/** Tails of a project's points, or of some. A register that fell gives none: that is for a person. */
export async function readTails(
  db: Queryable,
  questdb: Questdb,
  { projectId, now, points }: { projectId: string; now: Date; points?: readonly string[] },
): Promise<Tail[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const only = points ? sql`AND i.point_id = ANY(${`{${points.join()}}`}::bigint[])` : sql``;
  const found = await db.execute<{
    point_id: string;
    meter_id: string;
    multiplier: number;
    built_ms: string;
  }>(sql`
    SELECT i.point_id::text, i.meter_id::text,
      CASE WHEN i.basis = 'secondary' THEN i.ct * i.pt ELSE 1 END AS multiplier,
      (extract(epoch FROM m.built_to) * 1000)::bigint::text AS built_ms
    FROM installations i
    JOIN interval_marks m ON m.project_id = i.project_id AND m.point_id = i.point_id
    JOIN meter_states s ON s.project_id = i.project_id AND s.meter_id = i.meter_id
    WHERE i.project_id = ${projectId}::bigint AND i.valid_from <= m.built_to
      AND (i.valid_to IS NULL OR i.valid_to > ${at}) AND s.last_ok_at > m.built_to
      AND m.built_to > ${at} - make_interval(secs => ${TAIL_MS_MAX / 1000}) ${only}`);
  const groups = new Map<number, typeof found.rows>();
  for (const row of found.rows) {
    const built = Number(row.built_ms);
    groups.set(built, [...(groups.get(built) ?? []), row]);
  }
  const newest = [...groups].sort(([a], [b]) => b - a).slice(0, BOUNDARIES_MAX);
  const tails: Tail[] = [];
  for (const [boundaryMs, rows] of newest) {
    const meters = rows.map((row) => row.meter_id);
    const [before, after] = await Promise.all([
      ends(questdb, { projectId, meters, fromMs: boundaryMs - LOOK_BACK_MS, toMs: boundaryMs }),
      ends(questdb, { projectId, meters, fromMs: boundaryMs + 1, toMs: now.getTime() }),
    ]);
    for (const { point_id: pointId, meter_id: meter, multiplier } of rows) {
      const left = before.get(meter)?.last;
      const right = after.get(meter);
      if (!left || !right) continue;
      const bridged = right.first.register - left.register;
      const share = (boundaryMs - left.ms) / (right.first.ms - left.ms);
      const boundary = Math.floor((left.register + bridged * share) * multiplier + 0.5);
      const quantity = right.last.register * multiplier - boundary;
      if (bridged < 0 || quantity < 0) continue;
      tails.push({ pointId, fromMs: boundaryMs, toMs: right.last.ms, quantity });
    }
  }
  return tails;
}

interface Register {
  ms: number;
  /** As stored: before CT/PT. */
  register: number;
}

/** Above this many meters the question is asked for the whole project. */
const METERS_NAMED_MAX = 200;

/** First and last good register of each meter in [fromMs, toMs]. */
async function ends(
  questdb: Questdb,
  {
    projectId,
    meters,
    fromMs,
    toMs,
  }: { projectId: string; meters: readonly string[]; fromMs: number; toMs: number },
): Promise<Map<string, { first: Register; last: Register }>> {
  const named =
    meters.length <= METERS_NAMED_MAX
      ? ` AND meter IN (${meters.map((m) => `'${m}'`).join()})`
      : '';
  const { rows } = await questdb.exec(
    `SELECT meter, first(ts), first(register), last(ts), last(register) FROM (
       SELECT ts, meter, coalesce(forward_wh, active_wh, volume_l) AS register FROM samples
       WHERE project = '${projectId}' AND quality = 'ok'
         AND ts >= '${new Date(fromMs).toISOString()}' AND ts <= '${new Date(toMs).toISOString()}'${named})
     WHERE register IS NOT NULL`,
  );
  return new Map(
    rows.map(([meter, t0, r0, t1, r1]) => [
      String(meter),
      {
        first: { ms: Date.parse(String(t0)), register: Number(r0) },
        last: { ms: Date.parse(String(t1)), register: Number(r1) },
      },
    ]),
  );
}

/** A tail's quarter-hours with their shares; shares sum to the whole. */
export function* sharesOf(tail: Tail): Generator<{ startMs: number; quantity: number }> {
  const { fromMs, toMs, quantity } = tail;
  let before = 0;
  for (let startMs = fromMs; startMs < toMs; startMs += SLOT_MS) {
    const done = (Math.min(startMs + SLOT_MS, toMs) - fromMs) / (toMs - fromMs);
    const until = Math.round(quantity * done);
    yield { startMs, quantity: until - before };
    before = until;
  }
}

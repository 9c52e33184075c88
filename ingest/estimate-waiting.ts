/**
 * Days that no register ends: after so many days without one a point's quarter-hours are estimated by its
 * profile, marked, and taken back by the builder once real data comes.
 */
import { sql } from 'drizzle-orm';
import type { Clock } from '../sql/clock.ts';
import { markDirty } from '../sql/dirty-days.ts';
import { addDays, dayStart, localDayOf } from '../sql/local-day.ts';
import type { Db } from '../sql/postgres.ts';
import { readQualityProject } from '../sql/quality-settings.ts';
import type { Questdb } from '../sql/questdb.ts';
import { intervalEdits, projects } from '../sql/schema/index.ts';
import { daysOf } from './amendments.ts';
import { estimate } from './estimate.ts';
import { historyOf, slotsOf } from './point-slots.ts';
import { only } from './rows.ts';

/** Points that one run estimates, and looks at, in a project; the rest waits for the next. */
const LIMITS = { estimated: 50, lookedAt: 500 };
/** Points that wait in a project and are put in order, at most. */
const WAITING_MAX = 100_000;
/** Days of a point that one run estimates. */
const DAYS_MAX = 31;

interface Deps {
  db: Db;
  questdb: Questdb;
  clock: Clock;
  /** In which run a point was last looked at; kept by whoever runs this, so that each has its turn. */
  lookedAt?: Map<string, number>;
  limits?: typeof LIMITS;
}

/**
 * Estimates what is due in every project; returns how many points it was. Who was never looked at comes first, then
 * who was so the longest ago: a point that cannot be estimated, or has months to catch up, keeps nobody waiting.
 */
export async function estimateWaiting({
  db,
  questdb,
  clock,
  lookedAt = new Map(),
  limits = LIMITS,
}: Deps): Promise<number> {
  let points = 0;
  for (const { id } of await db.select({ id: projects.id }).from(projects)) {
    const project = await readQualityProject(db, id);
    const { zone } = project;
    const today = localDayOf(zone, clock().getTime());
    const endMs = dayStart(zone, addDays(today, -project.settings.estimateAfterDays));
    const silent = await silentPoints(db, { projectId: id, endMs });
    const turn = (pointId: string) => lookedAt.get(`${id}/${pointId}`) ?? 0;
    silent.sort((a, b) => turn(a.pointId) - turn(b.pointId));
    let estimated = 0;
    for (const { pointId, fromMs } of silent.slice(0, limits.lookedAt)) {
      if (estimated >= limits.estimated) break;
      lookedAt.set(`${id}/${pointId}`, clock().getTime());
      const done = await estimatePoint(
        { db, questdb },
        { projectId: id, zone, pointId, fromMs, endMs },
      );
      estimated += done ? 1 : 0;
    }
    points += estimated;
    forget(lookedAt, { projectId: id, silent });
  }
  return points;
}

/** Who speaks again has no turn to wait for. */
function forget(
  lookedAt: Map<string, number>,
  { projectId, silent }: { projectId: string; silent: readonly { pointId: string }[] },
): void {
  const still = new Set(silent.map(({ pointId }) => `${projectId}/${pointId}`));
  for (const key of lookedAt.keys()) {
    if (key.startsWith(`${projectId}/`) && !still.has(key)) lookedAt.delete(key);
  }
}

/** Points with a meter whose registers end before `endMs`, no edit after it, and no doubt that holds them back. */
async function silentPoints(
  db: Db,
  { projectId, endMs }: { projectId: string; endMs: number },
): Promise<{ pointId: string; fromMs: number }[]> {
  const end = sql`${new Date(endMs).toISOString()}::timestamptz`;
  const { rows } = await db.execute<{ point: string; starts: string }>(sql`
    WITH edited AS (
      SELECT e.point_id, max(e.to_at) AS ends FROM interval_edits e JOIN LATERAL (
        SELECT decision FROM interval_edit_decisions d
        WHERE d.project_id = e.project_id AND d.edit_id = e.id ORDER BY d.id DESC LIMIT 1) d ON true
      WHERE e.project_id = ${projectId}::bigint AND d.decision = 'approve' GROUP BY 1)
    SELECT m.point_id::text AS point,
      (extract(epoch FROM greatest(m.built_to, e.ends)) * 1000)::bigint::text AS starts
    FROM interval_marks m LEFT JOIN edited e ON e.point_id = m.point_id
    WHERE m.project_id = ${projectId}::bigint AND greatest(m.built_to, e.ends) < ${end}
      AND EXISTS (SELECT FROM installations i WHERE i.project_id = m.project_id
        AND i.point_id = m.point_id AND i.valid_from <= m.built_to
        AND (i.valid_to IS NULL OR i.valid_to >= ${end}))
      AND NOT EXISTS (SELECT FROM quarantines q WHERE q.project_id = m.project_id
        AND q.point_id = m.point_id AND (q.detail ->> 'breaks')::boolean
        AND coalesce((SELECT decision FROM quarantine_decisions d WHERE d.project_id = q.project_id
          AND d.quarantine_id = q.id ORDER BY d.id DESC LIMIT 1), 'reopened') = 'reopened')
    ORDER BY m.built_to, m.point_id LIMIT ${WAITING_MAX}`);
  return rows.map(({ point, starts }) => ({ pointId: point, fromMs: Number(starts) }));
}

async function estimatePoint(
  { db, questdb }: Pick<Deps, 'db' | 'questdb'>,
  {
    projectId,
    zone,
    pointId,
    ...range
  }: { projectId: string; zone: string; pointId: string; fromMs: number; endMs: number },
): Promise<boolean> {
  const fromMs = range.fromMs;
  const lastDay = addDays(localDayOf(zone, fromMs), DAYS_MAX);
  const toMs = Math.min(range.endMs, dayStart(zone, lastDay));
  const all = await slotsOf(questdb, { projectId, pointId, zone, fromMs, toMs });
  const slots = all.filter((slot) => slot.quantity === null);
  const history = await historyOf(questdb, { projectId, pointId, untilMs: fromMs });
  if (slots.length === 0 || history.length === 0) return false;
  const { quantities, confidence } = estimate('profile', {
    ...{ slots, history, total: null, around: [null, null] as const },
  });
  await db.transaction(async (tx) => {
    const { id } = only(
      await tx
        .insert(intervalEdits)
        .values({
          ...{ projectId, pointId, method: 'profile', confidence, proposedBy: 'system' },
          ...{ fromAt: new Date(fromMs), toAt: new Date(toMs), energyBefore: 0n },
          reason: 'no register for days',
          slots: slots.map((slot, i) => [slot.startMs, quantities[i] ?? 0, null]),
          energyAfter: BigInt(quantities.reduce((a, b) => a + b, 0)),
        })
        .returning({ id: intervalEdits.id }),
    );
    await tx.execute(sql`
      INSERT INTO interval_edit_decisions (project_id, edit_id, decision, decided_by, reason)
      VALUES (${projectId}::bigint, ${id}::bigint, 'approve', 'system', 'no register for days')`);
    const days = daysOf(zone, { pointId, fromMs, toMs });
    await markDirty(tx, { projectId, days, who: 'ingest', why: 'estimated by profile' });
  });
  return true;
}

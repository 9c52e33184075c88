/**
 * What an act would change, without doing it: the act is done in a transaction, the intervals of the points it
 * takes back are built inside of it, and everything is rolled back. The same code as the act and as the
 * builder, so a preview is the result.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { Clock } from '../sql/clock.ts';
import { type Duckdb, openDuckdb, rowsOf } from '../sql/duckdb.ts';
import { dayStart, SLOT_MS } from '../sql/local-day.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import { intervalPreviews, projects } from '../sql/schema/index.ts';
import { buildStretch } from './interval-build.ts';
import { readPark } from './interval-plan.ts';
import { OPEN_END } from './interval-statement.ts';
import { only } from './rows.ts';

export interface PreviewDeps {
  db: Db;
  questdb: Questdb;
  clock: Clock;
  /** Where exports lie while they are read. */
  folder?: string;
}

/** A point's quarter-hours that change: [start, epoch ms; base units after, null: missing; before]. */
export interface Change {
  pointId: string;
  slots: [number, number | null, number | null][];
}

export interface Preview {
  id: string;
  changes: Change[];
}

/** Points that one preview builds, and how far back. */
const POINTS_MAX = 10;
const DAYS_MAX = 400;
const DAY_MS = 86_400_000;
/** Previews are read within minutes; older ones are swept out by the next. */
const KEPT_MS = DAY_MS;

/** Prepares the preview of acts; DuckDB is opened with the first. */
export function createPreviewer({ db, questdb, clock, folder }: PreviewDeps) {
  let duckdb: Promise<Duckdb> | undefined;

  /**
   * Does `act`, builds, takes everything back and keeps what would have changed. Throws what the act throws,
   * and Problem `range-too-long` when more would be built than a person can wait for.
   */
  return async function preview(
    { projectId, name, madeBy }: { projectId: string; name: string; madeBy: string },
    act: (tx: Tx) => Promise<unknown>,
  ): Promise<Preview> {
    const at = clock();
    const { id, zone, pollSeconds } = projects;
    const [project] = await db
      .select({ id, zone, pollSeconds })
      .from(projects)
      .where(sql`${projects.id} = ${projectId}::bigint`);
    if (!project) throw notFound('project');
    duckdb ??= openDuckdb({ memory: '512MB', threads: 1 });
    const connection = await (await duckdb).connect();
    const base = folder ?? join(tmpdir(), 'wattledger');
    await mkdir(base, { recursive: true });
    const work = await mkdtemp(join(base, 'preview-'));
    let changes: Change[] = [];
    try {
      await questdb.settled(['samples', 'intervals']);
      await rolledBack(db, async (tx) => {
        const before = await marksOf(tx, projectId);
        await act(tx);
        const points = [...(await reachesOf(tx, { project, before }))];
        if (points.length === 0) return;
        const fromMs = points.reduce((least, [, mark]) => Math.min(least, mark), OPEN_END);
        if (points.length > POINTS_MAX || at.getTime() - fromMs > DAYS_MAX * DAY_MS) {
          throw new Problem(
            'range-too-long',
            `A preview builds ${POINTS_MAX} points and ${DAYS_MAX} days at most.`,
          );
        }
        const park = await readPark(tx, project);
        const job = {
          points: points.map(([point]) => point),
          fromMs,
          untilMs: OPEN_END,
          repair: false,
        };
        await buildStretch({ db: tx, questdb, connection, folder: work, park, job, at });
        changes = await changesOf(connection, { questdb, projectId, fromMs });
      });
    } finally {
      connection.closeSync();
      await rm(work, { recursive: true, force: true });
    }
    return await db.transaction(async (tx) => {
      await tx.execute(sql`DELETE FROM interval_previews WHERE project_id = ${projectId}::bigint
        AND created_at < ${new Date(at.getTime() - KEPT_MS).toISOString()}::timestamptz`);
      const row = only(
        await tx
          .insert(intervalPreviews)
          .values({ projectId, act: name, changes, madeBy })
          .returning({ id: intervalPreviews.id }),
      );
      return { id: row.id, changes };
    });
  };
}

class RolledBack extends Error {}

/** Runs `act` in a transaction that leaves no trace. */
async function rolledBack(db: Db, act: (tx: Tx) => Promise<void>): Promise<void> {
  const undone = new RolledBack();
  await db
    .transaction(async (tx) => {
      await act(tx);
      throw undone;
    })
    .catch((error: unknown) => {
      if (error !== undone) throw error;
    });
}

async function marksOf(tx: Queryable, projectId: string): Promise<Map<string, number>> {
  const { rows } = await tx.execute<{ point: string; at: string }>(sql`
    SELECT point_id::text AS point, (extract(epoch FROM built_to) * 1000)::bigint::text AS at
    FROM interval_marks WHERE project_id = ${projectId}::bigint`);
  return new Map(rows.map(({ point, at }) => [point, Number(at)]));
}

/** Points that this transaction has changed, and from when on each is built anew. */
async function reachesOf(
  tx: Queryable,
  {
    project: { id: projectId, zone },
    before,
  }: { project: { id: string; zone: string }; before: ReadonlyMap<string, number> },
): Promise<Map<string, number>> {
  const marks = await marksOf(tx, projectId);
  const reaches = new Map([...marks].filter(([point, mark]) => mark < (before.get(point) ?? mark)));
  // now() is the beginning of this transaction: these are its own rows.
  const { rows } = await tx.execute<{ point: string; day: string }>(sql`
    SELECT point_id::text AS point, min(local_day)::text AS day FROM dirty_days
    WHERE project_id = ${projectId}::bigint AND created_at = now() GROUP BY point_id`);
  // A meter that was silent may have left, and the next one have spoken: built on from where it ended.
  const moved = await tx.execute<{ point: string }>(sql`
    SELECT DISTINCT point_id::text AS point FROM installations
    WHERE project_id = ${projectId}::bigint AND xmin = pg_current_xact_id()::xid`);
  for (const { point } of moved.rows) {
    const mark = marks.get(point);
    if (mark !== undefined && !reaches.has(point)) reaches.set(point, mark);
  }
  for (const { point, day } of rows) {
    const mark = marks.get(point);
    if (mark !== undefined) reaches.set(point, Math.min(mark, dayStart(zone, day)));
  }
  return reaches;
}

/** What differs from what is current in a quantity; a change of quality alone changes no bill. */
async function changesOf(
  connection: Parameters<typeof rowsOf>[0],
  { questdb, projectId, fromMs }: { questdb: Questdb; projectId: string; fromMs: number },
): Promise<Change[]> {
  const rows = await rowsOf<{ point: bigint; slot: bigint; quantity: bigint | null }>(
    connection,
    'SELECT point, slot, quantity FROM changed ORDER BY point, slot',
  );
  const points = [...new Set(rows.map(({ point }) => String(point)))];
  const current = new Map<string, number | null>();
  for (const point of points) {
    const first = rows.find((row) => String(row.point) === point)?.slot ?? 0n;
    const found = await questdb.exec(
      `SELECT ts, quantity FROM intervals WHERE project = '${projectId}' AND point = '${point}'
       AND ts >= '${new Date(Math.min(fromMs, Number(first) * SLOT_MS)).toISOString()}'`,
    );
    for (const [ts, quantity] of found.rows) {
      const key = `${point}/${Date.parse(String(ts))}`;
      current.set(key, quantity === null ? null : Number(quantity));
    }
  }
  return points.map((pointId) => ({
    pointId,
    slots: rows.flatMap(({ point, slot, quantity }): Change['slots'] => {
      if (String(point) !== pointId) return [];
      const at = Number(slot) * SLOT_MS;
      const before = current.get(`${pointId}/${at}`) ?? null;
      const after = quantity === null ? null : Number(quantity);
      return after === before ? [] : [[at, after, before]];
    }),
  }));
}

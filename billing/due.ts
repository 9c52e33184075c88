/** What is due: local days of tenanted points that are over, with their grace, and have no header. */
import { type SQL, sql } from 'drizzle-orm';
import { addDays, dayStart, daysBetween, type LocalDay, localDayOf } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';

export interface PointDay {
  pointId: string;
  localDay: LocalDay;
}

/** The newest local day whose end and grace have passed. */
export function lastDueDay(zone: string, nowMs: number, graceMs: number): LocalDay {
  const today = localDayOf(zone, nowMs);
  const yesterday = addDays(today, -1);
  return nowMs >= dayStart(zone, today) + graceMs ? yesterday : addDays(yesterday, -1);
}

/**
 * Point-days up to `lastDay` that a tenancy covers and no header settles, plus those that wait.
 * A point that nothing was ever read from is not due: there is nothing to wait for yet.
 */
export async function duePointDays(
  db: Queryable,
  questdb: Questdb,
  {
    projectId,
    zone,
    lastDay,
    walDeadlineMs,
    accountId = null,
  }: {
    projectId: string;
    zone: string;
    lastDay: LocalDay;
    walDeadlineMs: number;
    /** Only the points of this account. */
    accountId?: string | null;
  },
): Promise<PointDay[]> {
  const open = await db.execute<{
    point_id: string;
    account_id: string;
    first_day: string;
    last_day: string;
    head: string | null;
  }>(sql`
    WITH held AS (
      SELECT t.project_id, t.point_id, t.account_id,
        (t.valid_from AT TIME ZONE ${zone})::date AS first_day,
        least(${lastDay}::date,
          ((t.valid_to - interval '1 microsecond') AT TIME ZONE ${zone})::date) AS last_day
      FROM tenancies t WHERE t.project_id = ${projectId}::bigint
        AND (${accountId}::bigint IS NULL OR t.account_id = ${accountId}::bigint))
    SELECT h.point_id::text, h.account_id::text, h.first_day::text, h.last_day::text,
      (CASE
        WHEN h.first_day = h.last_day THEN NULL
        WHEN ${headOn(sql`h.last_day - 1`)} THEN h.last_day - 1
        -- The addition keeps the planner from walking all headers backwards by day.
        ELSE (SELECT max(s.local_day + 0) FROM settlements s
          WHERE s.project_id = h.project_id AND s.scope_id = h.point_id
            AND s.account_id = h.account_id AND s.local_day BETWEEN h.first_day AND h.last_day)
      END)::text AS head
    FROM held h WHERE h.first_day <= h.last_day AND NOT ${headOn(sql`h.last_day`)}`);
  const unread = open.rows.filter((row) => row.head === null).map((row) => row.point_id);
  // A first interval that is acknowledged but not yet readable would hide the days after it.
  if (unread.length > 0) await questdb.settled(['intervals'], { timeoutMs: walDeadlineMs });
  const firstDays = await firstIntervals(db, questdb, { projectId, zone, points: unread, lastDay });
  const due = new Map<string, PointDay & { accountId: string }>();
  const add = (pointId: string, localDay: LocalDay, accountId: string) => {
    const key = `${pointId}/${localDay}`;
    if (!due.has(key)) due.set(key, { pointId, localDay, accountId });
  };
  // A park's points share few ranges of days, and calendar arithmetic costs more than a look-up.
  const ranges = new Map<string, LocalDay[]>();
  for (const row of open.rows) {
    const first = row.head === null ? firstDays.get(row.point_id) : row.head;
    if (first === undefined) continue;
    const name = `${row.head}/${first}/${row.first_day}/${row.last_day}`;
    let range = ranges.get(name);
    if (!range) {
      let from = row.head === null ? first : addDays(first, 1);
      if (from < row.first_day) from = row.first_day;
      range = daysBetween(from, addDays(row.last_day, 1));
      ranges.set(name, range);
    }
    for (const day of range) add(row.point_id, day, row.account_id);
  }
  // A day of an account itself waits for its points: they are looked at again.
  const waiting = await db.execute<{ scope_id: string; local_day: string }>(sql`
    SELECT w.scope_id::text, w.local_day::text FROM (
      SELECT w.project_id, w.scope_id, w.local_day FROM settlement_waits w
      UNION SELECT w.project_id, s.scope_id, w.local_day FROM settlement_waits w
      JOIN settlements s ON s.project_id = w.project_id AND s.account_id = w.scope_id
        AND s.local_day = w.local_day) w
    JOIN points p ON p.project_id = w.project_id AND p.id = w.scope_id
    WHERE w.project_id = ${projectId}::bigint AND w.local_day <= ${lastDay}::date
      AND (${accountId}::bigint IS NULL OR EXISTS (SELECT 1 FROM tenancies t
        WHERE t.project_id = w.project_id AND t.point_id = w.scope_id
          AND t.account_id = ${accountId}::bigint))`);
  for (const row of waiting.rows) add(row.scope_id, row.local_day, '');
  // An account's points stay together: what is posted to it in one chunk is one transaction.
  return [...due.values()]
    .sort(
      (a, b) =>
        compare(a.localDay, b.localDay) ||
        compareIds(a.accountId, b.accountId) ||
        compareIds(a.pointId, b.pointId),
    )
    .map(({ pointId, localDay }) => ({ pointId, localDay }));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Ids are decimal without leading zeros: the longer one is the larger one. */
const compareIds = (a: string, b: string): number => a.length - b.length || compare(a, b);

/** Point-days (`point/day`) that wait for an index of their month. */
export async function daysWithoutIndex(db: Queryable, projectId: string): Promise<Set<string>> {
  const found = await db.execute<{ scope: string; day: string }>(sql`
    SELECT scope_id::text AS scope, local_day::text AS day FROM settlement_waits
    WHERE project_id = ${projectId}::bigint AND reason = 'no-index'`);
  return new Set(found.rows.map(({ scope, day }) => `${scope}/${day}`));
}

/** True where a held point's day has a header: a look-up by the whole key. */
const headOn = (day: SQL) => sql`EXISTS (SELECT FROM settlements s
  WHERE s.project_id = h.project_id AND s.scope_id = h.point_id AND s.local_day = ${day}
    AND s.account_id = h.account_id)`;

/** Above this many points the question is asked for the whole project. */
const POINTS_NAMED_MAX = 200;

/** A park's points mostly begin together: so long after the first of them the others are looked for. */
const TOGETHER_MS = 3_600_000;

const DAY_MS = 86_400_000;
/**
 * How much is looked at in one statement, at first and at most: QuestDB maps the columns of every day that a
 * statement reads, out of the 65,530 maps that Linux gives a process.
 */
const WINDOW_MS = { first: 40 * DAY_MS, max: 366 * DAY_MS };

/**
 * The local day of each point's first interval that is not missing, up to `lastDay`. Nothing was measured
 * before a point's first meter stood there.
 */
export async function firstIntervals(
  db: Queryable,
  questdb: Questdb,
  {
    projectId,
    zone,
    points,
    lastDay,
  }: { projectId: string; zone: string; points: readonly string[]; lastDay: LocalDay },
): Promise<Map<string, LocalDay>> {
  const firstDays = new Map<string, LocalDay>();
  if (points.length === 0) return firstDays;
  const since = await beginnings(db, { projectId, points });
  const endMs = dayStart(zone, addDays(lastDay, 1));
  // Most points begin on one of a few days; to find a zone's day costs more than to look it up.
  const days = new Map<string, LocalDay>();
  const within = (fromMs: number, toMs: number) =>
    `FROM intervals WHERE project = '${projectId}' AND quality != 'missing'
     AND ts >= '${new Date(fromMs).toISOString()}' AND ts < '${new Date(toMs).toISOString()}'`;
  const ask = async (wanted: readonly string[], fromMs: number, toMs: number) => {
    const named =
      wanted.length <= POINTS_NAMED_MAX
        ? ` AND point IN (${wanted.map((p) => `'${p}'`).join()})`
        : '';
    const { rows } = await questdb.exec(`SELECT point, min(ts) ${within(fromMs, toMs)}${named}`);
    for (const [p, at] of rows) {
      const [point, ts] = [String(p), String(at)];
      const day = days.get(ts) ?? localDayOf(zone, Date.parse(ts));
      days.set(ts, day);
      if (!firstDays.has(point)) firstDays.set(point, day);
    }
  };
  let rest = points.filter((point) => since.has(point));
  let width = WINDOW_MS.first;
  let fromMs = Number.NEGATIVE_INFINITY;
  while (rest.length > 0) {
    // Where none of those that are left stood yet, nothing is to be seen.
    const begin = rest.reduce((least, p) => Math.min(least, since.get(p) ?? least), endMs);
    fromMs = Math.max(fromMs, begin);
    if (fromMs >= endMs) break;
    const toMs = Math.min(fromMs + width, endMs);
    const standing = () => rest.filter((p) => (since.get(p) ?? endMs) < toMs);
    let restFromMs = fromMs;
    if (standing().length > POINTS_NAMED_MAX) {
      // To group all that a park has measured costs seconds, its first hour does not.
      const { rows } = await questdb.exec(`SELECT ts ${within(fromMs, toMs)} LIMIT 1`);
      const first = rows[0]?.[0];
      restFromMs = first === undefined ? toMs : Date.parse(String(first)) + TOGETHER_MS;
      if (first !== undefined) await ask(rest, restFromMs - TOGETHER_MS, restFromMs);
      rest = rest.filter((point) => !firstDays.has(point));
    }
    const left = standing();
    if (left.length > 0 && restFromMs < toMs) {
      await ask(left, restFromMs, toMs);
      rest = rest.filter((point) => !firstDays.has(point));
    }
    fromMs = toMs;
    width = Math.min(2 * width, WINDOW_MS.max);
  }
  return firstDays;
}

/** Epoch ms before which nothing can have been measured at each point. */
async function beginnings(
  db: Queryable,
  { projectId, points }: { projectId: string; points: readonly string[] },
): Promise<Map<string, number>> {
  const found = await db.execute<{ point_id: string; since: string }>(sql`
    SELECT point_id::text, (extract(epoch FROM min(valid_from)) * 1000)::bigint::text AS since
    FROM (SELECT point_id, valid_from FROM installations WHERE project_id = ${projectId}::bigint
      UNION ALL SELECT point_id, valid_from FROM tenancies WHERE project_id = ${projectId}::bigint) t
    WHERE point_id = ANY(${`{${points.join()}}`}::bigint[]) GROUP BY point_id`);
  // The slot in which a meter was put up begins before it.
  return new Map(
    found.rows.map((r) => [r.point_id, Math.floor(Number(r.since) / DAY_MS) * DAY_MS]),
  );
}

/** Point-days of one transaction, at most: rows of the matrix that is held in memory. */
export const CHUNK_ROWS_MAX = 100_000;

/**
 * Cuts point-days (sorted by day) into pieces: some days × their points stay within CHUNK_ROWS_MAX, so
 * that a month of a small project is one transaction and a day of a large one is several.
 */
export function chunksOf(due: readonly PointDay[], rowsMax = CHUNK_ROWS_MAX): PointDay[][] {
  const chunks: PointDay[][] = [];
  let chunk: PointDay[] = [];
  let points = new Set<string>();
  let days = new Set<LocalDay>();
  for (const item of due) {
    const rows =
      (points.size + (points.has(item.pointId) ? 0 : 1)) *
      (days.size + (days.has(item.localDay) ? 0 : 1));
    if (chunk.length > 0 && rows > rowsMax) {
      chunks.push(chunk);
      [chunk, points, days] = [[], new Set(), new Set()];
    }
    chunk.push(item);
    points.add(item.pointId);
    days.add(item.localDay);
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

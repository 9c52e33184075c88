/**
 * What is published beside a tariff: monthly indexes that prices follow, and lists of event days. Rows are only
 * added; the newest of a month or day holds, and settled days that it concerns are settled anew.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { addDays, addMonths, type LocalDay } from '../sql/local-day.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { FACTOR_DIGITS } from './exact.ts';
import { type By, only } from './fields.ts';
import type { Commodity } from './price-book.ts';
import { holdSettlement } from './project.ts';
import type { TariffDefinition } from './tariff.ts';
import { dirtyCommodity } from './tariff-terms.ts';

export interface NewIndex {
  code: string;
  /** The first day of the month. */
  month: LocalDay;
  value: string;
}

/**
 * Publishes an index's value of a month; a later one takes its place. Throws Problem `invalid-request` when
 * a tariff multiplies its price by the index and the value is too long for that.
 */
export async function publishIndex(
  db: Db,
  { projectId, index, by }: { projectId: string; index: NewIndex; by: By },
): Promise<string> {
  const { code, month, value } = index;
  return await db.transaction(async (tx) => {
    await holdSettlement(tx, projectId);
    const follows = await tx.execute<{ commodity: Commodity; tariff: string; as: string }>(sql`
      SELECT DISTINCT f.commodity, f.name AS tariff, c -> 'follows' ->> 'as' AS as
      FROM tariff_versions v
      JOIN tariffs f ON f.project_id = v.project_id AND f.id = v.tariff_id
      CROSS JOIN jsonb_array_elements(v.definition -> 'components') c
      WHERE v.project_id = ${projectId}::bigint AND c -> 'follows' ->> 'index' = ${code}`);
    const factor = follows.rows.find((row) => row.as === 'factor');
    if (factor && digitsOf(value) > FACTOR_DIGITS) throw tooLong(code, factor.tariff);
    const made = await tx.execute<{ id: string }>(sql`
      INSERT INTO price_indexes (project_id, code, month, value, created_by)
      VALUES (${projectId}::bigint, ${code}, ${month}::date, ${value}::numeric, ${by.actor.id})
      RETURNING id::text`);
    const { id } = only(made.rows);
    const why = `index ${code} of ${month.slice(0, 7)} published`;
    for (const commodity of new Set(follows.rows.map((row) => row.commodity))) {
      const to = addMonths(month, 1);
      await dirtyCommodity(tx, { projectId, commodity, from: month, to, correction: null, why });
    }
    await record(tx, {
      projectId,
      ...by,
      action: 'price-index.published',
      subjectKind: 'price-index',
      subjectId: id,
      detail: { ...index },
    });
    return id;
  });
}

/** Puts a day on a list of event days, or takes it off again. */
export async function publishEventDay(
  db: Db,
  {
    projectId,
    list,
    day,
    withdrawn,
    by,
  }: { projectId: string; list: string; day: LocalDay; withdrawn: boolean; by: By },
): Promise<string> {
  return await db.transaction(async (tx) => {
    await holdSettlement(tx, projectId);
    const made = await tx.execute<{ id: string }>(sql`
      INSERT INTO event_days (project_id, list, day, withdrawn, created_by)
      VALUES (${projectId}::bigint, ${list}, ${day}::date, ${withdrawn}, ${by.actor.id})
      RETURNING id::text`);
    const { id } = only(made.rows);
    const named = await tx.execute<{ commodity: Commodity }>(sql`
      SELECT DISTINCT f.commodity FROM tariff_versions v
      JOIN tariffs f ON f.project_id = v.project_id AND f.id = v.tariff_id
      WHERE v.project_id = ${projectId}::bigint
        AND (v.definition -> 'calendar' ->> 'eventDays' = ${list}
          OR EXISTS (SELECT FROM jsonb_array_elements(v.definition -> 'components') c
            WHERE c ->> 'onlyOnEventDays' = ${list}))`);
    const why = `${day} ${withdrawn ? 'taken off' : 'put on'} the list ${list}`;
    for (const { commodity } of named.rows) {
      const to = addDays(day, 1);
      await dirtyCommodity(tx, { projectId, commodity, from: day, to, correction: null, why });
    }
    await record(tx, {
      projectId,
      ...by,
      action: withdrawn ? 'event-day.withdrawn' : 'event-day.published',
      subjectKind: 'event-day',
      subjectId: id,
      detail: { list, day },
    });
    return id;
  });
}

/** Throws Problem `invalid-tariff` where an index that is multiplied has a value too long for that. */
export async function assertIndexed(
  tx: Tx,
  { projectId, definition }: { projectId: string; definition: TariffDefinition },
): Promise<void> {
  for (const component of definition.components) {
    if (component.kind !== 'usage' || component.follows?.as !== 'factor') continue;
    const { index } = component.follows;
    const found = await tx.execute<{ value: string }>(sql`
      SELECT value::text FROM price_indexes
      WHERE project_id = ${projectId}::bigint AND code = ${index}
        AND scale(trim_scale(value)) > ${FACTOR_DIGITS} LIMIT 1`);
    if (found.rows.length === 0) continue;
    throw new Problem('invalid-tariff', tooLong(index, component.name).detail);
  }
}

const digitsOf = (text: string): number => (text.split('.')[1] ?? '').replace(/0+$/, '').length;

const tooLong = (code: string, of: string) =>
  new Problem(
    'invalid-request',
    `“${of}” multiplies its price by ${code}: a value has at most ${FACTOR_DIGITS} decimals.`,
  );

export interface ShownIndex {
  id: string;
  code: string;
  month: string;
  value: string;
  /** False for a value that a later one has replaced. */
  holds: boolean;
  publishedBy: string;
  at: string;
}

/** Values of indexes, newest first; `cursor` is the id of the last. */
export async function listIndexes(
  db: Queryable,
  { projectId, cursor, limit }: { projectId: string; cursor: string | null; limit: number },
): Promise<ShownIndex[]> {
  const found = await db.execute<{
    id: string;
    code: string;
    month: string;
    value: string;
    holds: boolean;
    created_by: string;
    created_at: string;
  }>(sql`
    SELECT id::text, code, month::text, value::text, created_by, created_at,
      NOT EXISTS (SELECT FROM price_indexes n WHERE n.project_id = i.project_id
        AND n.code = i.code AND n.month = i.month AND n.id > i.id) AS holds
    FROM price_indexes i WHERE project_id = ${projectId}::bigint
      AND (${cursor}::bigint IS NULL OR id < ${cursor}::bigint)
    ORDER BY id DESC LIMIT ${limit}`);
  return found.rows.map((row) => ({
    id: row.id,
    code: row.code,
    month: row.month.slice(0, 7),
    value: row.value,
    holds: row.holds,
    publishedBy: row.created_by,
    at: new Date(row.created_at).toISOString(),
  }));
}

export interface ShownEventDay {
  id: string;
  list: string;
  day: LocalDay;
  publishedBy: string;
  at: string;
}

/** Event days that hold, newest row first; `cursor` is the id of the last. */
export async function listEventDays(
  db: Queryable,
  { projectId, cursor, limit }: { projectId: string; cursor: string | null; limit: number },
): Promise<ShownEventDay[]> {
  const found = await db.execute<{
    id: string;
    list: string;
    day: string;
    created_by: string;
    created_at: string;
  }>(sql`
    SELECT id::text, list, day::text, created_by, created_at FROM event_days e
    WHERE project_id = ${projectId}::bigint AND NOT withdrawn
      AND (${cursor}::bigint IS NULL OR id < ${cursor}::bigint)
      AND NOT EXISTS (SELECT FROM event_days n WHERE n.project_id = e.project_id
        AND n.list = e.list AND n.day = e.day AND n.id > e.id)
    ORDER BY id DESC LIMIT ${limit}`);
  return found.rows.map((row) => ({
    id: row.id,
    list: row.list,
    day: row.day,
    publishedBy: row.created_by,
    at: new Date(row.created_at).toISOString(),
  }));
}

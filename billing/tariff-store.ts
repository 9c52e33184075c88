/** Tariffs, their versions and where they hold. A version is never altered; the next one follows it. */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { LocalDay } from '../sql/local-day.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { violatedConstraint } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { PointDay } from './due.ts';
import { type By, only } from './fields.ts';
import { assertMetersHold } from './meter-issue.ts';
import type { Commodity } from './price-book.ts';
import { holdSettlement } from './project.ts';
import { assertIndexed } from './published.ts';
import { parseTariff, type TariffDefinition } from './tariff.ts';
import { assertNotice, assertUncharged, type Correction, dirtyCommodity } from './tariff-terms.ts';

export interface NewVersion {
  effectiveFrom: LocalDay;
  /** As it was entered; checked here. */
  definition: unknown;
  /** Given where days that are settled, or a notice period, are to be overruled. */
  correction: Correction | null;
}

/** Makes a tariff, with a first version if one is given. Throws `conflict` (name), `invalid-tariff`. */
export async function makeTariff(
  db: Db,
  {
    projectId,
    tariff,
    version,
    by,
    now,
  }: {
    projectId: string;
    tariff: { name: string; nameZh: string | null; commodity: Commodity };
    version: NewVersion | null;
    by: By;
    now: Date;
  },
): Promise<string> {
  return await db.transaction(async (tx) => {
    const made = await tx
      .execute<{ id: string }>(sql`
        INSERT INTO tariffs (project_id, name, name_zh, commodity)
        VALUES (${projectId}::bigint, ${tariff.name}, ${tariff.nameZh}, ${tariff.commodity})
        RETURNING id::text`)
      .catch((error: unknown) => {
        if (!violatedConstraint(error)?.includes('name')) throw error;
        throw new Problem('conflict', 'There is a tariff of this name.', { cause: error });
      });
    const { id } = only(made.rows);
    await record(tx, {
      projectId,
      ...by,
      action: 'tariff.created',
      subjectKind: 'tariff',
      subjectId: id,
      detail: { ...tariff },
    });
    if (version) await addVersion(tx, { projectId, tariffId: id, version, by, now });
    return id;
  });
}

/**
 * Adds a version. One that reaches into settled days is a correction: they are settled anew, and what differs
 * is posted in the open period. Throws `invalid-tariff`, `not-found`, `conflict` when a version begins on that
 * day already, `meter-mode-impossible` where a meter that holds money cannot hold it; without a correction's reason
 * `notice-period`, `correction-needed`, `month-closed`.
 */
export async function makeVersion(
  db: Db,
  given: { projectId: string; tariffId: string; version: NewVersion; by: By; now: Date },
): Promise<string> {
  return (await db.transaction((tx) => addVersion(tx, given))).id;
}

/** What a change of tariffs made, and the settled days that it may change. */
export interface Changed {
  id: string;
  days: PointDay[];
}

async function addVersion(
  tx: Tx,
  {
    projectId,
    tariffId,
    version,
    by,
    now,
  }: { projectId: string; tariffId: string; version: NewVersion; by: By; now: Date },
): Promise<Changed> {
  const found = await tx.execute<{ commodity: Commodity }>(sql`
    SELECT commodity FROM tariffs
    WHERE project_id = ${projectId}::bigint AND id = ${tariffId}::bigint FOR UPDATE`);
  const commodity = found.rows[0]?.commodity;
  if (!commodity) throw notFound('tariff');
  const definition = parseTariff(version.definition, commodity);
  await holdSettlement(tx, projectId);
  const { effectiveFrom: from, correction } = version;
  await assertIndexed(tx, { projectId, definition });
  if (!correction) {
    await assertNotice(tx, { projectId, tariffId, from, now });
    await assertUncharged(tx, { projectId, from, to: null, of: { tariffId } });
  }
  const made = await tx
    .execute<{ id: string; version: number }>(sql`
      INSERT INTO tariff_versions (project_id, tariff_id, version, effective_from, definition,
        created_by)
      SELECT ${projectId}::bigint, ${tariffId}::bigint, coalesce(max(version), 0) + 1,
        ${version.effectiveFrom}::date, ${JSON.stringify(definition)}::jsonb, ${by.actor.id}
      FROM tariff_versions
      WHERE project_id = ${projectId}::bigint AND tariff_id = ${tariffId}::bigint
      RETURNING id::text, version`)
    .catch((error: unknown) => {
      if (!violatedConstraint(error)?.includes('effective')) throw error;
      const detail = `A version begins on ${version.effectiveFrom} already, and versions are never altered.`;
      throw new Problem('conflict', detail, { cause: error });
    });
  const row = only(made.rows);
  const range = { projectId, commodity, from, to: null };
  const days = await dirtyCommodity(tx, { ...range, tariffId, correction });
  await assertMetersHold(tx, { projectId, day: from });
  await record(tx, {
    projectId,
    ...by,
    action: 'tariff.versioned',
    subjectKind: 'tariff',
    subjectId: tariffId,
    detail: { version: row.version, effectiveFrom: from, ...correction },
  });
  return { id: row.id, days };
}

export interface NewAssignment {
  tariffId: string;
  pointId: string | null;
  accountId: string | null;
  from: LocalDay;
  to: LocalDay | null;
  correction: Correction | null;
}

/**
 * Says where a tariff holds. Throws `overlap` when another holds there, `not-found`, and without a
 * correction's reason `correction-needed` or `month-closed` where it changes what is settled.
 */
export async function assignTariff(
  db: Db,
  given: { projectId: string; assignment: NewAssignment; by: By },
): Promise<string> {
  return (await db.transaction((tx) => assign(tx, given))).id;
}

/** The same within a transaction of the caller's, who may take it back. */
export async function assign(
  tx: Tx,
  { projectId, assignment, by }: { projectId: string; assignment: NewAssignment; by: By },
): Promise<Changed> {
  const { tariffId, pointId, accountId, from, to, correction } = assignment;
  if (pointId !== null && accountId !== null) {
    throw new Problem('invalid-request', 'A tariff holds for a point or an account, not both.');
  }
  if (to !== null && to <= from) {
    throw new Problem('invalid-request', 'An assignment ends after it begins.');
  }
  const found = await tx.execute<{ commodity: Commodity }>(sql`
    SELECT commodity FROM tariffs
    WHERE project_id = ${projectId}::bigint AND id = ${tariffId}::bigint`);
  const commodity = found.rows[0]?.commodity;
  if (!commodity) throw notFound('tariff');
  if (pointId !== null) {
    const point = await tx.execute<{ commodity: Commodity }>(sql`
      SELECT commodity FROM points
      WHERE project_id = ${projectId}::bigint AND id = ${pointId}::bigint`);
    if (!point.rows[0]) throw notFound('point');
    if (point.rows[0].commodity !== commodity) {
      throw new Problem('conflict', `A tariff for ${commodity} does not hold for this point.`);
    }
  }
  await holdSettlement(tx, projectId);
  if (!correction && (pointId !== null || accountId !== null)) {
    const of = { otherThan: tariffId, commodity, pointId, accountId };
    await assertUncharged(tx, { projectId, from, to, of });
  }
  const made = await tx
    .execute<{ id: string }>(sql`
      INSERT INTO tariff_assignments (project_id, tariff_id, commodity, point_id, account_id,
        valid_from, valid_to)
      VALUES (${projectId}::bigint, ${tariffId}::bigint, ${commodity}, ${pointId}::bigint,
        ${accountId}::bigint, ${from}::date, ${to}::date)
      RETURNING id::text`)
    .catch((error: unknown) => {
      const broken = violatedConstraint(error);
      if (broken === 'tariff_assignments_overlap') {
        throw new Problem('overlap', 'Another tariff holds there in this time: end it first.', {
          cause: error,
        });
      }
      if (broken?.includes('account')) throw notFound('account');
      throw error;
    });
  const { id } = only(made.rows);
  const range = { projectId, commodity, from, to };
  const days = await dirtyCommodity(tx, { ...range, pointId, accountId, correction });
  await assertMetersHold(tx, { projectId, day: from });
  await record(tx, {
    projectId,
    ...by,
    action: 'tariff.assigned',
    subjectKind: 'tariff',
    subjectId: tariffId,
    detail: { ...assignment },
  });
  return { id, days };
}

/** Ends an assignment on a day (the first it does not hold for), or opens its end again with null. */
export async function endAssignment(
  db: Db,
  {
    projectId,
    id,
    to,
    correction,
    by,
  }: {
    projectId: string;
    id: string;
    to: LocalDay | null;
    correction: Correction | null;
    by: By;
  },
): Promise<void> {
  await db.transaction(async (tx) => {
    const found = await tx.execute<{
      tariff_id: string;
      commodity: Commodity;
      point_id: string | null;
      account_id: string | null;
      valid_from: string;
      valid_to: string | null;
    }>(sql`
      SELECT tariff_id::text, commodity, point_id::text, account_id::text, valid_from::text,
        valid_to::text
      FROM tariff_assignments
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint FOR UPDATE`);
    const before = found.rows[0];
    if (!before) throw notFound('tariff assignment');
    if (to !== null && to <= before.valid_from) {
      throw new Problem('invalid-request', 'An assignment ends after it begins.');
    }
    await holdSettlement(tx, projectId);
    const ends = [to, before.valid_to].filter((day) => day !== null).sort();
    if (!correction && ends[0] !== undefined) {
      const { tariff_id: tariffId, point_id: pointId, account_id: accountId, commodity } = before;
      const shortens = to !== null && (before.valid_to === null || to < before.valid_to);
      // Where it held until now its charges go; where it holds from now on those of others do.
      const of = shortens
        ? { tariffId, pointId, accountId }
        : { otherThan: tariffId, commodity, pointId, accountId };
      await assertUncharged(tx, { projectId, from: ends[0], to: ends[1] ?? null, of });
    }
    await tx
      .execute(sql`
        UPDATE tariff_assignments SET valid_to = ${to}::date
        WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`)
      .catch((error: unknown) => {
        if (violatedConstraint(error) !== 'tariff_assignments_overlap') throw error;
        throw new Problem('overlap', 'Another tariff holds there after this day.', {
          cause: error,
        });
      });
    const [from] = ends;
    if (from !== undefined) {
      const { commodity, point_id: pointId } = before;
      await dirtyCommodity(tx, { projectId, commodity, from, to: null, pointId, correction });
      await assertMetersHold(tx, { projectId, day: from });
    }
    await record(tx, {
      projectId,
      ...by,
      action: 'tariff.assignment-ended',
      subjectKind: 'tariff',
      subjectId: before.tariff_id,
      detail: { assignment: id, from: before.valid_to, to },
    });
  });
}

export interface ShownVersion {
  id: string;
  version: number;
  effectiveFrom: LocalDay;
  definition: TariffDefinition;
  createdAt: string;
}

/** The versions of a tariff, by the day they begin. */
export async function listVersions(
  db: Queryable,
  { projectId, tariffId, id }: { projectId: string; tariffId: string; id?: string },
): Promise<ShownVersion[]> {
  const found = await db.execute<{
    id: string;
    version: number;
    effective_from: string;
    definition: TariffDefinition;
    created_at: string;
  }>(sql`
    SELECT id::text, version, effective_from::text, definition, created_at FROM tariff_versions
    WHERE project_id = ${projectId}::bigint AND tariff_id = ${tariffId}::bigint
      AND (${id ?? null}::bigint IS NULL OR id = ${id ?? null}::bigint)
    ORDER BY effective_from`);
  return found.rows.map((row) => ({
    id: row.id,
    version: row.version,
    effectiveFrom: row.effective_from,
    definition: row.definition,
    createdAt: new Date(row.created_at).toISOString(),
  }));
}

/** An installation as the API shows it and as it is stored; entering one where point, meter and dates allow it. */
import { z } from '@hono/zod-openapi';
import { and, eq, type SQLWrapper, sql } from 'drizzle-orm';
import { recordAll } from '../sql/audit.ts';
import type { Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { idSchema } from '../sql/route.ts';
import { type InstallationRow, installations, meters, points } from '../sql/schema/index.ts';
import { registerSchema } from './fields.ts';
import { modelOf } from './models.ts';
import { rebuildFrom } from './rebuild.ts';
import { type Acting, broken, inSlices, only, type Refuse, thrown } from './rows.ts';

const RATIO_MAX = 9999;
/** A ratio of current or voltage. */
export const ratioSchema = z.number().int().min(1).max(RATIO_MAX);
export const basisSchema = z.enum(['primary', 'secondary']);

export const installationSchema = z
  .object({
    id: idSchema,
    pointId: idSchema,
    meterId: idSchema,
    from: z.string(),
    to: z.string().nullable(),
    firstRegister: z.number().int().nullable(),
    lastRegister: z.number().int().nullable(),
    ct: z.number().int(),
    pt: z.number().int(),
    basis: basisSchema,
    registerSpan: z.number().int().nullable(),
    ratedPerHour: z.number().int().nullable(),
  })
  .openapi('Installation');

/** What is said of a meter that is put in. Registers are as it shows them, in Wh or litres, before CT and PT. */
export const deviceFields = {
  meterId: idSchema,
  firstRegister: registerSchema.nullable().default(null),
  ct: ratioSchema.default(1),
  pt: ratioSchema.default(1),
  basis: basisSchema.optional(),
  registerSpan: registerSchema.min(1000).nullable().default(null),
  ratedPerHour: registerSchema.min(1).nullable().default(null),
};

type Installation = typeof installations.$inferSelect;

interface Wanted {
  pointId: string;
  meterId: string;
  validFrom: Date;
  validTo: Date | null;
  firstRegister: number | null;
  lastRegister: number | null;
  ct: number;
  pt: number;
  basis?: 'primary' | 'secondary';
  registerSpan: number | null;
  ratedPerHour: number | null;
}

/** Enters an installation, once point and meter are found to fit and the range is free. */
export const install = async (
  tx: Tx,
  acting: Acting,
  wanted: Wanted,
  reason?: string,
): Promise<Installation> => only(await installAll(tx, acting, [wanted], { reason }));

/**
 * The same for many, none of which shares its point or its meter with another of them. `refuse` is told the
 * first, in their order, that may not be.
 */
export async function installAll(
  tx: Tx,
  { projectId, ...who }: Acting,
  all: readonly Wanted[],
  { reason, refuse = thrown }: { reason?: string | undefined; refuse?: Refuse } = {},
): Promise<Installation[]> {
  if (all.length === 0) return [];
  const [pointIds, meterIds] = [all.map((w) => w.pointId), all.map((w) => w.meterId)];
  const foundPoints = await tx
    .select({ id: points.id, commodity: points.commodity, retiredAt: points.retiredAt })
    .from(points)
    .where(and(eq(points.projectId, projectId), isOneOf(points.id, pointIds)))
    .for('share');
  const foundMeters = await tx
    .select({ id: meters.id, model: meters.model, retiredAt: meters.retiredAt })
    .from(meters)
    .where(and(eq(meters.projectId, projectId), isOneOf(meters.id, meterIds)))
    .for('share');
  const pointOf = new Map(foundPoints.map((point) => [point.id, point]));
  const meterOf = new Map(foundMeters.map((meter) => [meter.id, meter]));
  const values = all.map((wanted, nth) => {
    const [point, meter] = [pointOf.get(wanted.pointId), meterOf.get(wanted.meterId)];
    if (!point) return refuse(nth, notFound('point'));
    if (!meter) return refuse(nth, notFound('meter'));
    const model = modelOf(meter.model);
    const obstacle =
      outOfUse(point, wanted.validTo, 'point') ??
      outOfUse(meter, wanted.validTo, 'meter') ??
      (model && model.commodity !== point.commodity
        ? new Problem(
            'invalid-request',
            `json/meterId: a meter for ${model.commodity} cannot stand at a point for ${point.commodity}`,
          )
        : undefined);
    if (obstacle) return refuse(nth, obstacle);
    const basis = wanted.basis ?? (model?.primary ? ('primary' as const) : ('secondary' as const));
    return { ...exactOf(wanted), projectId, basis };
  });
  await assertAllFree(tx, { projectId, id: null, all }, refuse);
  const rows = await inSlices(values, (some) =>
    tx.insert(installations).values(some).returning(),
  ).catch(overlapping);
  const why = reason === undefined ? undefined : `meter replaced: ${reason}`;
  const from = rows.map(({ pointId, validFrom }) => ({ id: pointId, fromMs: validFrom.getTime() }));
  await rebuildFrom(tx, { projectId, points: from, ...(why && { why }) });
  await recordAll(
    tx,
    rows.map((row) => ({
      projectId,
      ...who,
      action: 'installation.created',
      subjectKind: 'installation',
      subjectId: row.id,
      detail: { ...shown(row), ...(reason !== undefined && { reason }) },
    })),
  );
  return rows;
}

const isOneOf = (column: SQLWrapper, ids: readonly string[]) =>
  sql`${column} = ANY (${`{${ids.join(',')}}`}::bigint[])`;

/** What is out of use may stand somewhere only until it was retired. */
function outOfUse(
  { retiredAt }: { retiredAt: Date | null },
  validTo: Date | null,
  what: string,
): Problem | undefined {
  if (retiredAt === null || (validTo !== null && validTo <= retiredAt)) return undefined;
  return new Problem('conflict', `The ${what} is retired.`);
}

interface Range {
  pointId: string;
  meterId: string;
  validFrom: Date;
  validTo: Date | null;
}

/** Throws Problem `overlap` that names the range which is in the way; `id` is the installation itself. */
export const assertFree = (
  tx: Tx,
  { projectId, id, ...wanted }: Range & { projectId: string; id: string | null },
): Promise<void> => assertAllFree(tx, { projectId, id, all: [wanted] }, thrown);

async function assertAllFree(
  tx: Tx,
  { projectId, id, all }: { projectId: string; id: string | null; all: readonly Range[] },
  refuse: Refuse,
): Promise<void> {
  const ranges = all.map(({ pointId, meterId, validFrom, validTo }, nth) => ({
    ...{ nth, point: pointId, meter: meterId, begins: validFrom, ends: validTo },
  }));
  const { rows } = await tx.execute<{
    nth: number;
    point: string;
    serial: string;
    valid_from: Date;
    valid_to: Date | null;
    same_point: boolean;
  }>(sql`
    WITH wanted AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(ranges)}::jsonb)
        AS t (nth int, point bigint, meter bigint, begins timestamptz, ends timestamptz)),
    near AS (
      SELECT w.nth, i.id FROM wanted w
      JOIN installations i ON i.project_id = ${projectId}::bigint AND i.point_id = w.point
      UNION SELECT w.nth, i.id FROM wanted w
      JOIN installations i ON i.project_id = ${projectId}::bigint AND i.meter_id = w.meter)
    SELECT n.nth, p.code AS point, m.serial, i.valid_from, i.valid_to,
      i.point_id = w.point AS same_point
    FROM near n JOIN wanted w ON w.nth = n.nth
    JOIN installations i ON i.project_id = ${projectId}::bigint AND i.id = n.id
    JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
    JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
    WHERE i.id <> coalesce(${id}::bigint, 0)
      AND tstzrange(i.valid_from, i.valid_to) && tstzrange(w.begins, w.ends)
    ORDER BY n.nth, i.valid_from LIMIT 1`);
  const other = rows[0];
  if (!other) return;
  const from = new Date(other.valid_from).toISOString();
  const range = `from ${from} ${other.valid_to ? `to ${new Date(other.valid_to).toISOString()}` : 'on'}`;
  refuse(
    other.nth,
    new Problem(
      'overlap',
      other.same_point
        ? `Meter ${other.serial} stands at this point ${range}.`
        : `The meter stands at point ${other.point} ${range}.`,
    ),
  );
}

/** For `.catch` of a write to installations. */
export const overlapping = broken({
  _overlap: new Problem('overlap', 'The range overlaps another installation.'),
});

const exactFields = ['firstRegister', 'lastRegister', 'registerSpan', 'ratedPerHour'] as const;
type ExactField = (typeof exactFields)[number];

/** The same values with their exact integers as bigint; what is undefined stays out. */
export function exactOf<V extends Partial<Record<ExactField, number | null>>>(values: V) {
  const exact: Partial<Record<ExactField, bigint | null>> = {};
  for (const field of exactFields) {
    const value = values[field];
    if (value !== undefined) exact[field] = value === null ? null : BigInt(value);
  }
  return { ...values, ...exact } as Omit<V, ExactField> & typeof exact;
}

export const whole = (value: bigint | null) => (value === null ? null : Number(value));

/** As the API shows it. */
export const shown = (i: Installation): InstallationRow => ({
  id: i.id,
  pointId: i.pointId,
  meterId: i.meterId,
  from: i.validFrom.toISOString(),
  to: i.validTo?.toISOString() ?? null,
  firstRegister: whole(i.firstRegister),
  lastRegister: whole(i.lastRegister),
  ct: i.ct,
  pt: i.pt,
  basis: i.basis,
  registerSpan: whole(i.registerSpan),
  ratedPerHour: whole(i.ratedPerHour),
});

/** The values of a row as the API shows it, to be stored again. */
export const stored = ({ id: _, from, to, ...row }: InstallationRow) => ({
  ...exactOf(row),
  validFrom: new Date(from),
  validTo: to === null ? null : new Date(to),
});

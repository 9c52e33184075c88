/** An installation as the API shows it and as it is stored; entering one where point, meter and dates allow it. */
import { z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { idSchema } from '../sql/route.ts';
import { type InstallationRow, installations, meters, points } from '../sql/schema/index.ts';
import { registerSchema } from './fields.ts';
import { modelOf } from './models.ts';
import { rebuildFrom } from './rebuild.ts';
import { type Acting, broken, only } from './rows.ts';

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
export async function install(
  tx: Tx,
  { projectId, ...who }: Acting,
  wanted: Wanted,
  reason?: string,
): Promise<Installation> {
  const { pointId, meterId } = wanted;
  const [[point], [meter]] = [
    await tx
      .select({ commodity: points.commodity, retiredAt: points.retiredAt })
      .from(points)
      .where(and(eq(points.projectId, projectId), eq(points.id, pointId)))
      .for('share'),
    await tx
      .select({ model: meters.model, retiredAt: meters.retiredAt })
      .from(meters)
      .where(and(eq(meters.projectId, projectId), eq(meters.id, meterId)))
      .for('share'),
  ];
  if (!point) throw notFound('point');
  if (!meter) throw notFound('meter');
  assertInUse(point, wanted.validTo, 'point');
  assertInUse(meter, wanted.validTo, 'meter');
  const model = modelOf(meter.model);
  if (model && model.commodity !== point.commodity) {
    throw new Problem(
      'invalid-request',
      `json/meterId: a meter for ${model.commodity} cannot stand at a point for ${point.commodity}`,
    );
  }
  await assertFree(tx, { projectId, id: null, ...wanted });
  const row = only(
    await tx
      .insert(installations)
      .values({
        ...exactOf(wanted),
        projectId,
        basis: wanted.basis ?? (model?.primary ? 'primary' : 'secondary'),
      })
      .returning()
      .catch(overlapping),
  );
  const fromMs = wanted.validFrom.getTime();
  const why = reason === undefined ? undefined : `meter replaced: ${reason}`;
  await rebuildFrom(tx, { projectId, points: [{ id: pointId, fromMs }], ...(why && { why }) });
  await record(tx, {
    projectId,
    ...who,
    action: 'installation.created',
    subjectKind: 'installation',
    subjectId: row.id,
    detail: { ...shown(row), ...(reason !== undefined && { reason }) },
  });
  return row;
}

/** What is out of use may stand somewhere only until it was retired. */
function assertInUse(
  { retiredAt }: { retiredAt: Date | null },
  validTo: Date | null,
  what: string,
): void {
  if (retiredAt === null || (validTo !== null && validTo <= retiredAt)) return;
  throw new Problem('conflict', `The ${what} is retired.`);
}

/** Throws Problem `overlap` that names the range which is in the way. */
export async function assertFree(
  tx: Tx,
  wanted: {
    projectId: string;
    id: string | null;
    pointId: string;
    meterId: string;
    validFrom: Date;
    validTo: Date | null;
  },
): Promise<void> {
  const { rows } = await tx.execute<{
    point: string;
    serial: string;
    valid_from: Date;
    valid_to: Date | null;
    same_point: boolean;
  }>(sql`
    SELECT p.code AS point, m.serial, i.valid_from, i.valid_to,
      i.point_id = ${wanted.pointId}::bigint AS same_point
    FROM installations i
    JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
    JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
    WHERE i.project_id = ${wanted.projectId}::bigint AND i.id <> coalesce(${wanted.id}::bigint, 0)
      AND (i.point_id = ${wanted.pointId}::bigint OR i.meter_id = ${wanted.meterId}::bigint)
      AND tstzrange(i.valid_from, i.valid_to) && tstzrange(${wanted.validFrom.toISOString()}::timestamptz,
        ${wanted.validTo?.toISOString() ?? null}::timestamptz)
    ORDER BY i.valid_from LIMIT 1`);
  const other = rows[0];
  if (!other) return;
  const from = new Date(other.valid_from).toISOString();
  const range = `from ${from} ${other.valid_to ? `to ${new Date(other.valid_to).toISOString()}` : 'on'}`;
  throw new Problem(
    'overlap',
    other.same_point
      ? `Meter ${other.serial} stands at this point ${range}.`
      : `The meter stands at point ${other.point} ${range}.`,
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

/**
 * Corrections of a meter over a dated range: it counted too much or too little, or its clock was off. The
 * samples stay as they came; the intervals of the range are built anew.
 */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { meterCorrections } from '../sql/schema/index.ts';
import { datedSchema, idPageQuery, textSchema } from './fields.ts';
import { rebuildMeters } from './rebuild.ts';
import type { IngestDeps } from './routes.ts';
import { type Acting, by, only, pageOf } from './rows.ts';
import {
  WITHDRAWAL,
  type WithdrawalRow,
  withdrawalFields,
  withdrawalOf,
  withdrawalRoute,
  withdrawCorrection,
} from './withdrawals.ts';

const PPM = 10_000;
/** Within these a meter is broken, not inexact. */
const ERROR_PERCENT = { min: -50, max: 100 };
const SHIFT_S_MAX = 86_400;

const correctionSchema = z
  .object({
    id: idSchema,
    meterId: idSchema,
    serial: z.string(),
    kind: z.enum(['error', 'clock']),
    from: z.string(),
    to: z.string(),
    errorPercent: z.number().nullable().openapi({ description: 'It counts so much too much' }),
    shiftS: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'Added to the time of its samples' }),
    reason: z.string(),
    madeBy: z.string(),
    madeAt: z.string(),
    ...withdrawalFields,
  })
  .openapi('MeterCorrection');

const percentSchema = z
  .number()
  .min(ERROR_PERCENT.min)
  .max(ERROR_PERCENT.max)
  .refine((n) => n !== 0 && Number.isInteger(Math.round(n * 1e6) / 100), 'four decimals at most');
const common = { meterId: idSchema, reason: textSchema };

/** What is sent to correct a meter; `sinceProven` is the half-time preset. */
export const correctionBody = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('error'),
    errorPercent: percentSchema,
    from: datedSchema.optional(),
    to: datedSchema,
    sinceProven: datedSchema.optional().openapi({
      description: 'Instead of `from`: last proven right then; the later half of the time counts',
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('clock'),
    shiftS: z
      .number()
      .int()
      .min(-SHIFT_S_MAX)
      .max(SHIFT_S_MAX)
      .refine((n) => n !== 0, 'is zero'),
    from: datedSchema,
    to: datedSchema,
  }),
]);

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/meter-corrections',
  summary: 'Where meters are read otherwise than they said, and why',
  ...needs('device.read'),
  request: { params: projectParams, query: idPageQuery.extend({ meterId: idSchema.optional() }) },
  responses: answers(listOf(correctionSchema)),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/meter-corrections',
  summary: 'A meter counted too much, or its clock was off: its intervals are built anew',
  ...needs('reading.edit'),
  request: { params: projectParams, body: takes(correctionBody) },
  responses: makes(correctionSchema),
});

const withdraw = withdrawalRoute({
  path: 'meter-corrections',
  summary: 'Take a correction back',
  permission: 'reading.edit',
  row: correctionSchema,
});

export function meterCorrectionRoutes({ db }: IngestDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, meterId } = c.req.valid('query');
      const rows = await read(db, { projectId, limit: limit + 1, after: cursor, meterId });
      return c.json({ ...pageOf(rows, limit), totals: null }, 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const body = c.req.valid('json');
      const id = await db.transaction((tx) => correctMeter(tx, { projectId, ...by(c) }, body));
      return c.json(only(await read(db, { projectId, id, limit: 1 })), 201);
    })
    .openapi(withdraw, async (c) => {
      const { projectId, correctionId: id } = c.req.valid('param');
      const { reason } = c.req.valid('json');
      await db.transaction(async (tx) => {
        const [found] = await read(tx, { projectId, id, limit: 1 });
        if (!found) throw notFound('correction');
        await withdrawCorrection(tx, { projectId, ...by(c) }, { id, reason });
        const meters = [{ id: found.meterId, ...reachOf(found) }];
        await rebuildMeters(tx, { projectId, meters, why: `correction withdrawn: ${reason}` });
      });
      return c.json(only(await read(db, { projectId, id, limit: 1 })), 201);
    });
}

/**
 * Corrects a meter; returns the id. Throws Problem `not-found`, `invalid-request` for a range that is empty or
 * does not lie on quarter-hours, `overlap` with another correction of the kind.
 */
export async function correctMeter(
  tx: Tx,
  { projectId, actor, traceId }: Acting,
  body: z.output<typeof correctionBody>,
): Promise<string> {
  const { meterId, kind, reason } = body;
  const from = fromOf(body);
  const [fromMs, toMs] = [Date.parse(from), Date.parse(body.to)];
  if (toMs <= fromMs) throw new Problem('invalid-request', 'json/to: must be later than from');
  if (kind === 'error' && (fromMs % SLOT_MS !== 0 || toMs % SLOT_MS !== 0)) {
    throw new Problem('invalid-request', 'json/from: an error begins and ends on a quarter-hour');
  }
  // The row that is locked while ranges are compared: two people do not correct one meter at once.
  const meters = await tx.execute(sql`SELECT id FROM meters
    WHERE project_id = ${projectId}::bigint AND id = ${meterId}::bigint FOR UPDATE`);
  if (meters.rows.length === 0) throw notFound('meter');
  const others = await read(tx, { projectId, meterId, limit: 1000 });
  const other = others.find(
    (o) =>
      o.kind === kind &&
      o.withdrawnAt === null &&
      Date.parse(o.from) < toMs &&
      Date.parse(o.to) > fromMs,
  );
  if (other) {
    throw new Problem(
      'overlap',
      `The meter is corrected already from ${other.from} to ${other.to}.`,
    );
  }
  const value =
    kind === 'error' ? Math.round(body.errorPercent * PPM) : Math.round(body.shiftS * 1000);
  const row = only(
    await tx
      .insert(meterCorrections)
      .values({
        ...{ projectId, meterId, kind, reason, madeBy: actor.id, value: BigInt(value) },
        ...{ validFrom: new Date(fromMs), validTo: new Date(toMs) },
      })
      .returning({ id: meterCorrections.id }),
  );
  const reach = reachOf({ from, to: body.to, shiftS: kind === 'clock' ? body.shiftS : null });
  await rebuildMeters(tx, {
    ...{ projectId, meters: [{ id: meterId, ...reach }] },
    why: `${kind === 'error' ? 'error' : 'clock'} corrected: ${reason}`,
  });
  await record(tx, {
    ...{ projectId, actor, traceId, action: 'meter.corrected' },
    ...{ subjectKind: 'meter', subjectId: meterId, detail: { ...body, correctionId: row.id } },
  });
  return row.id;
}

/** The preset: between proven right and found wrong nobody knows when it began, so half of it counts. */
function fromOf(body: z.output<typeof correctionBody>): string {
  if (body.kind === 'clock') return body.from;
  const { from, sinceProven, to } = body;
  if ((from === undefined) === (sinceProven === undefined)) {
    throw new Problem('invalid-request', 'json/from: say either from or sinceProven');
  }
  if (from !== undefined) return from;
  const [since, until] = [Date.parse(sinceProven ?? ''), Date.parse(to)];
  return new Date(Math.ceil((since + until) / 2 / SLOT_MS) * SLOT_MS).toISOString();
}

/** From when on its samples may lie elsewhere than before, epoch ms. */
const reachOf = ({ from, shiftS }: { from: string; to: string; shiftS: number | null }) => ({
  fromMs: Date.parse(from) + Math.min(0, (shiftS ?? 0) * 1000),
});

async function read(
  tx: Queryable,
  {
    projectId,
    limit,
    after = null,
    meterId = null,
    id = null,
  }: {
    projectId: string;
    limit: number;
    after?: string | null;
    meterId?: string | null;
    id?: string | null;
  },
): Promise<z.output<typeof correctionSchema>[]> {
  const { rows } = await tx.execute<
    {
      id: string;
      meter_id: string;
      serial: string;
      kind: 'error' | 'clock';
      valid_from: string;
      valid_to: string;
      value: string;
      reason: string;
      made_by: string;
      created_at: string;
    } & WithdrawalRow
  >(sql`
    SELECT c.id::text, c.meter_id::text, m.serial, c.kind, c.valid_from, c.valid_to, c.value::text, c.reason,
      c.made_by, c.created_at, ${WITHDRAWAL.columns}
    FROM meter_corrections c JOIN meters m ON m.project_id = c.project_id AND m.id = c.meter_id
      ${WITHDRAWAL.join}
    WHERE c.project_id = ${projectId}::bigint AND c.id > ${after ?? '0'}::bigint
      AND (${meterId}::bigint IS NULL OR c.meter_id = ${meterId}::bigint)
      AND (${id}::bigint IS NULL OR c.id = ${id}::bigint)
    ORDER BY c.id LIMIT ${limit}`);
  return rows.map((r) => ({
    id: r.id,
    meterId: r.meter_id,
    serial: r.serial,
    kind: r.kind,
    from: new Date(r.valid_from).toISOString(),
    to: new Date(r.valid_to).toISOString(),
    errorPercent: r.kind === 'error' ? Number(r.value) / PPM : null,
    shiftS: r.kind === 'clock' ? Number(r.value) / 1000 : null,
    reason: r.reason,
    madeBy: r.made_by,
    madeAt: new Date(r.created_at).toISOString(),
    ...withdrawalOf(r),
  }));
}

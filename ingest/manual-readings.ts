/** Registers that a person read at the meter: they count like samples, and carry a name and a reason. */
import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
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
import { manualReadings } from '../sql/schema/index.ts';
import { datedSchema, idPageQuery, registerSchema, textSchema } from './fields.ts';
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

/** Beyond this no register of ours counts (43 bits). */
const REGISTER_MAX = 2 ** 43 - 1;

const readingSchema = z
  .object({
    id: idSchema,
    meterId: idSchema,
    serial: z.string(),
    at: z.string(),
    register: z.number().int(),
    reason: z.string(),
    readBy: z.string(),
    madeAt: z.string(),
    ...withdrawalFields,
  })
  .openapi('ManualReading');

/** The billing register as the meter shows it, in Wh or litres, before CT and PT. */
export const manualReadingBody = z.strictObject({
  meterId: idSchema,
  at: datedSchema,
  register: registerSchema.max(REGISTER_MAX),
  reason: textSchema,
});

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/manual-readings',
  summary: 'Registers that people read at the meter',
  ...needs('reading.read'),
  request: { params: projectParams, query: idPageQuery.extend({ meterId: idSchema.optional() }) },
  responses: answers(listOf(readingSchema)),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/manual-readings',
  summary: 'Enter a register that was read at the meter',
  ...needs('reading.edit'),
  request: { params: projectParams, body: takes(manualReadingBody) },
  responses: makes(readingSchema),
});

const withdraw = withdrawalRoute({
  path: 'manual-readings',
  summary: 'Take a reading by hand back',
  permission: 'reading.edit',
  row: readingSchema,
});

export function manualReadingRoutes({ db, clock }: IngestDeps) {
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
      const id = await db.transaction((tx) =>
        readByHand(tx, { projectId, ...by(c) }, { ...body, clock }),
      );
      return c.json(only(await read(db, { projectId, id, limit: 1 })), 201);
    })
    .openapi(withdraw, async (c) => {
      const { projectId, correctionId: id } = c.req.valid('param');
      const { reason } = c.req.valid('json');
      await db.transaction(async (tx) => {
        const [found] = await read(tx, { projectId, id, limit: 1 });
        if (!found) throw notFound('reading');
        await withdrawCorrection(tx, { projectId, ...by(c) }, { id, reason });
        const meters = [{ id: found.meterId, fromMs: Date.parse(found.at) }];
        await rebuildMeters(tx, { projectId, meters, why: `correction withdrawn: ${reason}` });
      });
      return c.json(only(await read(db, { projectId, id, limit: 1 })), 201);
    });
}

/** Enters a reading; returns its id. Throws Problem `not-found`, `conflict`, `invalid-request` in the future. */
export async function readByHand(
  tx: Tx,
  { projectId, actor, traceId }: Acting,
  { clock, ...body }: z.output<typeof manualReadingBody> & { clock: Clock },
): Promise<string> {
  const { meterId, at, register, reason } = body;
  if (Date.parse(at) > clock().getTime()) {
    throw new Problem('invalid-request', 'json/at: lies in the future');
  }
  const meters = await tx.execute(sql`SELECT id FROM meters
    WHERE project_id = ${projectId}::bigint AND id = ${meterId}::bigint FOR UPDATE`);
  if (meters.rows.length === 0) throw notFound('meter');
  const others = await tx.execute<{ register: string }>(sql`
    SELECT register::text FROM manual_readings c
    WHERE project_id = ${projectId}::bigint AND meter_id = ${meterId}::bigint AND at = ${at}::timestamptz
      AND NOT EXISTS (SELECT FROM correction_withdrawals w
        WHERE w.project_id = c.project_id AND w.correction_id = c.id)`);
  if (others.rows[0]) {
    throw new Problem('conflict', `${others.rows[0].register} was read at that time already.`);
  }
  const row = only(
    await tx
      .insert(manualReadings)
      .values({
        ...{ projectId, meterId, at: new Date(at), register: BigInt(register) },
        ...{ reason, readBy: actor.id },
      })
      .returning({ id: manualReadings.id }),
  );
  await rebuildMeters(tx, {
    ...{ projectId, meters: [{ id: meterId, fromMs: Date.parse(at) }] },
    why: `read by hand: ${reason}`,
  });
  await record(tx, {
    ...{ projectId, actor, traceId, action: 'meter.read-by-hand' },
    ...{ subjectKind: 'meter', subjectId: meterId, detail: { ...body, readingId: row.id } },
  });
  return row.id;
}

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
): Promise<z.output<typeof readingSchema>[]> {
  const { rows } = await tx.execute<
    {
      id: string;
      meter_id: string;
      serial: string;
      at: string;
      register: string;
      reason: string;
      read_by: string;
      created_at: string;
    } & WithdrawalRow
  >(sql`
    SELECT c.id::text, c.meter_id::text, m.serial, c.at, c.register::text, c.reason, c.read_by, c.created_at,
      ${WITHDRAWAL.columns}
    FROM manual_readings c JOIN meters m ON m.project_id = c.project_id AND m.id = c.meter_id
      ${WITHDRAWAL.join}
    WHERE c.project_id = ${projectId}::bigint AND c.id > ${after ?? '0'}::bigint
      AND (${meterId}::bigint IS NULL OR c.meter_id = ${meterId}::bigint)
      AND (${id}::bigint IS NULL OR c.id = ${id}::bigint)
    ORDER BY c.id LIMIT ${limit}`);
  return rows.map((r) => ({
    id: r.id,
    meterId: r.meter_id,
    serial: r.serial,
    at: new Date(r.at).toISOString(),
    register: Number(r.register),
    reason: r.reason,
    readBy: r.read_by,
    madeAt: new Date(r.created_at).toISOString(),
    ...withdrawalOf(r),
  }));
}

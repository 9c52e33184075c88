/** A meter read once before it is entered: what answers at an address, how long it takes, or what went wrong. */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Db } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { answers, createRoutes, idSchema, needs, projectParams, takes } from '../sql/route.ts';
import { buses, testReads } from '../sql/schema/index.ts';
import { modelSchema, unitSchema } from './fields.ts';
import type { IngestDeps } from './routes.ts';
import { by, only } from './rows.ts';
import type { TestAnswer } from './test-reader.ts';

/** A question that ingest has not begun by then is not begun any more. */
const EXPIRES_MS = 5_000;
/** Longest wait for an answer; a bus with longer time-outs is answered to nobody. */
const WAIT_MS = 30_000;
const LOOK_MS = 100;
/** What is older is swept up. */
const KEPT_MS = 3_600_000;

const answerSchema = z
  .object({
    outcome: z.enum(['read', 'failed', 'unanswered']),
    why: z
      .string()
      .nullable()
      .openapi({ description: 'timeout, unreachable, exception:2, violation:crc …; not-begun' }),
    durationMs: z.number().int().nullable(),
    registers: z.array(z.object({ address: z.number().int(), words: z.string() })),
    channels: z.record(z.string(), z.number()),
    quality: z.string().nullable(),
    clockOffsetMs: z.number().int().nullable(),
    number: z.string().nullable(),
    enteredAs: z
      .object({ meterId: idSchema, serial: z.string() })
      .nullable()
      .openapi({ description: 'The meter that stands at this address already' }),
  })
  .openapi('TestRead');

const ask = createRoute({
  method: 'post',
  path: '/projects/{projectId}/gateways/{gatewayId}/test-read',
  summary: 'Read an address of a bus once, as a model; nothing is entered by it',
  ...needs('device.write'),
  request: {
    params: projectParams.extend({ gatewayId: idSchema }),
    body: takes(z.strictObject({ bus: idSchema, address: unitSchema, model: modelSchema })),
  },
  responses: answers(answerSchema),
});

export function testReadRoutes({ db, clock }: IngestDeps) {
  return createRoutes().openapi(ask, async (c) => {
    const { projectId, gatewayId } = c.req.valid('param');
    const { bus: busId, address: unit, model } = c.req.valid('json');
    const now = clock();
    const { id } = await db.transaction(async (tx) => {
      const [bus] = await tx
        .select({ retiredAt: buses.retiredAt })
        .from(buses)
        .where(
          and(eq(buses.projectId, projectId), eq(buses.id, busId), eq(buses.gatewayId, gatewayId)),
        );
      if (!bus) throw notFound('bus');
      if (bus.retiredAt) throw new Problem('conflict', 'The bus is retired.');
      await tx.execute(sql`
        DELETE FROM test_reads WHERE project_id = ${projectId}::bigint
          AND requested_at < ${new Date(now.getTime() - KEPT_MS).toISOString()}::timestamptz`);
      const expiresAt = new Date(now.getTime() + EXPIRES_MS);
      const asked = { projectId, busId, unit, model, requestedAt: now, expiresAt };
      const made = only(await tx.insert(testReads).values(asked).returning({ id: testReads.id }));
      await record(tx, {
        projectId,
        ...by(c),
        action: 'bus.test-read',
        subjectKind: 'bus',
        subjectId: busId,
        detail: { unit, model },
      });
      return made;
    });
    const [answer, enteredAs] = await Promise.all([
      answerTo(db, { projectId, id, signal: c.req.raw.signal }),
      meterAt(db, { projectId, busId, unit }),
    ]);
    return c.json({ ...shown(answer), enteredAs }, 200);
  });
}

/** Waits for ingest's answer, as long as whoever asked does; null: it has not come. */
async function answerTo(
  db: Db,
  { projectId, id, signal }: { projectId: string; id: string; signal: AbortSignal },
): Promise<{ isBegun: boolean; answer: TestAnswer | null }> {
  let isBegun = false;
  for (let waitedMs = 0; waitedMs < WAIT_MS && !signal.aborted; waitedMs += LOOK_MS) {
    const { rows } = await db.execute<{ answer: TestAnswer | null; begun: boolean }>(sql`
      SELECT answer, started_at IS NOT NULL AS begun FROM test_reads
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
    const [row] = rows;
    if (row?.answer) return { isBegun: true, answer: row.answer };
    isBegun = row?.begun ?? false;
    if (!isBegun && waitedMs > EXPIRES_MS) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return { isBegun, answer: null };
}

async function meterAt(
  db: Db,
  { projectId, busId, unit }: { projectId: string; busId: string; unit: number },
): Promise<{ meterId: string; serial: string } | null> {
  const { rows } = await db.execute<{ id: string; serial: string }>(sql`
    SELECT id::text, serial FROM meters WHERE project_id = ${projectId}::bigint
      AND bus_id = ${busId}::bigint AND unit = ${unit} AND retired_at IS NULL`);
  const [meter] = rows;
  return meter ? { meterId: meter.id, serial: meter.serial } : null;
}

const NOTHING = {
  why: null,
  durationMs: null,
  registers: [],
  channels: {},
  quality: null,
  clockOffsetMs: null,
  number: null,
};

function shown({ isBegun, answer }: { isBegun: boolean; answer: TestAnswer | null }) {
  if (answer) return { ...NOTHING, ...answer };
  const why = isBegun ? 'no-answer-in-time' : 'not-begun';
  return { ...NOTHING, outcome: 'unanswered' as const, why };
}

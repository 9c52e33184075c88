/**
 * The meter of a point is replaced: at one instant, with both in place for a while, or with a pause between. Every
 * unit is counted once, by one of the two, and their registers say how much it was.
 */
import { createRoute, z } from '@hono/zod-openapi';
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import type { Tx } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import { createRoutes, idSchema, makes, needs, projectParams, takes } from '../sql/route.ts';
import { installations, meters, points } from '../sql/schema/index.ts';
import { datedSchema, modelSchema, registerSchema, serialSchema, textSchema } from './fields.ts';
import { keepChange } from './installation-changes.ts';
import {
  assertFree,
  deviceFields,
  exactOf,
  install,
  installationSchema,
  shown,
  whole,
} from './installation-rows.ts';
import { readByHand } from './manual-readings.ts';
import { addMeter, moveMeter } from './meters.ts';
import { registerAt, registerKnownAt } from './register-at.ts';
import type { IngestDeps } from './routes.ts';
import { type Acting, by, only } from './rows.ts';

/** What is sent to replace the meter of a point. */
export const replacementBody = z.strictObject({
  at: datedSchema.openapi({ description: 'The new one was put in' }),
  removedAt: datedSchema.optional().openapi({
    description:
      'The old one was removed; unset: at the same instant. Later: both were in place, and the old one counts. Sooner: a pause, which the new one’s first register bridges',
  }),
  lastRegister: registerSchema.nullable().default(null),
  ...deviceFields,
  meterId: idSchema.optional().openapi({ description: 'The new one, where it was entered before' }),
  newMeter: z
    .strictObject({ serial: serialSchema, model: modelSchema.optional() })
    .optional()
    .openapi({ description: 'Else it is entered with this; unset model: that of the old one' }),
  takesPlace: z.boolean().default(false).openapi({
    description: 'The old one leaves its bus, and the new one is read there at the same unit',
  }),
  reason: textSchema,
});

/** The two may lie so far apart. */
const APART_DAYS_MAX = 31;
const DAY_MS = 86_400_000;

const replace = createRoute({
  method: 'post',
  path: '/projects/{projectId}/points/{pointId}/replacements',
  summary: 'Replace the meter of a point: at one instant, with an overlap, or with a pause between',
  ...needs('device.write'),
  request: { params: projectParams.extend({ pointId: idSchema }), body: takes(replacementBody) },
  responses: makes(installationSchema),
});

export function replacementRoutes({ db, questdb, clock }: IngestDeps) {
  return createRoutes().openapi(replace, async (c) => {
    const { projectId, pointId } = c.req.valid('param');
    const body = { pointId, ...c.req.valid('json') };
    const made = await db.transaction((tx) =>
      replaceMeter(tx, { projectId, ...by(c) }, { ...body, questdb, clock }),
    );
    return c.json(shown(made), 201);
  });
}

type Replacement = z.output<typeof replacementBody> & {
  pointId: string;
  questdb: Questdb;
  clock: Clock;
};

/**
 * The meter that stands at a point leaves and another one comes. The point changes over when the old one is removed:
 * with an overlap the new one counts from its register of that instant, on the line from the first register to its
 * readings; with a pause its first register holds at both ends of it, so that the pause is estimated and the total is
 * that of the registers. A register that was not noted is that between the readings around the instant, where there
 * are such. Throws Problem `not-found`, `invalid-request`, `conflict` when none stands there then or a register is not
 * known, `overlap` when the new one stands elsewhere.
 */
export async function replaceMeter(tx: Tx, acting: Acting, wanted: Replacement) {
  const { projectId } = acting;
  const { pointId, at, removedAt = at, lastRegister, questdb, clock, reason, ...others } = wanted;
  const when = { placed: new Date(at), removed: new Date(removedAt) };
  const isPause = when.removed < when.placed;
  if (Math.abs(when.placed.getTime() - when.removed.getTime()) > APART_DAYS_MAX * DAY_MS) {
    throw new Problem('invalid-request', `json/removedAt: ${APART_DAYS_MAX} days apart at most`);
  }
  const before = await standingAt(tx, { projectId, pointId, ...when });
  const { meterId: entered, newMeter, takesPlace, ...device } = others;
  const meterId = await comingMeter(tx, acting, {
    ...{ oldId: before.meterId, entered, newMeter, takesPlace, at: clock() },
  });
  const values = { ...device, meterId };
  // Where it stood elsewhere in the meantime, its readings were of that place.
  const alone = { validFrom: when.placed, validTo: when.removed };
  if (when.placed < when.removed) {
    await assertFree(tx, { projectId, id: null, pointId: '0', meterId, ...alone });
  }
  const last =
    lastRegister ??
    (await knownOf(tx, { projectId, questdb, meterId: before.meterId }, when.removed));
  const firstRegister = await firstOf(tx, { ...wanted, ...when, projectId, meterId });
  const old = only(
    await tx
      .update(installations)
      .set({ validTo: when.removed, ...exactOf({ lastRegister: last }) })
      .where(and(eq(installations.projectId, projectId), eq(installations.id, before.id)))
      .returning(),
  );
  await record(tx, {
    ...{ ...acting, action: 'installation.ended' },
    ...{ subjectKind: 'installation', subjectId: old.id },
    detail: { pointId, meterId: old.meterId, at: removedAt, lastRegister: last, reason },
  });
  const dates = { validFrom: when.removed, validTo: null, lastRegister: null };
  const fresh = await install(tx, acting, { ...values, firstRegister, pointId, ...dates }, reason);
  const readingId =
    isPause && firstRegister !== null
      ? await readByHand(tx, acting, { meterId, at, register: firstRegister, reason, clock })
      : undefined;
  await keepChange(tx, acting, {
    ...{ kind: 'replacement', reason, before: [before], after: [old, fresh] },
    detail: {
      ...{
        at,
        removedAt,
        since: removedAt,
        lastRegister: last,
        firstRegister: values.firstRegister,
      },
      ...(readingId !== undefined && { readingId }),
    },
  });
  return fresh;
}

/**
 * The meter that comes: entered before or now, and where it takes over the place on the line, read there from now on.
 * Throws Problem `invalid-request` unless it is told one way, `conflict` when there is no place to take over.
 */
async function comingMeter(
  tx: Tx,
  acting: Acting,
  {
    oldId,
    entered,
    newMeter,
    takesPlace,
    at,
  }: Pick<Replacement, 'newMeter' | 'takesPlace'> & {
    oldId: string;
    entered: string | undefined;
    at: Date;
  },
): Promise<string> {
  if ((entered === undefined) === (newMeter === undefined)) {
    throw new Problem('invalid-request', 'json/meterId: name the new meter, or enter it');
  }
  const place = takesPlace ? await moveMeter(tx, acting, { meterId: oldId, to: null, at }) : null;
  if (takesPlace && !place?.busId) {
    throw new Problem('conflict', 'The old meter is on no bus: there is no place to take over.');
  }
  const { busId = null, unit = null } = place ?? {};
  if (entered !== undefined) {
    if (busId !== null) await moveMeter(tx, acting, { meterId: entered, to: { busId, unit }, at });
    return entered;
  }
  const { serial = '', model } = newMeter ?? {};
  const wanted = {
    ...{ serial, model: model ?? (await modelOfMeter(tx, { ...acting, meterId: oldId })) },
    ...{ busId, unit, clockZone: null, verifiedUntil: null },
  };
  return await addMeter(tx, acting, { wanted, at });
}

/** The register from which the new meter counts. */
async function firstOf(
  tx: Tx,
  {
    projectId,
    questdb,
    meterId,
    firstRegister,
    placed,
    removed,
  }: Replacement & { projectId: string; meterId: string; placed: Date; removed: Date },
): Promise<number | null> {
  const of = { projectId, questdb, meterId };
  if (removed <= placed) {
    const first = firstRegister ?? (await knownOf(tx, of, placed));
    if (first !== null || removed.getTime() === placed.getTime()) return first;
    throw new Problem(
      'invalid-request',
      'json/firstRegister: with a pause between the two it has to be noted',
    );
  }
  const noted = firstRegister === null ? null : BigInt(firstRegister);
  const register = await registerAt(questdb, {
    ...{ projectId, meterId, model: await modelOfMeter(tx, of), atMs: removed.getTime() },
    ...(noted !== null && { noted: { ms: placed.getTime(), register: noted } }),
  });
  return Number(register);
}

/** What a meter stood at, where its readings tell. */
async function knownOf(
  tx: Tx,
  { projectId, questdb, meterId }: { projectId: string; questdb: Questdb; meterId: string },
  at: Date,
): Promise<number | null> {
  const model = await modelOfMeter(tx, { projectId, meterId });
  const asked = { projectId, meterId, model, atMs: at.getTime() };
  return whole(await registerKnownAt(questdb, asked));
}

async function modelOfMeter(
  tx: Tx,
  { projectId, meterId }: { projectId: string; meterId: string },
): Promise<string> {
  const [found] = await tx
    .select({ model: meters.model })
    .from(meters)
    .where(and(eq(meters.projectId, projectId), eq(meters.id, meterId)));
  if (!found) throw notFound('meter');
  return found.model;
}

/** The installation that stands at the point when the old meter is removed, and was there before the new one. */
async function standingAt(
  tx: Tx,
  {
    projectId,
    pointId,
    placed,
    removed,
  }: { projectId: string; pointId: string; placed: Date; removed: Date },
) {
  const at = removed.toISOString();
  const since = (placed < removed ? placed : removed).toISOString();
  const [row] = await tx
    .select()
    .from(installations)
    .where(
      sql`${installations.projectId} = ${projectId}::bigint AND ${installations.pointId} = ${pointId}::bigint
        AND ${installations.validFrom} < ${since}::timestamptz
        AND (${installations.validTo} IS NULL OR ${installations.validTo} > ${at}::timestamptz)`,
    )
    .for('update');
  if (row) return row;
  const found = await tx
    .select({ id: points.id })
    .from(points)
    .where(and(eq(points.projectId, projectId), eq(points.id, pointId)));
  if (found.length === 0) throw notFound('point');
  throw new Problem('conflict', 'No meter stands at this point then: install one instead.');
}

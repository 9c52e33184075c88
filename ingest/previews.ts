/** The API's previews: any correcting act, tried and taken back. What it costs is asked of billing by the id. */

import { join } from 'node:path';
import { createRoute, z } from '@hono/zod-openapi';
import type { Tx } from '../sql/postgres.ts';
import { createRoutes, idSchema, makes, needs, projectParams, takes } from '../sql/route.ts';
import { editBody } from './edit-routes.ts';
import { type TriedEdit, tryEdit } from './edits.ts';
import { textSchema } from './fields.ts';
import { takeBackChange } from './installation-changes.ts';
import { correctRatio, ratioBody, swapBody, swapMeters } from './installation-corrections.ts';
import { createPreviewer } from './interval-preview.ts';
import { manualReadingBody, readByHand } from './manual-readings.ts';
import { correctionBody, correctMeter } from './meter-corrections.ts';
import { decide } from './quarantine.ts';
import { replaceMeter, replacementBody } from './replacements.ts';
import type { IngestDeps } from './routes.ts';
import { type Acting, by } from './rows.ts';
import { takeBackBody } from './withdrawals.ts';

const body = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('correct-ratio'), installationId: idSchema, with: ratioBody }),
  z.strictObject({ act: z.literal('swap-meters'), with: swapBody }),
  z.strictObject({ act: z.literal('replace-meter'), pointId: idSchema, with: replacementBody }),
  z.strictObject({ act: z.literal('take-back'), changeId: idSchema, with: takeBackBody }),
  z.strictObject({ act: z.literal('correct-meter'), with: correctionBody }),
  z.strictObject({ act: z.literal('read-by-hand'), with: manualReadingBody }),
  z.strictObject({ act: z.literal('edit-intervals'), with: editBody }),
  z.strictObject({
    act: z.literal('decide-quarantine'),
    quarantineId: idSchema,
    with: z.strictObject({
      decision: z.enum(['exclude', 'new-base', 'reopened']),
      reason: textSchema,
    }),
  }),
]);

const previewSchema = z
  .object({
    id: idSchema,
    act: z.string(),
    edit: z
      .object({
        approval: z.enum(['amount', 'no-price']).nullable().openapi({
          description: 'Why a second person would have to approve it; null: none has to',
        }),
        confidence: z.number().int(),
        energyBefore: z.number().int(),
        energyAfter: z.number().int(),
      })
      .nullable()
      .openapi({ description: 'Of an edit: what its range comes to' }),
    points: z.array(
      z.object({
        pointId: idSchema,
        slots: z.number().int().openapi({ description: 'Quarter-hours that change' }),
        from: z.string().nullable(),
        to: z.string().nullable(),
        energyBefore: z.number().int().openapi({ description: 'Base units in those that change' }),
        energyAfter: z.number().int(),
      }),
    ),
  })
  .openapi('IntervalPreview');

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/interval-previews',
  summary: 'Try a correction and take it back: the quarter-hours that it would change',
  ...needs('reading.edit'),
  request: { params: projectParams, body: takes(body) },
  responses: makes(previewSchema),
});

export function previewRoutes(deps: IngestDeps) {
  const { dataDir } = deps;
  const preview = createPreviewer({
    ...deps,
    ...(dataDir !== undefined && { folder: join(dataDir, 'previews') }),
  });
  return createRoutes().openapi(make, async (c) => {
    const { projectId } = c.req.valid('param');
    const wanted = c.req.valid('json');
    const acting = { projectId, ...by(c) };
    const about = { projectId, name: wanted.act, madeBy: acting.actor.id };
    let edit: TriedEdit | null = null;
    const { id, changes } = await preview(about, async (tx) => {
      if (wanted.act !== 'edit-intervals') return tryAct(tx, acting, wanted, deps);
      const at = { questdb: deps.questdb, now: deps.clock() };
      edit = await tryEdit(tx, acting, wanted.with, at);
    });
    const points = changes.map(({ pointId, slots }) => ({
      pointId,
      slots: slots.length,
      from: isoOf(slots[0]?.[0]),
      to: isoOf(slots.at(-1)?.[0]),
      energyBefore: slots.reduce((sum, [, , before]) => sum + (before ?? 0), 0),
      energyAfter: slots.reduce((sum, [, after]) => sum + (after ?? 0), 0),
    }));
    return c.json({ id, act: wanted.act, edit, points }, 201);
  });
}

const isoOf = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());

function tryAct(
  tx: Tx,
  acting: Acting,
  wanted: Exclude<z.output<typeof body>, { act: 'edit-intervals' }>,
  { questdb, clock }: IngestDeps,
): Promise<unknown> {
  const { projectId, actor } = acting;
  switch (wanted.act) {
    case 'correct-ratio': {
      const { installationId } = wanted;
      return correctRatio(tx, acting, { ...wanted.with, installationId, questdb });
    }
    case 'swap-meters':
      return swapMeters(tx, acting, { ...wanted.with, questdb });
    case 'replace-meter':
      return replaceMeter(tx, acting, { ...wanted.with, pointId: wanted.pointId, questdb, clock });
    case 'take-back':
      return takeBackChange(tx, acting, { ...wanted.with, id: wanted.changeId });
    case 'correct-meter':
      return correctMeter(tx, acting, wanted.with);
    case 'read-by-hand':
      return readByHand(tx, acting, { ...wanted.with, clock });
    case 'decide-quarantine': {
      const { quarantineId } = wanted;
      return decide(tx, { projectId, quarantineId, ...wanted.with, actor });
    }
  }
}

/** What letting a tariff hold somewhere would do to the bills: it is assigned, settled and taken back. */
import { createRoute } from '@hono/zod-openapi';
import { answers, createRoutes, needs, projectParams, takes } from '../sql/route.ts';
import { effectSchema, shownEffect } from './effect-routes.ts';
import { by } from './fields.ts';
import { previewDays } from './preview.ts';
import { readProject } from './project.ts';
import type { BillingDeps } from './routes.ts';
import { assertMay, newAssignment } from './tariff-routes.ts';
import { assign } from './tariff-store.ts';

const effect = createRoute({
  method: 'post',
  path: '/projects/{projectId}/tariff-assignments/effect',
  summary: 'What an assignment would do to the days that are settled; nothing is stored',
  ...needs('tariff.write'),
  request: { params: projectParams, body: takes(newAssignment) },
  responses: answers(effectSchema),
});

export function assignmentEffectRoutes({ db, pool, questdb, clock }: BillingDeps) {
  return createRoutes().openapi(effect, async (c) => {
    const { projectId } = c.req.valid('param');
    const assignment = c.req.valid('json');
    assertMay(c, projectId, assignment.correction);
    const project = await readProject(db, projectId);
    const preview = await previewDays({ pool, source: { questdb }, clock }, project, {
      act: async (tx) => (await assign(tx, { projectId, assignment, by: by(c) })).days,
    });
    return c.json(await shownEffect(db, project, preview), 200);
  });
}

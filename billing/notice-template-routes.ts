/** Templates of notices with their preview, and when and of what a project tells its customers. */
import { createRoute, z } from '@hono/zod-openapi';
import {
  answers,
  createRoutes,
  faultSchema,
  listOf,
  needs,
  projectParams,
  takes,
} from '../sql/route.ts';
import { noticeChannels, noticeLanguages } from '../sql/schema/notices.ts';
import { by } from './fields.ts';
import { noticeKindSchema } from './notice-kinds.ts';
import { previewNotice } from './notice-preview.ts';
import { changeNoticeSettings, readNoticeSettings, STAFF_MAX } from './notice-settings.ts';
import { BODY_LENGTH_MAX, SUBJECT_LENGTH_MAX } from './notice-template.ts';
import { listTemplates, wordedChannels, writeTemplate } from './notice-templates.ts';
import type { BillingDeps } from './routes.ts';

const key = {
  kind: noticeKindSchema,
  channel: z.enum(wordedChannels),
  language: z.enum(noticeLanguages),
};
const templateSchema = z
  .object({
    ...key,
    subject: z.string().nullable(),
    body: z.string(),
    providerCode: z.string().nullable(),
    isDefault: z.boolean(),
    names: z.array(z.string()),
    changedBy: z.string().nullable(),
    changedAt: z.string().nullable(),
  })
  .openapi('NoticeTemplate');
/** Longer than what is valid, so that the fault is told with the others. */
const SLACK = 2;
const textFields = {
  subject: z
    .string()
    .max(SUBJECT_LENGTH_MAX * SLACK)
    .nullable(),
  body: z.string().max(BODY_LENGTH_MAX * SLACK),
};

const list = createRoute({
  method: 'get',
  path: '/projects/{projectId}/notice-templates',
  summary: 'The words of every notice, in both languages',
  ...needs('notice.read'),
  request: { params: projectParams },
  responses: answers(listOf(templateSchema)),
});

const templatePath = '/projects/{projectId}/notice-templates/{kind}/{channel}/{language}';
const write = createRoute({
  method: 'put',
  path: templatePath,
  summary: 'Write a template; {names} stand for facts',
  ...needs('notice.configure'),
  request: {
    params: projectParams.extend(key),
    body: takes(
      z.strictObject({
        ...textFields,
        providerCode: z
          .string()
          .trim()
          .regex(/^[\w-]{1,40}$/, 'is no template code')
          .nullable()
          .default(null),
      }),
    ),
  },
  responses: answers(templateSchema),
});

const restore = createRoute({
  method: 'delete',
  path: templatePath,
  summary: 'Take Wattledger’s words again',
  ...needs('notice.configure'),
  request: { params: projectParams.extend(key) },
  responses: answers(templateSchema),
});

const preview = createRoute({
  method: 'post',
  path: '/projects/{projectId}/notice-templates/preview',
  summary: 'A text as a customer would read it, with the newest event of its kind; nothing is kept',
  ...needs('notice.read'),
  request: { params: projectParams, body: takes(z.strictObject({ ...key, ...textFields })) },
  responses: answers(
    z
      .object({
        subject: z.string().nullable(),
        body: z.string(),
        faults: z.array(faultSchema),
        length: z.number().int(),
        lacking: z.array(z.string()),
        sample: z.enum(['event', 'account', 'none']),
        at: z.string().nullable(),
      })
      .openapi('NoticePreview'),
  ),
});

const wallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is no time of day like 22:00');
const settingsSchema = z
  .object({
    quiet: z
      .strictObject({ from: wallTime, to: wallTime })
      .refine(({ from, to }) => from !== to, 'begins when it ends')
      .nullable(),
    urgent: z.array(noticeKindSchema).max(noticeKindSchema.options.length),
    off: z.array(noticeKindSchema).max(noticeKindSchema.options.length),
    staff: z
      .array(
        z.strictObject({
          channel: z.enum(noticeChannels),
          address: z.string().min(1).max(500),
          language: z.enum(noticeLanguages).nullable(),
        }),
      )
      .max(STAFF_MAX)
      .openapi({ description: 'Where people of the project are called; at any hour' }),
  })
  .openapi('NoticeSettings');

const settings = createRoute({
  method: 'get',
  path: '/projects/{projectId}/notice-settings',
  summary: 'Quiet hours in the project’s zone, and what is told in them or not at all',
  ...needs('notice.read'),
  request: { params: projectParams },
  responses: answers(settingsSchema),
});

const change = createRoute({
  method: 'put',
  path: '/projects/{projectId}/notice-settings',
  summary: 'Change when and of what customers are told, and where people of the project are called',
  ...needs('notice.configure'),
  request: {
    params: projectParams,
    // Who changes the hours alone need not know whom the project calls.
    body: takes(settingsSchema.partial({ staff: true })),
  },
  responses: answers(settingsSchema),
});

export function noticeTemplateRoutes({ db, clock }: BillingDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const data = await listTemplates(db, c.req.valid('param').projectId);
      return c.json({ data, nextCursor: null, totals: null }, 200);
    })
    .openapi(preview, async (c) => {
      const { projectId } = c.req.valid('param');
      return c.json(await previewNotice(db, { projectId, ...c.req.valid('json') }), 200);
    })
    .openapi(write, async (c) => {
      const text = c.req.valid('json');
      return c.json(await writeTemplate(db, { ...c.req.valid('param'), text, by: by(c) }), 200);
    })
    .openapi(restore, async (c) => {
      const of = c.req.valid('param');
      return c.json(await writeTemplate(db, { ...of, text: null, by: by(c) }), 200);
    })
    .openapi(settings, async (c) =>
      c.json(await readNoticeSettings(db, c.req.valid('param').projectId), 200),
    )
    .openapi(change, async (c) => {
      const { projectId } = c.req.valid('param');
      const changed = await changeNoticeSettings(db, {
        ...{ projectId, settings: c.req.valid('json'), by: by(c), at: clock() },
      });
      return c.json(changed, 200);
    });
}

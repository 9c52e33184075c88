/** Notices: the outbox, and the addresses that accounts are told at. */
import { createRoute, z } from '@hono/zod-openapi';
import { dayStart } from '../sql/local-day.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  needs,
  projectParams,
  rangeQuery,
  searchText,
  takes,
} from '../sql/route.ts';
import { noticeChannels, noticeLanguages, noticeStates } from '../sql/schema/notices.ts';
import { by, idCursor, idPage, textSchema } from './fields.ts';
import { addAddress, readAddresses, removeAddress } from './notice-addresses.ts';
import { noticeKindSchema } from './notice-kinds.ts';
import { decideNotice, listNotices, readNotice } from './notice-outbox.ts';
import { readProject } from './project.ts';
import type { BillingDeps } from './routes.ts';
import { assertAccount } from './wallet.ts';

const channelSchema = z.enum(noticeChannels);
const languageSchema = z.enum(noticeLanguages);

const noticeFields = {
  id: idSchema,
  kind: z.string(),
  accountId: idSchema,
  accountNumber: z.string(),
  accountName: z.string(),
  accountNameZh: z.string().nullable(),
  channel: channelSchema,
  recipient: z.string(),
  language: languageSchema,
  subject: z.string().nullable(),
  body: z.string(),
  state: z.enum(noticeStates).openapi({
    description: 'unconfirmed: handed over and not answered; it may have arrived',
  }),
  reason: z.string().nullable(),
  attempts: z.number().int(),
  queuedAt: z.string(),
  nextTryAt: z.string().nullable(),
  sentAt: z.string().nullable(),
  deliveredAt: z.string().nullable(),
  providerId: z.string().nullable(),
  proof: z.string().nullable(),
};
const noticeSchema = z.object(noticeFields).openapi('Notice');
const noticeWithSteps = z
  .object({
    ...noticeFields,
    steps: z.array(
      z.object({
        at: z.string(),
        act: z.string(),
        outcome: z.string(),
        by: z.string().nullable(),
      }),
    ),
  })
  .openapi('NoticeWithSteps');
const countsSchema = z.object({ states: z.record(z.enum(noticeStates), z.number().int()) });

const path = '/projects/{projectId}/notices';
const noticeParams = projectParams.extend({ noticeId: idSchema });

const list = createRoute({
  method: 'get',
  path,
  summary: 'The outbox: notices queued on local days [from, to), newest first',
  ...needs('notice.read'),
  request: {
    params: projectParams,
    query: rangeQuery.extend({
      state: z.enum(noticeStates).optional(),
      channel: channelSchema.optional(),
      kind: noticeKindSchema.optional(),
      accountId: idSchema.optional(),
      q: searchText('the account’s number or name, the recipient or the text'),
    }),
  },
  responses: answers(listOf(noticeSchema, countsSchema)),
});

const channels = createRoute({
  method: 'get',
  path: '/projects/{projectId}/notice-channels',
  summary: 'By which channels notices can leave; by the others they are only seen in the outbox',
  ...needs('notice.read'),
  request: { params: projectParams },
  responses: answers(
    z
      .object({ channels: z.array(z.object({ channel: channelSchema, isSetUp: z.boolean() })) })
      .openapi('NoticeChannels'),
  ),
});

const show = createRoute({
  method: 'get',
  path: `${path}/{noticeId}`,
  summary: 'A notice and all that was done about it',
  ...needs('notice.read'),
  request: { params: noticeParams },
  responses: answers(noticeWithSteps),
});

const retry = createRoute({
  method: 'post',
  path: `${path}/{noticeId}/retry`,
  summary: 'Send a notice again that failed, was withheld, or was never confirmed',
  ...needs('notice.write'),
  request: {
    params: noticeParams,
    body: takes(
      z.strictObject({
        mayRepeat: z.boolean().default(false).openapi({
          description: 'Needed where it may have arrived: the recipient may read it twice',
        }),
      }),
    ),
  },
  responses: answers(noticeWithSteps),
});

const withhold = createRoute({
  method: 'post',
  path: `${path}/{noticeId}/withhold`,
  summary: 'Keep a notice from being sent',
  ...needs('notice.write'),
  request: { params: noticeParams, body: takes(z.strictObject({ reason: textSchema })) },
  responses: answers(noticeWithSteps),
});

const addressSchema = z
  .object({
    id: idSchema.nullable().openapi({
      description: 'Null: the account has none of its own',
    }),
    of: z.enum(['account', 'contract', 'person']),
    channel: channelSchema,
    address: z.string(),
    language: languageSchema.nullable(),
  })
  .openapi('NoticeAddress');
const accountParams = projectParams.extend({ accountId: idSchema });
const addressesPath = '/projects/{projectId}/accounts/{accountId}/notice-addresses';

const addresses = createRoute({
  method: 'get',
  path: addressesPath,
  summary: 'Where an account is told',
  ...needs('account.read'),
  request: { params: accountParams },
  responses: answers(listOf(addressSchema)),
});

const add = createRoute({
  method: 'post',
  path: addressesPath,
  summary: 'Tell an account at one more address',
  ...needs('account.write'),
  request: {
    params: accountParams,
    body: takes(
      z.strictObject({
        channel: channelSchema,
        address: z.string().min(1).max(500),
        language: languageSchema.nullable().default(null),
      }),
    ),
  },
  responses: makes(listOf(addressSchema)),
});

const remove = createRoute({
  method: 'delete',
  path: `${addressesPath}/{addressId}`,
  summary: 'Tell an account no longer at an address',
  ...needs('account.write'),
  request: { params: accountParams.extend({ addressId: idSchema }) },
  responses: answers(listOf(addressSchema)),
});

export function noticeRoutes({ db, clock, noticeChannels: setUp = [] }: BillingDeps) {
  const addressesOf = async (account: { projectId: string; accountId: string }) => ({
    data: await readAddresses(db, account),
    nextCursor: null,
    totals: null,
  });
  return createRoutes()
    .openapi(list, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, from, to, ...filter } = c.req.valid('query');
      const { zone } = await readProject(db, projectId);
      const { data, counts } = await listNotices(db, {
        projectId,
        filter: {
          ...filter,
          fromMs: from === undefined ? undefined : dayStart(zone, from),
          toMs: to === undefined ? undefined : dayStart(zone, to),
        },
        cursor: idCursor(cursor),
        limit: limit + 1,
      });
      return c.json({ ...idPage(data, limit), totals: { states: counts } }, 200);
    })
    .openapi(channels, (c) =>
      c.json(
        {
          channels: noticeChannels.map((channel) => ({
            ...{ channel, isSetUp: setUp.includes(channel) },
          })),
        },
        200,
      ),
    )
    .openapi(show, async (c) => {
      const { projectId, noticeId: id } = c.req.valid('param');
      return c.json(await readNotice(db, { projectId, id }), 200);
    })
    .openapi(retry, async (c) => {
      const { projectId, noticeId: id } = c.req.valid('param');
      const { mayRepeat } = c.req.valid('json');
      await decideNotice(db, {
        ...{ projectId, id, act: 'retry', mayRepeat, reason: null },
        ...{ by: by(c), at: clock() },
      });
      return c.json(await readNotice(db, { projectId, id }), 200);
    })
    .openapi(withhold, async (c) => {
      const { projectId, noticeId: id } = c.req.valid('param');
      const { reason } = c.req.valid('json');
      await decideNotice(db, {
        ...{ projectId, id, act: 'withhold', mayRepeat: false, reason },
        ...{ by: by(c), at: clock() },
      });
      return c.json(await readNotice(db, { projectId, id }), 200);
    })
    .openapi(addresses, async (c) => {
      const account = c.req.valid('param');
      await assertAccount(db, account);
      return c.json(await addressesOf(account), 200);
    })
    .openapi(add, async (c) => {
      const account = c.req.valid('param');
      await addAddress(db, { ...account, ...c.req.valid('json'), by: by(c) });
      return c.json(await addressesOf(account), 201);
    })
    .openapi(remove, async (c) => {
      const { addressId, ...account } = c.req.valid('param');
      await removeAddress(db, { ...account, addressId, by: by(c), at: clock() });
      return c.json(await addressesOf(account), 200);
    });
}

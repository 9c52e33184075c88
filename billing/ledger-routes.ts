/** The ledger as it is shown: chart, trial balance, balances, the sealed journal and its proofs. */
import { createRoute, z } from '@hono/zod-openapi';
import { asKnownAtSchema, knownAt, positionAt, positionSchema } from '../sql/position.ts';
import { Problem } from '../sql/problem.ts';
import {
  answers,
  createRoutes,
  daySchema,
  idSchema,
  instantSchema,
  listOf,
  makes,
  moneySchema,
  needs,
  pageQuery,
  projectParams,
} from '../sql/route.ts';
import { chart, type LedgerCode, ledgerCodes, ledgerKinds, ledgerSides } from './chart.ts';
import { by, idCursor, idPage } from './fields.ts';
import { journalHead, journalRows } from './journal.ts';
import { readProject } from './project.ts';
import { askProof, PROOFS_SHOWN_MAX, readProof, readProofs } from './proofs.ts';
import type { BillingDeps } from './routes.ts';
import type { AsOf } from './snapshots.ts';
import { ledgerBalances, trialBalance } from './trial.ts';
import { checkNames } from './verify.ts';

const codeSchema = z.enum(ledgerCodes as [LedgerCode, ...LedgerCode[]]); // The chart is not empty.
const count = z.object({ count: z.number().int() });
const names = { name: z.string(), nameZh: z.string() };
const amounts = {
  debit: moneySchema.openapi({ description: 'Sum of the debits' }),
  credit: moneySchema.openapi({ description: 'Sum of the credits' }),
  balance: moneySchema.openapi({ description: 'Debit less credit: below zero it is in credit' }),
};
const asOfQuery = {
  at: positionSchema.optional(),
  asKnownAt: asKnownAtSchema.optional(),
  accountingDate: daySchema
    .optional()
    .openapi({ description: 'Only what is dated up to this day; unset: whatever its date' }),
};
const asOfSchema = {
  position: z
    .string()
    .nullable()
    .openapi({ description: 'Last position that counts; null: now, what is unsealed with it' }),
  accountingDate: daySchema.nullable(),
};

const chartRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}/ledger/chart',
  summary: 'The chart of accounts',
  ...needs('ledger.read'),
  request: { params: projectParams },
  responses: answers(
    listOf(
      z
        .object({
          code: codeSchema,
          ...names,
          kind: z.enum(ledgerKinds),
          normal: z.enum(ledgerSides).openapi({ description: 'Where its balance usually stands' }),
          detail: z
            .string()
            .nullable()
            .openapi({ description: 'What parts it; null where nothing does' }),
          detailZh: z.string().nullable(),
          isCustomers: z.boolean().openapi({ description: 'Each customer has one of his own' }),
          says: z.string(),
          saysZh: z.string(),
        })
        .openapi('ChartLine'),
      count,
    ),
  ),
});

const trialRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}/ledger/trial-balance',
  summary: 'Trial balance by code and detail: now, at a position, at an instant, up to a date',
  description:
    'Customer wallets in debit are a row of their own (`inDebit`, an asset) and never netted against those in credit. The balances of each currency sum to zero.',
  ...needs('ledger.read'),
  request: { params: projectParams, query: z.object(asOfQuery) },
  responses: answers(
    listOf(
      z
        .object({
          id: z.string(),
          code: codeSchema,
          ...names,
          kind: z.enum(ledgerKinds),
          detail: z.string(),
          inDebit: z.boolean(),
          accounts: z.number().int().openapi({ description: 'Ledger accounts in the row' }),
          ...amounts,
        })
        .openapi('TrialBalanceRow'),
      z.object({
        ...asOfSchema,
        currencies: z.array(z.object({ currency: z.string(), ...amounts })),
      }),
    ),
  ),
});

const accountsRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}/ledger/accounts',
  summary: 'Ledger accounts with their balances: now, at a position, at an instant, up to a date',
  ...needs('ledger.read'),
  request: {
    params: projectParams,
    query: pageQuery.extend({
      ...asOfQuery,
      code: codeSchema.optional(),
      accountId: idSchema.optional().openapi({ description: 'Those of one customer' }),
      side: z
        .enum(ledgerSides)
        .optional()
        .openapi({ description: 'Only those whose balance stands there; wallets in debit: debit' }),
    }),
  },
  responses: answers(
    listOf(
      z
        .object({
          id: idSchema,
          code: codeSchema,
          ...names,
          detail: z.string(),
          accountId: idSchema.nullable(),
          accountNumber: z.string().nullable(),
          accountName: z.string().nullable(),
          entries: z.number().int(),
          ...amounts,
        })
        .openapi('LedgerAccount'),
      z.object(asOfSchema),
    ),
  ),
});

const checkSchema = z.object({
  name: z.enum(checkNames),
  counted: z.number().int(),
  faults: z.number().int(),
  first: z.string().nullable().openapi({ description: 'The first fault, in words' }),
  position: z.string().nullable(),
});
const proofSchema = z
  .object({
    id: idSchema,
    requestedBy: z.string(),
    requestedAt: z.string(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
    checked: z.number().int().openapi({ description: 'Positions looked at so far' }),
    positions: z.number().int().openapi({ description: 'Positions there were when it began' }),
    outcome: z.enum(['held', 'broken', 'failed']).nullable(),
    brokenPosition: z.string().nullable(),
    checks: z.array(checkSchema),
  })
  .openapi('LedgerProof');

const sealsRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}/ledger/seals',
  summary: 'The head of the sealed journal, and how the newest proof found it',
  ...needs('ledger.read'),
  request: { params: projectParams },
  responses: answers(
    z
      .object({
        state: z.enum(['holds', 'broken', 'unproven']),
        position: z.string(),
        hash: z.string().nullable(),
        sealedAt: z.string().nullable(),
        unsealed: z.number().int(),
        oldestUnsealedAt: z.string().nullable(),
        brokenPosition: z.string().nullable(),
        proof: proofSchema.nullable().openapi({ description: 'The newest, be it under way' }),
      })
      .openapi('JournalHead'),
  ),
});

const journalRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}/ledger/journal',
  summary: 'Sealed positions with their transactions, newest first',
  ...needs('ledger.read'),
  request: { params: projectParams, query: pageQuery },
  responses: answers(
    listOf(
      z
        .object({
          position: z.string(),
          hash: z.string(),
          sealedAt: z.string(),
          transactionId: idSchema,
          kind: z.string(),
          accountId: idSchema.nullable(),
          accountNumber: z.string().nullable(),
          accountingDate: daySchema,
          postedAt: z.string(),
          amount: moneySchema.openapi({ description: 'What it moves: the sum of its debits' }),
          reverses: idSchema.nullable(),
        })
        .openapi('JournalRow'),
      z.object({}),
    ),
  ),
});

const positionRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}/ledger/positions',
  summary: 'The journal position that an instant means: the last one sealed by then',
  ...needs('ledger.read'),
  request: { params: projectParams, query: z.object({ at: instantSchema }) },
  responses: answers(
    z
      .object({
        position: z.string().openapi({ description: '0 before the first' }),
        hash: z.string().nullable(),
        sealedAt: z.string().nullable(),
      })
      .openapi('JournalPosition'),
  ),
});

const proveRoute = createRoute({
  method: 'post',
  path: '/projects/{projectId}/ledger/verify',
  summary: 'Ask for a proof of the whole ledger; it is made in the background',
  description:
    'While a proof waits or is under way, that one is the answer. Look at its progress under `/ledger/proofs/{proofId}`.',
  ...needs('ledger.read'),
  request: { params: projectParams },
  responses: makes(proofSchema),
});

const proofsRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}/ledger/proofs',
  summary: `The newest ${PROOFS_SHOWN_MAX} proofs`,
  ...needs('ledger.read'),
  request: { params: projectParams },
  responses: answers(listOf(proofSchema, z.object({}))),
});

const proofRoute = createRoute({
  method: 'get',
  path: '/projects/{projectId}/ledger/proofs/{proofId}',
  summary: 'One proof, with its progress',
  ...needs('ledger.read'),
  request: { params: projectParams.extend({ proofId: idSchema }) },
  responses: answers(proofSchema),
});

export function ledgerRoutes({ db, clock }: BillingDeps) {
  const asOf = async (
    projectId: string,
    {
      at,
      asKnownAt,
      accountingDate = null,
    }: { at?: string; asKnownAt?: string; accountingDate?: string | null },
  ): Promise<AsOf> => {
    const known = await knownAt(db, { projectId, asKnownAt, now: clock() });
    if (at === undefined) return { position: known?.position ?? null, accountingDate };
    if (known) throw new Problem('invalid-request', 'query/at: or else asKnownAt, not both');
    return { position: (await positionAt(db, { projectId, at })).position, accountingDate };
  };
  return createRoutes()
    .openapi(chartRoute, (c) => {
      const data = ledgerCodes.map((code) => ({ code, ...chart[code] }));
      return c.json({ data, nextCursor: null, totals: { count: data.length } }, 200);
    })
    .openapi(trialRoute, async (c) => {
      const { projectId } = c.req.valid('param');
      const was = await asOf(projectId, c.req.valid('query'));
      const { rows: data, currencies } = await trialBalance(db, { projectId, asOf: was });
      return c.json({ data, nextCursor: null, totals: { ...was, currencies } }, 200);
    })
    .openapi(accountsRoute, async (c) => {
      const { projectId } = c.req.valid('param');
      const { at, asKnownAt, accountingDate, limit, cursor, ...asked } = c.req.valid('query');
      const was = await asOf(projectId, { at, asKnownAt, accountingDate });
      const rows = await ledgerBalances(db, {
        ...{ projectId, ...asked, asOf: was },
        ...{ cursor: idCursor(cursor), limit: limit + 1 },
      });
      return c.json({ ...idPage(rows, limit), totals: was }, 200);
    })
    .openapi(sealsRoute, async (c) => {
      const { projectId } = c.req.valid('param');
      return c.json(await journalHead(db, projectId), 200);
    })
    .openapi(journalRoute, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor } = c.req.valid('query');
      const { currency } = await readProject(db, projectId);
      const before = cursor === undefined ? null : idCursor(cursor);
      const rows = await journalRows(db, { projectId, currency, cursor: before, limit: limit + 1 });
      const data = rows.slice(0, limit);
      const nextCursor = rows.length > limit ? (data.at(-1)?.position ?? null) : null;
      return c.json({ data, nextCursor, totals: {} }, 200);
    })
    .openapi(positionRoute, async (c) => {
      const { projectId } = c.req.valid('param');
      return c.json(await positionAt(db, { projectId, at: c.req.valid('query').at }), 200);
    })
    .openapi(proveRoute, async (c) => {
      const { projectId } = c.req.valid('param');
      await readProject(db, projectId);
      const requestedBy = by(c).actor.name;
      return c.json(await askProof(db, { projectId, by: requestedBy, at: clock() }), 201);
    })
    .openapi(proofsRoute, async (c) => {
      const { projectId } = c.req.valid('param');
      const data = await readProofs(db, { projectId, limit: PROOFS_SHOWN_MAX });
      return c.json({ data, nextCursor: null, totals: {} }, 200);
    })
    .openapi(proofRoute, async (c) => {
      const { projectId, proofId: id } = c.req.valid('param');
      return c.json(await readProof(db, { projectId, id }), 200);
    });
}

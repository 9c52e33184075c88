/** Files of the bank and of payment channels: preview, import, lines and what is made of those that nobody knows. */
import { createRoute, z } from '@hono/zod-openapi';
import { money } from '../sql/money.ts';
import {
  answers,
  createRoutes,
  idSchema,
  listOf,
  makes,
  moneySchema,
  needs,
  pageQuery,
  projectParams,
  rangeQuery,
  searchText,
  takes,
} from '../sql/route.ts';
import { TABLE_BYTES_MAX } from '../sql/table-file.ts';
import { actOnLine, candidatesOf } from './bank-act.ts';
import { bankFaults } from './bank-file.ts';
import { importBankFile, lineFates, previewBankFile } from './bank-import.ts';
import { lineAsItStands, lineStates } from './bank-line.ts';
import {
  actsOfLine,
  bankLineOf,
  listBankFiles,
  listBankLines,
  listTemplates,
} from './bank-list.ts';
import { candidateKinds, matchRules, openReasons } from './bank-match.ts';
import { bankSources, mappingSchema } from './bank-template.ts';
import { by, idCursor, idPage, keyHeader, textSchema } from './fields.ts';
import { readProject } from './project.ts';
import type { BillingDeps } from './routes.ts';

/** Candidates that a line is shown with. */
const CANDIDATES_MAX = 50;

const rules = [...matchRules, ...openReasons] as const;

const targetSchema = z
  .object({ kind: z.enum(candidateKinds), id: idSchema, label: z.string() })
  .openapi('BankTarget');

const importFields = {
  fileId: idSchema.nullable().openapi({ description: 'Null where it added nothing' }),
  name: z.string(),
  source: z.enum(bankSources),
  sha256: z.string(),
  digest: z.string().openapi({ description: 'Of the file and of what its lines would become now' }),
  counts: z.object({
    match: z.number().int(),
    ambiguous: z.number().int(),
    unknown: z.number().int(),
    duplicate: z.number().int(),
    skipped: z.number().int(),
    error: z.number().int(),
  }),
  income: moneySchema.openapi({ description: 'Of the lines that it adds' }),
  expense: moneySchema,
  fee: moneySchema,
  before: z
    .object({ fileId: idSchema, importedAt: z.string(), importedBy: z.string() })
    .nullable()
    .openapi({ description: 'The same bytes, imported before' }),
};
const importSchema = z.object(importFields).openapi('BankImport');

const saidFields = {
  row: z.number().int(),
  day: z.string(),
  time: z.string().nullable(),
  amount: moneySchema.openapi({ description: 'Above zero came in, below zero went out' }),
  fee: moneySchema,
  reference: z.string().nullable(),
  order: z.string().nullable(),
  payer: z.string().nullable(),
  text: z.string().nullable(),
};

const previewSchema = z
  .object({
    ...importFields,
    lines: z.array(
      z.object({
        ...saidFields,
        fate: z.enum(lineFates).openapi({
          description:
            'match: with what is booked; ambiguous: a person decides, unidentified until then; unknown: unidentified; duplicate: there already; skipped: says nothing that counts',
        }),
        rule: z.enum(rules).nullable(),
        target: targetSchema.nullable(),
        candidates: z.number().int(),
        faults: z.array(
          z.object({
            code: z.enum(bankFaults),
            value: z.string(),
            expected: z.string().nullable(),
          }),
        ),
      }),
    ),
  })
  .openapi('BankPreview');

const fileSchema = z
  .object({
    id: idSchema,
    source: z.enum(bankSources),
    name: z.string(),
    sha256: z.string(),
    template: z.string(),
    from: z.string(),
    to: z.string().openapi({ description: 'Day of its last line, included' }),
    lines: z.number().int(),
    unidentified: z.number().int(),
    duplicates: z.number().int(),
    skipped: z.number().int(),
    amount: moneySchema,
    fee: moneySchema,
    net: moneySchema.openapi({ description: 'amount - fee: what a channel pays out' }),
    importedBy: z.string(),
    importedAt: z.string(),
  })
  .openapi('BankFile');

const lineSchema = z
  .object({
    id: idSchema,
    fileId: idSchema,
    fileName: z.string(),
    source: z.enum(bankSources),
    ...saidFields,
    state: z.enum(lineStates),
    rule: z.enum([...rules]),
    target: targetSchema.nullable(),
    accountId: idSchema.nullable(),
    accountName: z.string().nullable(),
    reason: z.string().nullable(),
    actedBy: z.string(),
    actedAt: z.string(),
  })
  .openapi('BankLine');

const detailSchema = z
  .object({
    line: lineSchema,
    acts: z.array(
      z.object({
        id: idSchema,
        kind: z.enum(['match', 'suspend', 'claim', 'return', 'fee', 'release', 'reopen']),
        rule: z.enum([...rules]),
        reason: z.string().nullable(),
        isAutomatic: z.boolean(),
        actedBy: z.string(),
        actedAt: z.string(),
        transactionId: idSchema.nullable(),
      }),
    ),
    candidates: z
      .array(
        z.object({
          kind: z.enum(candidateKinds),
          id: idSchema,
          label: z.string(),
          names: z.array(z.string()),
          day: z.string(),
          amount: moneySchema,
        }),
      )
      .openapi({
        description: 'What an unidentified line may be: of its amount, matched by no other',
      }),
  })
  .openapi('BankLineDetail');

const templateSchema = z
  .object({
    name: z.string(),
    source: z.enum(bankSources),
    mapping: mappingSchema,
    isBuiltIn: z.boolean(),
  })
  .openapi('BankTemplate');

const givenFile = {
  name: textSchema.openapi({ example: 'statement-2026-02.csv' }),
  content: z
    .base64()
    .max(Math.ceil(TABLE_BYTES_MAX / 3) * 4)
    .openapi({ description: `XLSX or CSV of at most ${TABLE_BYTES_MAX} bytes, as base64` }),
  source: z.enum(bankSources),
  template: textSchema,
  mapping: mappingSchema,
};

const templates = createRoute({
  method: 'get',
  path: '/projects/{projectId}/bank-templates',
  summary: 'Which columns of files mean what: those that files were read by, and built-in ones',
  ...needs('sale.read'),
  request: { params: projectParams },
  responses: answers(listOf(templateSchema)),
});

const preview = createRoute({
  method: 'post',
  path: '/projects/{projectId}/bank-files/preview',
  summary: 'What would become of each line of a file; nothing stays of it',
  ...needs('bank.write'),
  request: { params: projectParams, body: takes(z.strictObject(givenFile)) },
  responses: answers(previewSchema),
});

const make = createRoute({
  method: 'post',
  path: '/projects/{projectId}/bank-files',
  summary: 'Import a file as it was previewed: all of it or nothing',
  description:
    'Lines that are there already add nothing; a file imported twice has `fileId` null and says by `before` when it was.',
  ...needs('bank.write'),
  request: {
    params: projectParams,
    headers: keyHeader,
    body: takes(z.strictObject({ ...givenFile, digest: z.string().max(64) })),
  },
  responses: makes(importSchema),
});

const files = createRoute({
  method: 'get',
  path: '/projects/{projectId}/bank-files',
  summary: 'Files of the bank and of channels, newest first',
  ...needs('sale.read'),
  request: {
    params: projectParams,
    query: pageQuery.extend({
      source: z.enum(bankSources).optional(),
      q: z.string().max(100).optional(),
    }),
  },
  responses: answers(listOf(fileSchema)),
});

const lines = createRoute({
  method: 'get',
  path: '/projects/{projectId}/bank-lines',
  summary: 'Lines of bank and channel files of local days [from, to), newest first',
  ...needs('sale.read'),
  request: {
    params: projectParams,
    query: rangeQuery.extend({
      fileId: idSchema.optional(),
      source: z.enum(bankSources).optional(),
      state: z.enum(lineStates).optional(),
      q: searchText('any text, of what it was matched with, of an account or the amount'),
    }),
  },
  responses: answers(
    listOf(
      lineSchema,
      z.object({
        count: z.number().int(),
        income: moneySchema,
        expense: moneySchema,
        fee: moneySchema,
      }),
    ),
  ),
});

const lineParams = projectParams.extend({ lineId: idSchema });

const show = createRoute({
  method: 'get',
  path: '/projects/{projectId}/bank-lines/{lineId}',
  summary: 'One line, all that became of it, and what it may be',
  ...needs('sale.read'),
  request: { params: lineParams },
  responses: answers(detailSchema),
});

const reason = textSchema;
const act = createRoute({
  method: 'post',
  path: '/projects/{projectId}/bank-lines/{lineId}/acts',
  summary:
    'Claim an unidentified line, match it, send its money back, call it a fee; or release it',
  description:
    'claim: a sale to the account with its receipt; match: with what was booked, of the same amount; return: the money goes back the way it came; release: a match (or a return) was wrong, the line is unidentified again. A claim is undone by reversing its sale.',
  ...needs('bank.write'),
  request: {
    params: lineParams,
    headers: keyHeader,
    body: takes(
      z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('claim'),
          accountId: idSchema,
          note: textSchema.nullable().default(null),
        }),
        z.strictObject({
          kind: z.literal('match'),
          target: z.strictObject({ kind: z.enum(candidateKinds), id: idSchema }),
          reason: textSchema.nullable().default(null),
        }),
        z.strictObject({ kind: z.literal('return'), reason }),
        z.strictObject({ kind: z.literal('fee'), reason }),
        z.strictObject({ kind: z.literal('release'), reason }),
      ]),
    ),
  },
  responses: makes(lineSchema),
});

export function bankRoutes({ db, clock }: BillingDeps) {
  return createRoutes()
    .openapi(templates, async (c) => {
      const { projectId } = c.req.valid('param');
      await readProject(db, projectId);
      return c.json(
        { data: await listTemplates(db, projectId), nextCursor: null, totals: null },
        200,
      );
    })
    .openapi(preview, async (c) => {
      const { projectId } = c.req.valid('param');
      const file = c.req.valid('json');
      return c.json(await previewBankFile(db, { projectId, file, clock }), 200);
    })
    .openapi(make, async (c) => {
      const { projectId } = c.req.valid('param');
      const { digest, ...file } = c.req.valid('json');
      const key = c.req.header('idempotency-key');
      const given = { projectId, file, digest, key, by: by(c), clock };
      return c.json((await importBankFile(db, given)).body, 201);
    })
    .openapi(files, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...filters } = c.req.valid('query');
      const project = await readProject(db, projectId);
      const after = cursor === undefined ? undefined : idCursor(cursor);
      const data = await listBankFiles(db, {
        project,
        ...filters,
        cursor: after,
        limit: limit + 1,
      });
      return c.json({ ...idPage(data, limit), totals: null }, 200);
    })
    .openapi(lines, async (c) => {
      const { projectId } = c.req.valid('param');
      const { limit, cursor, ...filters } = c.req.valid('query');
      const project = await readProject(db, projectId);
      const after = cursor === undefined ? undefined : idCursor(cursor);
      const asked = { project, ...filters, cursor: after, limit: limit + 1 };
      const { data, totals } = await listBankLines(db, asked);
      return c.json({ ...idPage(data, limit), totals }, 200);
    })
    .openapi(show, async (c) => {
      const { projectId, lineId: id } = c.req.valid('param');
      const project = await readProject(db, projectId);
      const line = await bankLineOf(db, { project, id });
      const acts = await actsOfLine(db, { projectId, id });
      const held = await lineAsItStands(db, { projectId, id });
      const found =
        line.state === 'unidentified'
          ? await candidatesOf(db, { project, line: held, now: clock() })
          : [];
      const candidates = found
        .slice(0, CANDIDATES_MAX)
        .map(({ amountMinor, keys: _, ...rest }) => ({
          ...{ ...rest, names: [...rest.names], amount: money(amountMinor, project.currency) },
        }));
      return c.json({ line, acts, candidates }, 200);
    })
    .openapi(act, async (c) => {
      const { projectId, lineId } = c.req.valid('param');
      const key = c.req.header('idempotency-key');
      const asked = { projectId, lineId, act: c.req.valid('json'), key, by: by(c), clock };
      return c.json((await actOnLine(db, asked)).body, 201);
    });
}

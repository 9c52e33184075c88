/** How an explanation is told over HTTP. */
import { z } from '@hono/zod-openapi';
import { daySchema, idSchema, moneySchema } from '../sql/route.ts';
import { chargeKinds, chargeUnits } from '../sql/schema/settlements.ts';
import { lineReasons } from './explain.ts';
import { doubtRules } from './explain-doubts.ts';
import { slotReasons } from './explain-intervals.ts';

const nameSchema = z.object({ name: z.string(), nameZh: z.string().nullable() });
const instant = z.string();

const lineSchema = z
  .object({
    component: z.string(),
    name: z.string(),
    nameZh: z.string().nullable(),
    kind: z.enum(chargeKinds),
    unit: z.enum(chargeUnits),
    period: z.number().int().nullable(),
    step: z.number().int(),
    /** Base units (Wh, litres), W of demand, or days. */
    quantity: z.number().int(),
    /** Per 1,000 of them, or per day. */
    price: z.string(),
    /** Major units, not rounded. */
    exact: z.string(),
    taxCode: z.string(),
    taxRate: z.string(),
    taxIncluded: z.boolean(),
    taxExact: z.string(),
    treatment: z.enum(['revenue', 'on-behalf']),
    /** What the revision before had in its place. */
    before: z
      .object({ quantity: z.number().int(), price: z.string(), exact: z.string() })
      .nullable(),
    tariff: z.object({
      id: idSchema,
      name: z.string(),
      versionId: idSchema,
      version: z.number().int(),
      effectiveFrom: daySchema,
    }),
    rule: z.object({
      price: z
        .object({
          base: z.string(),
          adder: z.string().nullable(),
          factor: z.string().nullable(),
          index: z
            .object({
              code: z.string(),
              month: daySchema,
              value: z.string(),
              as: z.enum(['factor', 'adder']),
            })
            .nullable(),
        })
        .nullable(),
      period: z
        .object({
          rank: z.number().int(),
          label: nameSchema.nullable(),
          season: nameSchema.extend({ from: z.string(), to: z.string() }),
          dayType: z.string(),
          clock: z.enum(['local', 'standard']),
          bands: z.array(z.object({ from: z.string(), to: z.string() })),
        })
        .nullable(),
      steps: z
        .object({
          from: z.number().int(),
          to: z.number().int().nullable(),
          usedBefore: z.number().int(),
          periodFrom: daySchema,
          periodTo: daySchema,
          scope: z.enum(['point', 'account']),
        })
        .nullable(),
      fee: z
        .object({
          amount: z.string(),
          per: z.enum(['day', 'month']),
          day: z.number().int(),
          days: z.number().int(),
        })
        .nullable(),
      demand: z
        .object({
          peakSlot: z.number().int(),
          demandW: z.number().int(),
          beforeW: z.number().int(),
        })
        .nullable(),
      allowance: z.object({ free: z.number().int(), usedBefore: z.number().int() }).nullable(),
      minimum: z
        .object({
          amount: z.string(),
          least: z.string(),
          counted: z.string(),
          heldDays: z.number().int(),
          days: z.number().int(),
        })
        .nullable(),
    }),
    recomputed: z
      .object({ quantity: z.number().int(), price: z.string(), exact: z.string() })
      .nullable(),
    agrees: z.boolean(),
    rounding: z.object({
      month: daySchema,
      exactBefore: z.string(),
      exactAfter: z.string(),
      postedBefore: moneySchema,
      postedAfter: moneySchema,
      posted: moneySchema,
    }),
  })
  .openapi('ExplainedLine');

const readingSchema = z
  .object({
    at: instant,
    /** As stored, before CT/PT. */
    register: z.number().int(),
    source: z.enum(['sample', 'noted', 'manual']),
    shiftMs: z.number().int(),
    opens: z.boolean(),
  })
  .openapi('ExplainedReading');

const boundarySchema = z.object({
  at: instant,
  before: readingSchema.nullable(),
  after: readingSchema.nullable(),
  /** Primary base units billed up to it. */
  register: z.number().int(),
  bridgeMs: z.number().int(),
  rolledOver: z.boolean(),
});

const detailSchema = z
  .object({
    slot: z.number().int(),
    start: instant,
    end: instant,
    pieces: z.array(
      z.object({
        meterId: idSchema,
        serial: z.string(),
        multiplier: z.number().int(),
        from: boundarySchema,
        to: boundarySchema,
        quantity: z.number().int(),
      }),
    ),
    /** The doubt that holds it back until a person has decided. */
    heldBy: z.enum(doubtRules).nullable(),
    /** Parts per million that a meter counts too much, taken off for its share of the time. */
    errors: z.array(
      z.object({
        ppm: z.number().int(),
        share: z.number().openapi({ description: 'Below 1 where meters change in between' }),
        reason: z.string(),
        by: z.string(),
      }),
    ),
    edit: z
      .object({
        id: idSchema,
        method: z.string(),
        confidence: z.number().int(),
        quantity: z.number().int(),
        reason: z.string(),
        by: z.string(),
      })
      .nullable(),
    readings: z.array(readingSchema.extend({ meterId: idSchema })),
    /** Of `readings`: where the next page begins; null at the end. */
    nextOffset: z.number().int().nullable(),
  })
  .openapi('ExplainedQuarterHour');

export const explanationSchema = z
  .object({
    settlement: z.object({
      id: idSchema,
      accountId: idSchema,
      accountNumber: z.string(),
      accountName: z.string(),
      scope: z.enum(['point', 'account']),
      pointId: idSchema.nullable(),
      pointCode: z.string().nullable(),
      pointName: z.string().nullable(),
      commodity: z.enum(['electricity', 'water']).nullable(),
      serviceDay: daySchema,
      zone: z.string(),
      currency: z.string(),
      revision: z.number().int(),
      supersedes: idSchema.nullable(),
      supersededBy: idSchema.nullable(),
      cause: z.array(z.string()),
      by: z.string().nullable(),
      runId: idSchema,
      runCause: z.string(),
      traceId: z.string().nullable(),
      transactionId: idSchema,
      transactionKind: z.string(),
      accountingDate: daySchema,
      postedAt: instant,
      position: z.string(),
      intervalsKnownAt: instant,
      settledAt: instant,
      quantity: z.number().int(),
      slots: z.number().int(),
      estimatedSlots: z.number().int(),
      missingSlots: z.number().int(),
      /** Why the day waits to be settled anew; null where it does not. */
      dirty: z.string().nullable(),
    }),
    agrees: z.boolean().nullable(),
    /** Each place where what is stored is not what was worked out again. */
    differences: z.array(
      z.object({
        what: z.enum(['line', 'interval']),
        component: z.string().nullable(),
        period: z.number().int().nullable(),
        step: z.number().int().nullable(),
        slot: z.number().int().nullable(),
        at: instant.nullable(),
        reason: z.enum([...slotReasons, ...lineReasons]),
        /** Base units of an interval; major units of a line. */
        stored: z.string().nullable(),
        recomputed: z.string().nullable(),
        difference: z.string().nullable(),
      }),
    ),
    lines: z.array(lineSchema),
    intervals: z.array(
      z.object({
        slot: z.number().int(),
        start: instant,
        rank: z.number().int().nullable(),
        quantity: z.number().int().nullable(),
        quality: z.string(),
        gapS: z.number().int().nullable(),
        version: z.number().int().nullable(),
        origin: z.enum(['readings', 'edit', 'held', 'none']),
        recomputed: z.number().int().nullable(),
        current: z.number().int().nullable(),
        reason: z.enum(slotReasons).nullable(),
      }),
    ),
    meters: z.array(
      z.object({
        installationId: idSchema,
        meterId: idSchema,
        serial: z.string(),
        model: z.string(),
        register: z.string(),
        from: instant,
        to: instant.nullable(),
        ct: z.number().int(),
        pt: z.number().int(),
        basis: z.enum(['primary', 'secondary']),
        multiplier: z.number().int(),
        readings: z.number().int(),
      }),
    ),
    corrections: z.array(
      z.object({
        kind: z.enum(['error', 'clock']),
        meterId: idSchema,
        from: instant,
        to: instant,
        value: z.number().int(),
        reason: z.string(),
        by: z.string(),
      }),
    ),
    detail: detailSchema.nullable(),
  })
  .openapi('Explanation');

/**
 * A tariff version as data: components with prices, the calendar that says which price when, and steps.
 * Stored as JSON, never altered. Charges are keyed by (component, tariff version, period, step).
 */
import { z } from 'zod';
import type { LocalDay } from '../sql/local-day.ts';
import { calendarFaults, calendarSchema, listCodeSchema } from '../sql/period-calendar.ts';
import { type Fault, Problem } from '../sql/problem.ts';
import { PRICE_DIGITS, RATE_DIGITS } from './exact.ts';
import { shapeFaults, tariffSentences } from './shape-faults.ts';
import { tariffFaults } from './tariff-faults.ts';

const decimalText = (what: string) =>
  z
    .string()
    .refine((text) => /^-?\d{1,6}(\.\d+)?$/.test(text), `${what} ${tariffSentences.decimal}`)
    .refine(
      (text) => (text.split('.')[1]?.length ?? 0) <= PRICE_DIGITS,
      `${what} ${tariffSentences.decimals}`,
    );
const price = z
  .string()
  .refine((text) => !/^-/.test(text), tariffSentences.negative)
  .pipe(decimalText('a price'));
/** Added to a price; a credit for the first step is negative. */
const adder = decimalText('an adder');
const factor = z
  .string()
  .refine((text) => !/^-|^0*(\.0*)?$/.test(text), tariffSentences.factor)
  .pipe(decimalText('a factor'));

const rate = z
  .string()
  .refine((text) => /^0(\.\d+)?$|^1(\.0+)?$/.test(text), tariffSentences['tax-rate'])
  .refine(
    (text) => (text.split('.')[1]?.length ?? 0) <= RATE_DIGITS,
    tariffSentences['tax-decimals'],
  );

const names = { name: z.string().min(1).max(80), nameZh: z.string().max(80).optional() };

const common = {
  /** Keys charges and postings: energy, service-fee, levy, sewage … */
  code: listCodeSchema,
  ...names,
  /** revenue: ours; on-behalf: collected for another and owed to them. */
  treatment: z.enum(['revenue', 'on-behalf']).default('revenue'),
  taxCode: z.string().max(40).default(''),
  /** '0.13' is 13 %. */
  taxRate: rate.default('0'),
  /** True when the price contains the tax, false when it comes on top. */
  taxIncluded: z.boolean().default(true),
};

const perRank = <Value extends z.ZodType>(value: Value) =>
  z.partialRecord(z.enum(['1', '2', '3', '4', '5']), value);
const STEPS_MAX = 9;
const perStep = <Value extends z.ZodType>(value: Value) =>
  z
    .array(value)
    .min(2)
    .max(STEPS_MAX + 1);

/** Price × quantity, the price being one, or one per rank, per step, or of both. */
const usageSchema = z.strictObject({
  kind: z.literal('usage'),
  ...common,
  price: price.optional(),
  prices: perRank(price).optional(),
  stepPrices: perStep(price).optional(),
  /** With price or prices: what each step adds to the period's price (tou-then-steps). */
  stepAdders: perStep(adder).optional(),
  /** With stepPrices: what each period multiplies the step's price by (steps-then-tou). */
  periodFactors: perRank(factor).optional(),
  /** A published monthly value that multiplies the price or is added to it. */
  follows: z.strictObject({ index: listCodeSchema, as: z.enum(['factor', 'adder']) }).optional(),
  /** Charged on the days of this list alone. */
  onlyOnEventDays: listCodeSchema.optional(),
});
/** A fee; that of a month accrues by days. */
const fixedSchema = z.strictObject({
  kind: z.literal('fixed'),
  ...common,
  per: z.enum(['day', 'month']),
  amount: price,
  scope: z.enum(['point', 'account']),
});
/** Per kW and month, on the highest quarter-hour so far. */
const demandSchema = z.strictObject({ kind: z.literal('demand'), ...common, price });
/** A quantity of each month that is free: taken off at its price as it is used. */
const allowanceSchema = z.strictObject({
  kind: z.literal('allowance'),
  ...common,
  /** Base units a month, of one point. */
  quantity: z.int().min(1).max(1e12),
  price,
  proRata: z.enum(['none', 'days']),
});
/** What a month costs at least; what is lacking is charged on the last day held in it. */
const minimumSchema = z.strictObject({
  kind: z.literal('minimum'),
  ...common,
  amount: price,
  scope: z.enum(['account', 'point']),
  /** The components that count towards it; all others where it is not said. */
  of: z.array(z.string()).min(1).max(20).optional(),
});

const stepsSchema = z.strictObject({
  period: z.enum(['month', 'year']),
  /** First day of the year that is counted, '01-01' where it is not said. */
  yearStart: z
    .string()
    .regex(/^(0[1-9]|1[0-2])-01$/, tariffSentences['year-start'])
    .optional(),
  /** What quantities are cumulated over: one point, or all points of the account and commodity. */
  scope: z.enum(['point', 'account']),
  /** Upper ends of all steps but the last, base units in a period. */
  limits: z.array(z.int().min(1).max(1e12)).min(1).max(STEPS_MAX),
  /** The limits of the period in which the account opened: whole, by months begun, or by days. */
  proRata: z.enum(['none', 'months', 'days']),
  order: z.enum(['tou-then-steps', 'steps-then-tou']),
});
export type Steps = z.infer<typeof stepsSchema>;

export const definitionSchema = z.strictObject({
  components: z
    .array(
      z.discriminatedUnion('kind', [
        usageSchema,
        fixedSchema,
        demandSchema,
        allowanceSchema,
        minimumSchema,
      ]),
    )
    .min(1)
    .max(20),
  calendar: calendarSchema.optional(),
  /** What this tariff calls its ranks, where it has words of its own. */
  labels: perRank(z.strictObject(names)).optional(),
  steps: stepsSchema.optional(),
  /** Days between making a version and its first day. */
  noticeDays: z.int().min(0).max(365).optional(),
});
export type TariffDefinition = z.infer<typeof definitionSchema>;
export type Component = TariffDefinition['components'][number];
export type Usage = Extract<Component, { kind: 'usage' }>;

/** The definition in what was entered, or each place where it is wrong. */
export function checkTariff(
  input: unknown,
  commodity: 'electricity' | 'water' = 'electricity',
): { definition: TariffDefinition; faults: [] } | { definition: null; faults: Fault[] } {
  const parsed = definitionSchema.safeParse(input);
  if (!parsed.success) {
    return { definition: null, faults: shapeFaults(input, parsed.error) };
  }
  const { calendar } = parsed.data;
  const faults = [
    ...(calendar ? calendarFaults(calendar) : []),
    ...tariffFaults(parsed.data, commodity),
  ];
  return faults.length > 0 ? { definition: null, faults } : { definition: parsed.data, faults: [] };
}

/** The definition in what was entered. Throws Problem `invalid-tariff` with a fault for each place. */
export function parseTariff(input: unknown, commodity?: 'electricity' | 'water'): TariffDefinition {
  const { definition, faults } = checkTariff(input, commodity);
  if (definition) return definition;
  const shown = faults.slice(0, FAULTS_SHOWN).map((f) => f.message);
  const more = faults.length - shown.length;
  throw new Problem('invalid-tariff', shown.join('; ') + (more > 0 ? `; and ${more} more` : ''), {
    faults,
  });
}

const FAULTS_SHOWN = 5;

/** The version in force on a day: the newest that is effective by then; undefined before the first. */
export function versionOn<V extends { effectiveFrom: LocalDay }>(
  versions: readonly V[],
  day: LocalDay,
): V | undefined {
  let best: V | undefined;
  for (const version of versions) {
    if (version.effectiveFrom > day) continue;
    if (!best || version.effectiveFrom > best.effectiveFrom) best = version;
  }
  return best;
}

/**
 * A tariff version as data: components with prices, and the calendar that says which price when.
 * Stored as JSON, never altered. Charges are keyed by (component, tariff version, period, step).
 */
import { z } from 'zod';
import type { LocalDay } from '../sql/local-day.ts';
import { calendarFaults, calendarSchema, ranksUsed } from '../sql/period-calendar.ts';
import { type Fault, Problem } from '../sql/problem.ts';

/** Decimals of a price per 1,000 base units, and of a tax rate; `exact.ts` rests on them. */
export const PRICE_DIGITS = 8;
export const RATE_DIGITS = 4;

const price = z
  .string()
  .refine((text) => !/^-/.test(text), 'a price is not negative')
  .refine((text) => /^-?\d{1,6}(\.\d+)?$/.test(text), 'a price is a plain decimal below 1,000,000')
  .refine(
    (text) => (text.split('.')[1]?.length ?? 0) <= PRICE_DIGITS,
    `a price has at most ${PRICE_DIGITS} decimals`,
  );

const rate = z
  .string()
  .refine((text) => /^0(\.\d+)?$|^1(\.0+)?$/.test(text), 'a tax rate lies between 0 and 1')
  .refine(
    (text) => (text.split('.')[1]?.length ?? 0) <= RATE_DIGITS,
    `a tax rate has at most ${RATE_DIGITS} decimals`,
  );

const names = { name: z.string().min(1).max(80), nameZh: z.string().max(80).optional() };

const common = {
  /** Keys charges and postings: energy, service-fee, levy, sewage … */
  code: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a code is lower case, digits and hyphens'),
  ...names,
  /** revenue: ours; on-behalf: collected for another and owed to them. */
  treatment: z.enum(['revenue', 'on-behalf']).default('revenue'),
  taxCode: z.string().max(40).default(''),
  /** '0.13' is 13 %. */
  taxRate: rate.default('0'),
  /** True when the price contains the tax, false when it comes on top. */
  taxIncluded: z.boolean().default(true),
};

/** Price × quantity: one price, or one per rank. Further kinds (monthly fee, demand) join the union. */
const usageSchema = z.strictObject({
  kind: z.literal('usage'),
  ...common,
  price: price.optional(),
  prices: z.partialRecord(z.enum(['1', '2', '3', '4', '5']), price).optional(),
});

export const definitionSchema = z.strictObject({
  components: z
    .array(z.discriminatedUnion('kind', [usageSchema]))
    .min(1)
    .max(20),
  calendar: calendarSchema.optional(),
  /** What this tariff calls its ranks, where it has words of its own. */
  labels: z.partialRecord(z.enum(['1', '2', '3', '4', '5']), z.strictObject(names)).optional(),
});
export type TariffDefinition = z.infer<typeof definitionSchema>;
export type Component = TariffDefinition['components'][number];

/** The definition in what was entered. Throws Problem `invalid-tariff` with a fault for each place. */
export function parseTariff(input: unknown): TariffDefinition {
  const parsed = definitionSchema.safeParse(input);
  const faults: Fault[] = parsed.success
    ? [
        ...(parsed.data.calendar ? calendarFaults(parsed.data.calendar) : []),
        ...priceFaults(parsed.data),
      ]
    : parsed.error.issues.map((issue) => ({
        at: `/${issue.path.join('/')}`,
        message: `${placeOf(input, issue.path)}${issue.message}`,
      }));
  if (!parsed.success || faults.length > 0) {
    const shown = faults.slice(0, FAULTS_SHOWN).map((f) => f.message);
    const more = faults.length - shown.length;
    throw new Problem('invalid-tariff', shown.join('; ') + (more > 0 ? `; and ${more} more` : ''), {
      faults,
    });
  }
  return parsed.data;
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

const rankNames: Record<string, string> = {
  1: 'spike',
  2: 'peak',
  3: 'flat',
  4: 'valley',
  5: 'deep valley',
};

function priceFaults({ components, calendar }: TariffDefinition): Fault[] {
  const faults: Fault[] = [];
  components.forEach((component, i) => {
    const at = `/components/${i}`;
    const place = `component “${component.code}”`;
    if (components.findIndex((c) => c.code === component.code) !== i) {
      faults.push({ at: `${at}/code`, message: `${place} is there twice` });
    }
    if ((component.price === undefined) === (component.prices === undefined)) {
      faults.push({ at, message: `${place} needs either one price or a price per period` });
    }
    if (!component.prices) return;
    if (!calendar) {
      faults.push({
        at: `${at}/prices`,
        message: `${place} has prices per period, but there is no calendar`,
      });
      return;
    }
    for (const rank of [...ranksUsed(calendar)].sort()) {
      if (component.prices[`${rank}`] !== undefined) continue;
      const first = firstUse(calendar, rank);
      faults.push({
        at: `${at}/prices/${rank}`,
        message: `${place} has no price for ${rankNames[rank]}, which ${first} uses`,
      });
    }
  });
  return faults;
}

function firstUse(calendar: NonNullable<TariffDefinition['calendar']>, rank: number): string {
  for (const season of calendar.seasons) {
    for (const day of season.days) {
      const band = day.bands.find((b) => b.rank === rank);
      if (band) return `season “${season.name}” from ${band.from}`;
    }
  }
  return 'the calendar';
}

/** “season “summer”, weekday: ” for a path into the calendar: a person has to find it again. */
function placeOf(input: unknown, path: readonly PropertyKey[]): string {
  const words: string[] = [];
  let here: unknown = input;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) break;
    // Only looked into, never trusted: what was entered has failed its schema.
    here = (here as Record<PropertyKey, unknown>)[key];
    const { name, code, type } = (here ?? {}) as Record<string, unknown>;
    if (typeof code === 'string') words.push(`component “${code.slice(0, 60)}”`);
    else if (typeof name === 'string' && path[0] === 'calendar')
      words.push(`season “${name.slice(0, 60)}”`);
    else if (typeof type === 'string') words.push(type.slice(0, 20));
  }
  const leaf = path.at(-1);
  if (typeof leaf === 'string' && words.length > 0) words.push(leaf);
  return words.length > 0 ? `${words.join(', ')}: ` : path.length > 0 ? `${path.join('/')}: ` : '';
}

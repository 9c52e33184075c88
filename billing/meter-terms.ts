/**
 * What a prepaid meter can hold of a tariff: two day plans, four seasons, fourteen slots a day, four prices of four
 * decimals, no weekdays and no lists of days. A calendar that does not fit is refused, never bent; digits of a
 * price that the register has not are the business of the month's true-up.
 */
import type { Prices, TouTable } from '../sql/command-functions.ts';
import { dayStart, type LocalDay } from '../sql/local-day.ts';
import { type Calendar, openCalendar } from '../sql/period-calendar.ts';
import type { Priced } from './components.ts';
import { priceList } from './components.ts';
import { halfEven, PRICE_DIGITS, RATE_DIGITS, scaled, unscaled } from './exact.ts';
import type { TariffDefinition } from './tariff.ts';

export const meterObstacles = [
  ...(['steps', 'index', 'event-days', 'allowance', 'no-energy'] as const),
  ...(['day-types', 'seasons', 'day-plans', 'slots', 'deep-valley'] as const),
  ...(['clock-changes', 'price-range'] as const),
] as const;
export type MeterObstacle = (typeof meterObstacles)[number];

/** In words, for who is refused. */
export const meterSentences: Record<MeterObstacle, string> = {
  steps: 'its prices go by steps of consumption',
  index: 'a price follows a published index',
  'event-days': 'a price or period holds on certain days only',
  allowance: 'a part of the consumption is free',
  'no-energy': 'it has no price for energy',
  'day-types': 'days of the week or holidays differ',
  seasons: 'it has more than four seasons',
  'day-plans': 'it has more than two kinds of day',
  slots: 'a day has more than fourteen periods',
  'deep-valley': 'it has a fifth price, for the deep valley',
  'clock-changes': 'its periods move with summer time, and the clock of a meter does not',
  'price-range': 'a price is too high for the register',
};

export interface MeterTerms {
  /** With tax, all components per energy together. */
  prices: Prices;
  table: TouTable;
}

type Fit = { terms: MeterTerms; obstacle: null } | { terms: null; obstacle: MeterObstacle };

const SEASONS_MAX = 4;
const DAY_PLANS_MAX = 2;
const SLOTS_MAX = 14;
const PRICE_DECIMALS = 4;
const PRICE_MAX = 100_000n;
const FLAT = 3;
const SLOT_MINUTES = 15;
/** Names of the meter's four prices, by rank. */
const priceNames = { 1: 'spike', 2: 'peak', 3: 'flat', 4: 'valley' } as const;
type MeterRank = keyof typeof priceNames;
const meterRanks: readonly MeterRank[] = [1, 2, 3, 4];

/** What the meter is told of a version, or what of it the meter cannot hold. */
export function meterTermsOf(definition: TariffDefinition, zone: string): Fit {
  const not = (obstacle: MeterObstacle): Fit => ({ terms: null, obstacle });
  const { calendar, components } = definition;
  const energy = components.filter((c) => c.kind === 'usage');
  if (components.some(({ kind }) => kind === 'allowance')) return not('allowance');
  if (energy.some((c) => c.stepPrices || c.stepAdders || c.periodFactors)) return not('steps');
  if (energy.some((c) => c.follows)) return not('index');
  if (energy.some((c) => c.onlyOnEventDays !== undefined)) return not('event-days');
  if (energy.length === 0) return not('no-energy');
  const fitted = calendar ? tableOf(calendar, zone) : { table: ALWAYS_FLAT };
  if ('obstacle' in fitted) return not(fitted.obstacle);
  const used = new Set(fitted.table.dayPlans.flat().map(({ rank }) => rank));
  const priced = priceList('', definition).filter(({ kind }) => kind === 'usage');
  const found = new Map<MeterRank, bigint>();
  for (const rank of meterRanks) {
    if (used.has(rank)) found.set(rank, priceAt(priced, calendar ? rank : 0));
  }
  const all = [...found.values()];
  if (all.some((price) => price >= PRICE_MAX * 10n ** BigInt(WITH_TAX_DIGITS))) {
    return not('price-range');
  }
  // A rank that no slot names is never priced by; it gets the dearest, lest it be found free.
  const [dearest = 0n] = all.toSorted((a, b) => Number(b - a));
  const text = (rank: MeterRank) =>
    unscaled(halfEven(found.get(rank) ?? dearest, REGISTER_UNIT), PRICE_DECIMALS);
  const prices = { spike: text(1), peak: text(2), flat: text(3), valley: text(4) };
  return { terms: { prices, table: fitted.table }, obstacle: null };
}

const ALWAYS_FLAT: TouTable = {
  dayPlans: [[{ fromMinute: 0, rank: FLAT }]],
  seasons: [{ month: 1, day: 1, plan: 1 }],
};

const WITH_TAX_DIGITS = PRICE_DIGITS + RATE_DIGITS;
/** A step of the price register. */
const REGISTER_UNIT = 10n ** BigInt(WITH_TAX_DIGITS - PRICE_DECIMALS);

/** The prices per 1,000 Wh of all components together, with tax; index 0 where there are no periods. */
function priceAt(priced: readonly Priced[], rank: MeterRank | 0): bigint {
  const unit = 10n ** BigInt(RATE_DIGITS);
  let sum = 0n;
  for (const { byPeriod, price, taxIncluded, taxRate } of priced) {
    const one = price[byPeriod ? rank : 0] ?? 0n;
    sum += one * (taxIncluded ? unit : unit + scaled(taxRate, RATE_DIGITS));
  }
  return sum;
}

type Plan = TouTable['dayPlans'][number];

function tableOf(
  calendar: Calendar,
  zone: string,
): { table: TouTable } | { obstacle: MeterObstacle } {
  if (calendar.eventDays !== undefined) return { obstacle: 'event-days' };
  if (changesClock(zone)) return { obstacle: 'clock-changes' };
  const plans: Plan[] = [];
  const seasons: TouTable['seasons'] = [];
  for (const { from, days } of calendar.seasons.toSorted((a, b) => a.from.localeCompare(b.from))) {
    const kinds = days.map(({ bands }) =>
      planOf({ ...calendar, seasons: [wholeYear(bands)] }, zone),
    );
    const [plan] = kinds;
    if (!plan || kinds.some((other) => !same(other, plan))) return { obstacle: 'day-types' };
    if (plan.length > SLOTS_MAX) return { obstacle: 'slots' };
    if (plan.some(({ rank }) => rank > 4)) return { obstacle: 'deep-valley' };
    let nth = plans.findIndex((known) => same(known, plan));
    if (nth < 0) nth = plans.push(plan) - 1;
    // One season with the same days as that before it is none of its own.
    if (seasons.at(-1)?.plan === nth + 1) continue;
    seasons.push({ month: Number(from.slice(0, 2)), day: Number(from.slice(3)), plan: nth + 1 });
  }
  // Before the first season of a year holds the last of the year before.
  if (seasons.length > 1 && seasons[0]?.plan === seasons.at(-1)?.plan) seasons.shift();
  if (plans.length > DAY_PLANS_MAX) return { obstacle: 'day-plans' };
  if (seasons.length > SEASONS_MAX) return { obstacle: 'seasons' };
  return { table: { dayPlans: plans, seasons } };
}

type Bands = Calendar['seasons'][number]['days'][number]['bands'];

const wholeYear = (bands: Bands): Calendar['seasons'][number] => ({
  ...{ name: 'year', from: '01-01', to: '12-31' },
  days: [{ type: 'everyday', bands }],
});

const ANY_DAY: LocalDay = '2026-01-01';

/** The slots of a day by the clock, each where another rank begins. */
function planOf(calendar: Calendar, zone: string): Plan {
  const ranks = openCalendar(calendar, zone)(ANY_DAY);
  const plan: Plan = [];
  ranks.forEach((rank, quarter) => {
    if (plan.at(-1)?.rank !== rank) plan.push({ fromMinute: quarter * SLOT_MINUTES, rank });
  });
  return plan;
}

const same = (a: Plan, b: Plan): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether clocks of the zone are set by the season; a meter's are not. */
function changesClock(zone: string): boolean {
  const offsetOf = (day: LocalDay) => (dayStart(zone, day) / 60_000) % (24 * 60);
  return offsetOf('2026-01-15') !== offsetOf('2026-07-15');
}

/** A definition changed part by part, each change whole: arrays of steps keep their length. Pure. */

import type {
  BandText,
  Component,
  ComponentKind,
  DayType,
  Fault,
  Season,
  Steps,
  TariffCalendar,
  TariffDefinition,
  Usage,
} from '../../../tariff-shapes.ts';
import { type DayKind, planOf } from '../calendar.ts';
import { tidied } from './bands.ts';

export const COMPONENTS_MAX = 20;
export const LIMITS_MAX = 9;

/** What a usage component's price depends on. */
export type PriceForm = 'one' | 'periods' | 'steps' | 'adders' | 'periods-adders' | 'steps-factors';
export const priceForms: readonly PriceForm[] = [
  'one',
  'periods',
  'steps',
  'adders',
  'periods-adders',
  'steps-factors',
];

export const priceFormOf = (usage: Usage): PriceForm =>
  usage.stepPrices
    ? usage.periodFactors
      ? 'steps-factors'
      : 'steps'
    : usage.stepAdders
      ? usage.prices
        ? 'periods-adders'
        : 'adders'
      : usage.prices
        ? 'periods'
        : 'one';

/** The same component with its price said in another form; what was entered is taken along where it fits. */
export function inForm(usage: Usage, form: PriceForm, steps: number): Usage {
  const { price, prices, stepPrices, stepAdders, periodFactors, ...rest } = usage;
  const first = price ?? prices?.['3'] ?? stepPrices?.[0] ?? '';
  const perStep = (fill: string, known?: string[]) =>
    Array.from({ length: steps }, (_, i) => known?.[i] ?? fill);
  switch (form) {
    case 'one':
      return { ...rest, price: first };
    case 'periods':
      return { ...rest, prices: prices ?? { '3': first } };
    case 'steps':
      return { ...rest, stepPrices: perStep(first, stepPrices) };
    case 'adders':
      return { ...rest, price: first, stepAdders: perStep('0', stepAdders) };
    case 'periods-adders':
      return { ...rest, prices: prices ?? { '3': first }, stepAdders: perStep('0', stepAdders) };
    case 'steps-factors':
      return {
        ...rest,
        stepPrices: perStep(first, stepPrices),
        periodFactors: periodFactors ?? { '3': '1' },
      };
  }
}

/** A component of a kind with a code that is free. */
export function newComponent(
  kind: ComponentKind,
  name: string,
  components: readonly Component[],
): Component {
  const codes = new Set(components.map(({ code }) => code));
  const stem = {
    usage: 'energy',
    fixed: 'fee',
    demand: 'demand',
    allowance: 'free',
    minimum: 'minimum',
  }[kind];
  let code = stem;
  for (let n = 2; codes.has(code); n++) code = `${stem}-${n}`;
  const like = components[0];
  const common = {
    code,
    name,
    treatment: 'revenue' as const,
    taxCode: like?.taxCode ?? '',
    taxRate: like?.taxRate ?? '0',
    taxIncluded: like?.taxIncluded ?? true,
  };
  switch (kind) {
    case 'usage':
      return { kind, ...common, price: '' };
    case 'fixed':
      return { kind, ...common, per: 'month', amount: '', scope: 'account' };
    case 'demand':
      return { kind, ...common, price: '' };
    case 'allowance':
      return { kind, ...common, quantity: 0, price: '', proRata: 'none' };
    case 'minimum':
      return { kind, ...common, amount: '', scope: 'account' };
  }
}

export const replaced = <Row>(rows: readonly Row[], index: number, row: Row): Row[] =>
  rows.map((each, i) => (i === index ? row : each));

/** With other steps: prices and adders by step get as many places as there are steps. */
export function withSteps(
  definition: TariffDefinition,
  steps: Steps | undefined,
): TariffDefinition {
  const { steps: _, ...rest } = definition;
  const count = (steps?.limits.length ?? 0) + 1;
  const fitted = (values: string[] | undefined, fill: string) =>
    values && Array.from({ length: count }, (_, i) => values[i] ?? fill);
  const components = definition.components.map((each): Component => {
    if (each.kind !== 'usage') return each;
    if (!steps) {
      if (each.stepPrices) return inForm(each, each.periodFactors ? 'periods' : 'one', 1);
      return each.stepAdders ? { ...each, stepAdders: undefined } : each;
    }
    return {
      ...each,
      ...(each.stepPrices && { stepPrices: fitted(each.stepPrices, each.stepPrices.at(-1) ?? '') }),
      ...(each.stepAdders && { stepAdders: fitted(each.stepAdders, '0') }),
    };
  });
  return steps ? { ...rest, components, steps } : { ...rest, components };
}

/** A year of one season and one period, to begin with. */
export const plainCalendar = (name: string): TariffCalendar => ({
  seasons: [
    {
      name,
      from: '01-01',
      to: '12-31',
      days: [{ type: 'everyday', bands: [{ from: '00:00', to: '24:00', rank: 3 }] }],
    },
  ],
  weekend: [6, 7],
  holidays: [],
  workdays: [],
});

/** A season with other bands for the plan that serves a kind of day. */
export function withBands(season: Season, type: DayType, bands: BandText[]): Season {
  return {
    ...season,
    days: season.days.map((day) => (day.type === type ? { ...day, bands } : day)),
  };
}

/** Gives a kind of day bands of its own (a copy of those it had), or takes them away. */
export function withOwnPlan(season: Season, type: 'holiday' | 'event', own: boolean): Season {
  const others = season.days.filter((day) => day.type !== type);
  const now = planOf(season, type)?.bands ?? [];
  return { ...season, days: own ? [...others, { type, bands: structuredClone(now) }] : others };
}

/** Weekends apart from weekdays, or every day alike (as the weekdays were). */
export function withWeekends(season: Season, apart: boolean): Season {
  const rest = season.days.filter(({ type }) => type === 'holiday' || type === 'event');
  const weekday = planOf(season, 'weekday')?.bands ?? [];
  const weekend = planOf(season, 'weekend')?.bands ?? [];
  return {
    ...season,
    days: apart
      ? [
          { type: 'weekday', bands: weekday },
          { type: 'weekend', bands: structuredClone(weekend) },
          ...rest,
        ]
      : [{ type: 'everyday', bands: weekday }, ...rest],
  };
}

/** The kinds of day that have a plan of their own in a season. */
export const hasPlan = (season: Season, kind: DayKind): boolean =>
  season.days.some(({ type }) => type === kind);

/** As it is sent: bands of one period that touch are one, what is empty is left out. */
export function asSent(definition: TariffDefinition): TariffDefinition {
  const { calendar } = definition;
  const components = definition.components.map((each) => ({
    ...each,
    name: each.name.trim(),
    nameZh: each.nameZh?.trim() || undefined,
  }));
  if (!calendar) return { ...definition, components };
  const seasons = calendar.seasons.map((season) => ({
    ...season,
    nameZh: season.nameZh?.trim() || undefined,
    days: season.days.map((day) => ({ ...day, bands: tidied(day.bands) })),
  }));
  return { ...definition, components, calendar: { ...calendar, seasons } };
}

/** The faults of a place and of what lies in it. */
export const faultsAt = (faults: readonly Fault[], at: string): readonly Fault[] =>
  faults.filter((fault) => fault.at === at || fault.at.startsWith(`${at}/`));

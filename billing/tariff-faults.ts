/** What is wrong with a tariff whose shape is right: prices that lack, contradict or grow too long. */
import { type Calendar, ranksUsed } from '../sql/period-calendar.ts';
import type { Fault } from '../sql/problem.ts';
import { FACTOR_DIGITS, PRICE_DIGITS } from './exact.ts';
import type { Component, Steps, TariffDefinition, Usage } from './tariff.ts';

/** Every fault with its place, in words of the tariff. */
export function tariffFaults(
  { components, calendar, steps }: TariffDefinition,
  commodity: 'electricity' | 'water',
): Fault[] {
  const faults: Fault[] = [];
  if (steps) faults.push(...stepFaults(steps, components));
  components.forEach((component, i) => {
    const at = `/components/${i}`;
    const place = `component “${component.code}”`;
    const say: Say = (where, code, message, parameters) =>
      faults.push({
        at: `${at}${where}`,
        message: `${place} ${message}`,
        code,
        parameters: { ...parameters, component: component.code },
      });
    if (components.findIndex((c) => c.code === component.code) !== i) {
      say('/code', 'code-twice', 'is there twice');
    }
    switch (component.kind) {
      case 'usage':
        usageFaults(component, { calendar, steps, say });
        break;
      case 'demand':
        if (commodity === 'water') {
          say('', 'demand-of-water', 'charges demand, which water has none of');
        }
        break;
      case 'minimum':
        for (const [n, code] of (component.of ?? []).entries()) {
          const counted = components.find((c) => c.code === code);
          const at = `/of/${n}`;
          if (!counted) {
            const message = `counts “${code}”, which is no component`;
            say(at, 'counts-unknown', message, { counted: code });
          } else if (counted.kind === 'minimum') {
            const message = `counts “${code}”, a minimum itself`;
            say(at, 'counts-minimum', message, { counted: code });
          }
        }
        break;
      case 'fixed':
      case 'allowance':
        break;
    }
  });
  return faults;
}

type Say = (
  where: string,
  code: string,
  message: string,
  parameters?: Record<string, string | number>,
) => void;

function stepFaults(steps: Steps, components: readonly Component[]): Fault[] {
  const faults: Fault[] = [];
  steps.limits.forEach((limit, n) => {
    if (n > 0 && limit <= (steps.limits[n - 1] as number)) {
      const message = `steps: limit ${limit} does not lie above the one before it`;
      const at = `/steps/limits/${n}`;
      faults.push({ at, message, code: 'limit-not-above', parameters: { limit } });
    }
  });
  if (steps.period === 'month' && steps.yearStart !== undefined) {
    faults.push({
      at: '/steps/yearStart',
      message: 'steps of a month have no beginning of a year',
      code: 'year-start-of-month',
    });
  }
  const used = components.some((c) => c.kind === 'usage' && (c.stepPrices || c.stepAdders));
  if (!used) {
    const message = 'no component has a price per step';
    faults.push({ at: '/steps', message, code: 'steps-unused' });
  }
  return faults;
}

function usageFaults(
  component: Usage,
  { calendar, steps, say }: { calendar?: Calendar; steps?: Steps; say: Say },
): void {
  const { price, prices, stepPrices, stepAdders, periodFactors, follows } = component;
  if ([price, prices, stepPrices].filter((given) => given !== undefined).length !== 1) {
    say('', 'price-forms', 'needs either one price or a price per period or per step');
    return;
  }
  for (const [name, given] of Object.entries({ stepPrices, stepAdders })) {
    if (!given) continue;
    if (!steps) {
      say(`/${name}`, 'steps-missing', 'has prices per step, but there are no steps');
    } else if (given.length !== steps.limits.length + 1) {
      const counts = { given: given.length, steps: steps.limits.length + 1 };
      const message = `has ${counts.given} prices for ${counts.steps} steps`;
      say(`/${name}`, 'steps-count', message, counts);
    }
  }
  if (stepAdders && stepPrices) {
    say('/stepAdders', 'adders-and-prices', 'has prices per step and adders as well');
  }
  if (periodFactors && !stepPrices) {
    say('/periodFactors', 'factors-alone', 'has factors, but no prices per step');
  }
  if (stepAdders && steps?.order === 'steps-then-tou') {
    const message = 'adds steps to a price, which is the order tou-then-steps';
    say('/stepAdders', 'adders-order', message);
  }
  if (periodFactors && steps?.order === 'tou-then-steps') {
    const message = 'multiplies steps by periods, which is the order steps-then-tou';
    say('/periodFactors', 'factors-order', message);
  }
  for (const [name, given] of Object.entries({ prices, periodFactors })) {
    if (!given) continue;
    if (!calendar) {
      const message = 'has prices per period, but there is no calendar';
      say(`/${name}`, 'calendar-missing', message);
      continue;
    }
    for (const rank of [...ranksUsed(calendar)].sort()) {
      if (given[`${rank}`] !== undefined) continue;
      const what = name === 'prices' ? 'price' : 'factor';
      const { season, from } = firstUse(calendar, rank);
      say(
        `/${name}/${rank}`,
        `${what}-missing`,
        `has no ${what} for ${rankNames[rank]}, which season “${season}” from ${from} uses`,
        { rank, season, from },
      );
    }
  }
  const limit = follows?.as === 'factor' ? FACTOR_DIGITS : PRICE_DIGITS;
  const why = follows?.as === 'factor' ? 'multiplied by an index' : 'as it is charged';
  for (const { where, digits, negative } of combined(component)) {
    if (negative) say(where, 'price-below-zero', 'comes to a negative price');
    if (digits > limit) {
      const code = follows?.as === 'factor' ? 'digits-by-index' : 'digits';
      say(where, code, `has ${digits} decimals ${why}: at most ${limit}`, { digits, limit });
    }
  }
}

/** Each price as it is charged: where it stands, its decimals, and whether it falls below zero. */
function combined({ price, prices, stepPrices, stepAdders, periodFactors }: Usage) {
  const found: { where: string; digits: number; negative: boolean }[] = [];
  const add = (where: string, digits: number, negative = false) =>
    found.push({ where, digits, negative });
  if (stepPrices) {
    for (const [n, stepPrice] of stepPrices.entries()) {
      if (!periodFactors) add(`/stepPrices/${n}`, digitsOf(stepPrice));
      for (const [rank, factor] of Object.entries(periodFactors ?? {})) {
        add(`/periodFactors/${rank}`, productDigits(stepPrice, factor));
      }
    }
    return found;
  }
  const bases = price === undefined ? Object.entries(prices ?? {}) : [['', price] as const];
  for (const [rank, base] of bases) {
    const where = rank === '' ? '/price' : `/prices/${rank}`;
    add(where, digitsOf(base));
    for (const [n, adder] of (stepAdders ?? []).entries()) {
      const digits = Math.max(digitsOf(base), digitsOf(adder));
      const sum = integerOf(base, digits) + integerOf(adder, digits);
      add(`/stepAdders/${n}`, digits, sum < 0n);
    }
  }
  return found;
}

const digitsOf = (text: string): number => (text.split('.')[1] ?? '').replace(/0+$/, '').length;

/** A decimal as an integer of 10^-digits; it has no more than that. */
function integerOf(text: string, digits: number): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.replace(/0+$/, '').padEnd(digits, '0'));
}

function productDigits(a: string, b: string): number {
  const [digitsA, digitsB] = [digitsOf(a), digitsOf(b)];
  let product = integerOf(a, digitsA) * integerOf(b, digitsB);
  let digits = digitsA + digitsB;
  while (digits > 0 && product % 10n === 0n) {
    product /= 10n;
    digits--;
  }
  return digits;
}

const rankNames: Record<string, string> = {
  1: 'spike',
  2: 'peak',
  3: 'flat',
  4: 'valley',
  5: 'deep valley',
};

/** Where the year first has a rank that its calendar uses. */
function firstUse(calendar: Calendar, rank: number): { season: string; from: string } {
  for (const season of calendar.seasons) {
    for (const day of season.days) {
      const band = day.bands.find((b) => b.rank === rank);
      if (band) return { season: season.name, from: band.from };
    }
  }
  throw new Error(`the calendar uses no rank ${rank}`);
}

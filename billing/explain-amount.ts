/**
 * The lines of a settled day worked out once more from its quarter-hours and the tariff as it was entered, in
 * other steps than rating takes: whole days slot by slot, in big integers. Pure.
 */
import type { LocalDay } from '../sql/local-day.ts';
import { EXACT_DIGITS, halfEven, PRICE_DIGITS, scaled, unscaled } from './exact.ts';
import { type PriceTrail, priceTrail } from './explain-price.ts';
import { daysInMonth } from './steps.ts';
import type { Component, TariffDefinition } from './tariff.ts';

/** A quarter-hour that the account pays for. */
export interface PaidSlot {
  slot: number;
  quantity: bigint;
  /** 0 where the tariff knows no periods. */
  rank: number;
  /** By step (from 1) the part of it that fell there; one entry 0 without steps. */
  steps: readonly (readonly [step: number, quantity: bigint])[];
}

export interface DayInputs {
  day: LocalDay;
  slots: readonly PaidSlot[];
  monthQuantityBefore: bigint;
  demandBefore: bigint;
  /** When the account began to hold the point. */
  openedOn: LocalDay;
  indexOf: (code: string) => string | undefined;
}

/** How a line comes about, worked out anew. */
export interface Worked {
  component: string;
  kind: Component['kind'];
  period: number;
  step: number;
  quantity: bigint;
  /** Per 1,000 base units or W; per day. */
  price: string;
  exact: bigint;
  trail: PriceTrail | null;
  /** The quarter-hour of the highest demand. */
  peakSlot: number | null;
  /** Base units that are free in the month. */
  free: bigint | null;
}

/** Parts quarter-hours among steps in order of time; `paid` are those of one point, `mates` of points that cumulate with it. */
export function partSteps(
  slots: readonly { slot: number; quantity: bigint; pointId: string }[],
  { limits, before }: { limits: readonly number[]; before: bigint },
): Map<string, [number, bigint][]> {
  const parted = new Map<string, [number, bigint][]>();
  const ordered = [...slots].sort((a, b) => a.slot - b.slot || byId(a.pointId, b.pointId));
  let used = before;
  const stepOf = (at: bigint) => limits.filter((limit) => at >= BigInt(limit)).length;
  for (const { slot, quantity, pointId } of ordered) {
    const parts: [number, bigint][] = [];
    let left = quantity;
    while (left > 0n) {
      const step = stepOf(used);
      const limit = limits[step];
      const room = limit === undefined ? left : BigInt(limit) - used;
      const part = left < room ? left : room;
      parts.push([step + 1, part]);
      used += part;
      left -= part;
    }
    if (quantity < 0n) {
      parts.push([stepOf(used) + 1, quantity]);
      used += quantity;
    }
    parted.set(`${pointId}/${slot}`, parts);
  }
  return parted;
}

const byId = (a: string, b: string) => (BigInt(a) < BigInt(b) ? -1 : 1);

/** The lines of a point's day that its quarter-hours decide, and its fees. */
export function workOut(definition: TariffDefinition, inputs: DayInputs): Worked[] {
  return definition.components.flatMap((component) => workedOf(component, inputs));
}

function workedOf(component: Component, inputs: DayInputs): Worked[] {
  const { slots, day } = inputs;
  const total = slots.reduce((sum, { quantity }) => sum + quantity, 0n);
  const none = { trail: null, peakSlot: null, free: null };
  const of = { component: component.code, kind: component.kind, period: 0, step: 0, ...none };
  switch (component.kind) {
    case 'usage':
      return usageOf(component, inputs);
    case 'demand': {
      const peak = slots.reduce<PaidSlot | undefined>(
        (best, s) => (!best || s.quantity > best.quantity ? s : best),
        undefined,
      );
      const rise = (peak?.quantity ?? 0n) * 4n - inputs.demandBefore;
      if (!peak || rise <= 0n) return [];
      const { price } = component;
      return [{ ...of, quantity: rise, price, exact: times(rise, price), peakSlot: peak.slot }];
    }
    case 'allowance': {
      const opened = inputs.openedOn.slice(0, 7) === day.slice(0, 7);
      const days = BigInt(daysInMonth(day));
      const share = BigInt(component.quantity) * (days + 1n - BigInt(inputs.openedOn.slice(8)));
      const free =
        component.proRata === 'days' && opened ? share / days : BigInt(component.quantity);
      const least = (a: bigint) => (a < free ? a : free);
      const before = inputs.monthQuantityBefore;
      const now = least(before + total) - least(before);
      if (now <= 0n) return [];
      const { price } = component;
      return [{ ...of, quantity: -now, price, exact: times(-now, price), free }];
    }
    case 'fixed': {
      const price = feeOfDay(component, day);
      return [{ ...of, quantity: 1n, price, exact: scaled(price, EXACT_DIGITS) }];
    }
    case 'minimum':
      return [];
  }
}

/** A fee's share of a day: what is due by its end less what was due by its beginning. */
export function feeOfDay(fee: Extract<Component, { kind: 'fixed' }>, day: LocalDay): string {
  const amount = scaled(fee.amount, PRICE_DIGITS);
  if (fee.per === 'day') return unscaled(amount, PRICE_DIGITS);
  const [days, ordinal] = [BigInt(daysInMonth(day)), BigInt(day.slice(8))];
  return unscaled((amount * ordinal) / days - (amount * (ordinal - 1n)) / days, PRICE_DIGITS);
}

function usageOf(component: Extract<Component, { kind: 'usage' }>, inputs: DayInputs): Worked[] {
  const bySteps = Boolean(component.stepPrices ?? component.stepAdders);
  const byPeriod = Boolean(component.prices ?? component.periodFactors);
  const sums = new Map<string, bigint>();
  for (const { rank, steps } of inputs.slots) {
    for (const [step, quantity] of steps) {
      const key = `${byPeriod ? rank : 0}/${bySteps ? step : 0}`;
      sums.set(key, (sums.get(key) ?? 0n) + quantity);
    }
  }
  return [...sums].flatMap(([key, quantity]): Worked[] => {
    const [period = 0, step = 0] = key.split('/').map(Number);
    const month = `${inputs.day.slice(0, 7)}-01`;
    const trail = priceTrail(component, { period, step, month, indexOf: inputs.indexOf });
    if (quantity === 0n || !trail) return [];
    const { price } = trail;
    return [
      {
        ...{ component: component.code, kind: 'usage', period, step, quantity, price, trail },
        ...{ exact: times(quantity, price), peakSlot: null, free: null },
      },
    ];
  });
}

/** quantity × price ÷ 1,000, exact. */
const times = (quantity: bigint, price: string): bigint =>
  quantity * scaled(price, PRICE_DIGITS) * 10n ** BigInt(EXACT_DIGITS - PRICE_DIGITS - 3);

/** What counts towards a minimum. */
export interface CountedSum {
  component: string;
  kind: Component['kind'];
  taxIncluded: boolean;
  exact: bigint;
  taxExact: bigint;
}

/** What a month of which `heldDays` were held lacks to its minimum, half to even at the decimals of a price. */
export function lackOf(
  minimum: Extract<Component, { kind: 'minimum' }>,
  { day, heldDays, counted }: { day: LocalDay; heldDays: number; counted: readonly CountedSum[] },
): { least: string; counted: string; price: string } {
  const counts = counted.filter((c) =>
    minimum.of ? minimum.of.includes(c.component) : c.kind !== 'minimum',
  );
  const sum = counts.reduce((total, c) => {
    if (minimum.taxIncluded === c.taxIncluded) return total + c.exact;
    return total + c.exact + (minimum.taxIncluded ? c.taxExact : -c.taxExact);
  }, 0n);
  const amount = scaled(minimum.amount, PRICE_DIGITS) * BigInt(heldDays);
  const least = halfEven(amount, BigInt(daysInMonth(day)));
  const lacking = least - halfEven(sum, 10n ** BigInt(EXACT_DIGITS - PRICE_DIGITS));
  return {
    least: unscaled(least, PRICE_DIGITS),
    counted: unscaled(sum, EXACT_DIGITS),
    price: unscaled(lacking > 0n ? lacking : 0n, PRICE_DIGITS),
  };
}

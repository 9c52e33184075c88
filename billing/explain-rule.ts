/** The rule behind a line, with its figures, and what its key had cumulated and posted in the month. */
import { type LocalDay, monthOf } from '../sql/local-day.ts';
import { exponentOf, type Money, money } from '../sql/money.ts';
import { exactOf, exactText } from './exact.ts';
import type { Worked } from './explain-amount.ts';
import type { Earlier, Header, StoredCharge } from './explain-header.ts';
import { type PeriodRule, type PriceTrail, periodRule } from './explain-price.ts';
import type { Published } from './price-book.ts';
import { accrue, nothingPosted } from './rounding.ts';
import { daysInMonth, limitsOn, stepPeriod } from './steps.ts';
import type { Component, TariffDefinition } from './tariff.ts';

export interface ExplainedLine {
  charge: StoredCharge;
  component: Component;
  tariff: {
    id: string;
    name: string;
    versionId: string;
    version: number;
    effectiveFrom: LocalDay;
  };
  price: PriceTrail | null;
  period: PeriodRule | null;
  steps: {
    from: number;
    to: number | null;
    usedBefore: number;
    periodFrom: LocalDay;
    periodTo: LocalDay;
    scope: 'point' | 'account';
  } | null;
  fee: { amount: string; per: 'day' | 'month'; day: number; days: number } | null;
  demand: { peakSlot: number; demand: number; before: number } | null;
  allowance: { free: number; usedBefore: number } | null;
  minimum: {
    amount: string;
    least: string;
    counted: string;
    heldDays: number;
    days: number;
  } | null;
  worked: { quantity: string; price: string; exact: string } | null;
  agrees: boolean;
  rounding: {
    month: LocalDay;
    exactBefore: string;
    exactAfter: string;
    postedBefore: Money;
    postedAfter: Money;
    posted: Money;
  };
}

/** What a minimum lacked, worked out anew. */
export interface WorkedMinimum {
  least: string;
  counted: string;
  price: string;
  heldDays: number;
  quantity: bigint;
  exact: bigint;
}

/** The parts of the rule that a line rests on; what is null has no part in it. */
export function ruleOf({
  charge,
  component,
  definition,
  header,
  published,
  again,
  minimum,
  openedOn,
}: {
  charge: StoredCharge;
  component: Component;
  definition: TariffDefinition;
  header: Header;
  published: Published;
  again: (Worked & { earlier: Earlier }) | undefined;
  minimum: WorkedMinimum | null;
  openedOn: LocalDay;
}): Pick<ExplainedLine, 'price' | 'period' | 'steps' | 'fee' | 'demand' | 'allowance' | 'minimum'> {
  const day = header.local_day;
  const events = published.lists.get(definition.calendar?.eventDays ?? '') ?? new Set<LocalDay>();
  const { steps } = definition;
  const inPeriod = steps && charge.step > 0 ? stepPeriod(steps, day) : null;
  const limits = steps ? limitsOn(steps, { day, openedOn }) : [];
  return {
    price: again?.trail ?? null,
    period: periodRule(definition, { period: charge.period, day, events }),
    steps:
      steps && inPeriod
        ? {
            from: limits[charge.step - 2] ?? 0,
            to: limits[charge.step - 1] ?? null,
            usedBefore: Number(again?.earlier.step ?? header.step_before),
            ...{ periodFrom: inPeriod.from, periodTo: inPeriod.to, scope: steps.scope },
          }
        : null,
    fee:
      component.kind === 'fixed'
        ? {
            ...{ amount: component.amount, per: component.per },
            ...{ day: Number(day.slice(8)), days: daysInMonth(day) },
          }
        : null,
    demand:
      again?.peakSlot != null
        ? {
            peakSlot: again.peakSlot,
            ...{ demand: Number(header.demand), before: Number(again.earlier.demand) },
          }
        : null,
    allowance:
      again?.free != null
        ? { free: Number(again.free), usedBefore: Number(again.earlier.month) }
        : null,
    minimum:
      minimum && component.kind === 'minimum'
        ? {
            ...{ amount: component.amount, least: minimum.least, counted: minimum.counted },
            ...{ heldDays: minimum.heldDays, days: daysInMonth(day) },
          }
        : null,
  };
}

/** What the key had cumulated in its month before and after, and what that posted. */
export function roundingOf(
  header: Header,
  charge: StoredCharge,
  { taxIncluded }: Component,
): ExplainedLine['rounding'] {
  const exponent = exponentOf(header.currency);
  const tax = { taxRate: charge.tax_rate, taxIncluded };
  const before = accrue(nothingPosted, exactOf(charge.cumulated), tax, exponent);
  const added = exactOf(charge.exact) - exactOf(charge.old_exact ?? '0');
  const after = accrue(before, added, tax, exponent);
  const minor = (value: bigint) => money(value, header.currency);
  return {
    month: monthOf(header.local_day),
    exactBefore: exactText(before.exact),
    exactAfter: exactText(after.exact),
    postedBefore: minor(before.postedMinor),
    postedAfter: minor(after.postedMinor),
    posted: minor(after.postedMinor - before.postedMinor),
  };
}

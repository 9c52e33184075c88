/**
 * Sales spread over the history and sized by what a tenant's days cost, so that at its end most are
 * in credit, some are warned and two owe. Balances are kept days away from the next state, because
 * the real days will differ from the mean that is known here.
 */
import type { Standing } from './tenants.ts';

export interface PlannedSale {
  /** Local day, counted from the first of the history, and minutes after midnight. */
  day: number;
  minute: number;
  /** Whole yuan. */
  amount: number;
  channel: 'cash' | 'transfer' | 'online';
}

interface Plan {
  /** Days of use that are left when the history ends. */
  left: number;
  /** Days of use that each threshold stands for. */
  alarm1: number;
  alarm2: number;
}

const plans: Record<Standing, Plan> = {
  credit: { left: 18, alarm1: 5, alarm2: 2 },
  alarm1: { left: 9, alarm1: 16, alarm2: 2 },
  alarm2: { left: 7, alarm1: 18, alarm2: 14 },
  arrears: { left: -7, alarm1: 5, alarm2: 2 },
};

const WEEK = 7;
const STEP = 50;

/** The thresholds of an account in whole yuan. */
export function thresholdsOf(standing: Standing, dayCost: number) {
  const { alarm1, alarm2 } = plans[standing];
  return { alarm1: rounded(alarm1 * dayCost), alarm2: rounded(alarm2 * dayCost) };
}

/**
 * An opening sale, then one a week on a weekday of the tenant's own, to `days` of history. Who ends
 * up owing has stopped buying; what was bought is less than the days have cost by then.
 * @example salesOf({ standing: 'credit', dayCost: 300, days: 35, index: 4 })
 */
export function salesOf({
  standing,
  dayCost,
  days,
  index,
}: {
  standing: Standing;
  dayCost: number;
  days: number;
  index: number;
}): PlannedSale[] {
  const { left } = plans[standing];
  const total = (days + left) * dayCost;
  const weekday = 1 + (index % (WEEK - 1));
  const topUps = Array.from({ length: Math.floor(days / WEEK) }, (_, week) => week * WEEK + weekday)
    .filter((day) => day < days)
    .slice(0, standing === 'arrears' ? -2 : undefined);
  const weekly = rounded(WEEK * dayCost);
  const opening = Math.max(rounded(total - weekly * topUps.length), STEP);
  const channel = (['transfer', 'online', 'cash', 'online'] as const)[index % 4] ?? 'online';
  const at = (day: number, amount: number, i: number): PlannedSale => ({
    day,
    minute: 9 * 60 + ((index * 37 + i * 113) % (8 * 60)),
    amount,
    channel: i > 0 && (index + i) % 5 === 0 ? 'cash' : channel,
  });
  return [at(0, opening, 0), ...topUps.map((day, i) => at(day, weekly, i + 1))];
}

const rounded = (yuan: number) => Math.max(Math.round(yuan / STEP), 1) * STEP;

/**
 * An independent recomputation of charges, for comparison only: it shares no code with billing, keeps
 * its own clock (the local minutes of the readings) and its own arithmetic (decimal.js).
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import Decimal from 'decimal.js';

const Exact = Decimal.clone({ precision: 80, rounding: Decimal.ROUND_HALF_EVEN });

export interface Minute {
  /** Local, 'yyyy-mm-dd hh:mm'. */
  minute: string;
  /** Register at the end of the minute, Wh, floored as a meter counts. */
  registerWh: number;
}

/** Two real months of a house, as a register that counts whole Wh; `times` scales the load. */
export function realMinutes(times = 1): Minute[] {
  const file = new URL('../../ingest/simulator/data/household-2008-01-02.csv.gz', import.meta.url);
  const [, ...rows] = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  let watt60 = 0;
  return rows.map((row) => {
    const [minute = '', kw = ''] = row.split(',');
    watt60 += Math.round(Number(kw) * 1000 * times);
    return { minute, registerWh: Math.floor(watt60 / 60) };
  });
}

/** Price key → its decimal price, and how a local clock reading maps to keys. */
export interface Rule {
  code: string;
  taxRate: string;
  taxIncluded: boolean;
  priceAt: (hour: number) => [key: string, price: string];
}

/** Month's bill in cents per code and price key: quantity × price rounded once, and its tax. */
export function bill(
  minutes: Minute[],
  month: string,
  rules: Rule[],
): Map<string, [string, string]> {
  const energy = new Map<string, { rule: Rule; price: string; wh: number }>();
  let before = 0;
  for (const { minute, registerWh } of minutes) {
    const used = registerWh - before;
    before = registerWh;
    if (!minute.startsWith(month)) continue;
    const hour = Number(minute.slice(11, 13)) + Number(minute.slice(14, 16)) / 60;
    for (const rule of rules) {
      const [key, price] = rule.priceAt(hour);
      const id = `${rule.code}/${key}`;
      const slot = energy.get(id) ?? { rule, price, wh: 0 };
      slot.wh += used;
      energy.set(id, slot);
    }
  }
  const lines = new Map<string, [string, string]>();
  for (const [id, { rule, price, wh }] of energy) {
    const amount = new Exact(price).times(wh).dividedBy(1000);
    const tax = rule.taxIncluded
      ? amount.times(rule.taxRate).dividedBy(new Exact(1).plus(rule.taxRate))
      : amount.times(rule.taxRate);
    lines.set(id, [
      amount.toFixed(2, Decimal.ROUND_HALF_EVEN),
      tax.toFixed(2, Decimal.ROUND_HALF_EVEN),
    ]);
  }
  return lines;
}

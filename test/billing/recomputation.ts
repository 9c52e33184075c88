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

/** What a clock on the wall shows, and one that keeps standard time, when a quarter-hour begins. */
export interface Clock {
  day: string;
  month: number;
  /** 1 Monday to 7 Sunday. */
  weekday: number;
  hour: number;
  standardHour: number;
}

const clocks = new Map<string, Clock[]>();

/** The quarter-hours of a local day, as `Intl` tells the time: 92 to 100 of them. */
export function clocksOf(zone: string, day: string): Clock[] {
  const known = clocks.get(`${zone} ${day}`);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const wall = (ms: number) => {
    const [, d, m, y, h, min] = /(\d+)\/(\d+)\/(\d+), (\d+):(\d+)/.exec(format.format(ms)) ?? [];
    const minutes = (Number(h) % 24) * 60 + Number(min);
    return { day: `${y}-${m}-${d}`, minutes };
  };
  const noon = Date.parse(`${day}T12:00:00Z`);
  const offsetAt = (ms: number) => {
    const { day: d, minutes } = wall(ms);
    return Math.round((Date.parse(`${d}T00:00:00Z`) + minutes * 60_000 - ms) / 60_000);
  };
  const year = day.slice(0, 4);
  const standard = Math.min(
    offsetAt(Date.parse(`${year}-01-15T00:00:00Z`)),
    offsetAt(Date.parse(`${year}-07-15T00:00:00Z`)),
  );
  const found: Clock[] = [];
  for (let ms = noon - 36 * 3_600_000; ms < noon + 36 * 3_600_000; ms += 900_000) {
    const { day: d, minutes } = wall(ms);
    if (d !== day) continue;
    const ofStandard = (((ms / 60_000 + standard) % 1440) + 1440) % 1440;
    found.push({
      day,
      month: Number(day.slice(5, 7)),
      weekday: new Date(`${day}T00:00:00Z`).getUTCDay() || 7,
      hour: minutes / 60,
      standardHour: ofStandard / 60,
    });
  }
  clocks.set(`${zone} ${day}`, found);
  return found;
}

/** A tariff in a tester's own words. */
export interface Spec {
  usage: {
    code: string;
    taxRate?: string;
    taxIncluded?: boolean;
    /** Rank ('0' for none) and price of a kWh in a step (from 1; 0 where there are none). */
    priceAt: (clock: Clock, step: number) => [rank: string, price: string];
  }[];
  /** Wh; `from` is the first day of the period that is cumulated over. */
  steps?: { limits: number[]; joint: boolean; from: (day: string) => string };
  demand?: { code: string; price: string };
  fee?: { code: string; amount: string; joint: boolean };
  free?: { code: string; wh: number; price: string };
  minimum?: { code: string; amount: string };
}

/** A point's Wh by day and quarter-hour; null where nothing was measured. */
export type Use = ReadonlyMap<string, readonly (number | null)[]>;

type UsageRule = Spec['usage'][number];
const linesOfSpec = new WeakMap<Spec, { key: string; price: string; rule: UsageRule }[]>();
const tables = new WeakMap<Spec, Map<string, number[][][]>>();

/** By quarter-hour and step: the lines (by number) that a Wh goes to, one for each rule. */
function tableOf(spec: Spec, zone: string, day: string): number[][][] {
  const known = tables.get(spec) ?? new Map<string, number[][][]>();
  tables.set(spec, known);
  const lines = linesOfSpec.get(spec) ?? [];
  linesOfSpec.set(spec, lines);
  const steps = spec.steps ? [...spec.steps.limits.keys(), spec.steps.limits.length] : [-1];
  const table =
    known.get(day) ??
    clocksOf(zone, day).map((clock) =>
      steps.map((step) =>
        spec.usage.map((rule) => {
          const [rank, price] = rule.priceAt(clock, step + 1);
          const flat = steps.every((other) => rule.priceAt(clock, other + 1)[1] === price);
          const key = `${rule.code}/${rank}/${flat ? 0 : step + 1}`;
          const at = lines.findIndex((line) => line.key === key);
          return at >= 0 ? at : lines.push({ key, price, rule }) - 1;
        }),
      ),
    );
  known.set(day, table);
  return table;
}

/**
 * An account's month to the cent: by `point/code/rank/step` (the account itself is point 'account'), what
 * is charged and the tax in it. Everything from `days[0]` on is counted towards steps; whole months are held.
 */
export function accountBill(
  points: Record<string, Use>,
  { zone, days, month, spec }: { zone: string; days: readonly string[]; month: string; spec: Spec },
): Map<string, string> {
  const used = new Map<string, number>();
  const inMonth = new Map<string, { wh: number; peak: number; sums: number[] }>();
  const limits = spec.steps?.limits ?? [];
  const names = Object.keys(points);
  for (const day of days) {
    const counts = day.startsWith(month);
    const table = counts ? tableOf(spec, zone, day) : [];
    for (let slot = 0; slot < clocksOf(zone, day).length; slot++) {
      for (const name of names) {
        const wh = points[name]?.get(day)?.[slot];
        if (wh === null || wh === undefined) continue;
        let sum = inMonth.get(name);
        if (counts && !sum) {
          sum = { wh: 0, peak: 0, sums: [] };
          inMonth.set(name, sum);
        }
        if (counts && sum) {
          sum.wh += wh;
          sum.peak = Math.max(sum.peak, wh);
        }
        const period = spec.steps ? `${spec.steps.joint ? '' : name}/${spec.steps.from(day)}` : '';
        // Wh by Wh would be plainest; by pieces that end at a limit it is the same.
        let left = wh;
        while (left > 0) {
          const before = spec.steps ? (used.get(period) ?? 0) : 0;
          const next = limits.find((limit) => limit > before);
          const piece = next === undefined ? left : Math.min(left, next - before);
          const step = limits.filter((limit) => limit <= before).length;
          if (spec.steps) used.set(period, before + piece);
          left -= piece;
          if (!counts || !sum) continue;
          for (const line of table[slot]?.[step] ?? []) {
            sum.sums[line] = (sum.sums[line] ?? 0) + piece;
          }
        }
      }
    }
  }
  const bill = new Map<string, string>();
  let exact = new Exact(0);
  const put = (key: string, amount: Decimal, rule?: Spec['usage'][number]) => {
    const rate = rule?.taxRate ?? '0';
    const tax =
      (rule?.taxIncluded ?? true)
        ? amount.times(rate).dividedBy(new Exact(1).plus(rate))
        : amount.times(rate);
    const cents = (d: Decimal) => new Exact(d.toFixed(2, Decimal.ROUND_HALF_EVEN));
    const onTop = rule?.taxIncluded === false ? cents(tax) : new Exact(0);
    exact = exact.plus(amount).plus(rule?.taxIncluded === false ? tax : 0);
    if (amount.isZero()) return;
    bill.set(key, `${cents(amount).plus(onTop).toFixed(2)} (${cents(tax).toFixed(2)})`);
  };
  for (const [name, { sums }] of inMonth) {
    sums.forEach((wh, n) => {
      const line = linesOfSpec.get(spec)?.[n];
      if (!line) throw new Error('a line that nobody named');
      put(`${name}/${line.key}`, new Exact(line.price).times(wh).dividedBy(1000), line.rule);
    });
  }
  const { demand, fee, free, minimum } = spec;
  for (const [name, { wh, peak }] of inMonth) {
    if (demand)
      put(`${name}/${demand.code}/0/0`, new Exact(demand.price).times(peak * 4).dividedBy(1000));
    if (free) {
      const off = new Exact(free.price).times(Math.min(free.wh, wh)).dividedBy(1000);
      put(`${name}/${free.code}/0/0`, off.negated());
    }
    if (fee && !fee.joint) put(`${name}/${fee.code}/0/0`, new Exact(fee.amount));
  }
  if (fee?.joint) put(`account/${fee.code}/0/0`, new Exact(fee.amount));
  if (minimum) {
    const lacking = new Exact(minimum.amount).minus(exact);
    if (lacking.greaterThan(0)) put(`account/${minimum.code}/0/0`, lacking);
  }
  return bill;
}

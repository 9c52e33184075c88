/**
 * What accounts must have paid, worked out again from what the meters' displays say and the price list: it shares no
 * code with the rooms. Displays are read each two hours, when prices may change.
 */
import { STEP } from './operator-park.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The park lies at UTC+8 without clock changes. */
const OFFSET_MS = 8 * HOUR_MS;

/** In 0.0001 of the currency for 1,000 units (kWh, m³), by hour of the day. */
export type PriceList = (hour: number) => { rank: number; price: number };

/** A meter that counted for a point, from and (unless it still does) until an instant. */
export interface Counted {
  label: string;
  fromMs: number;
  toMs?: number;
}

export interface Holding {
  point: string;
  prices: PriceList;
  meters: Counted[];
}

/** Cents of holdings up to an instant: of settled days each month's line is rounded once, of the rest the sum. */
export function chargedBy(
  nowMs: number,
  holdings: readonly Holding[],
  {
    register,
    settledToMs,
  }: { register: (label: string, atMs: number) => number; settledToMs: number },
): number {
  const lines = new Map<string, bigint>();
  let open = 0n;
  for (const { point, prices, meters } of holdings) {
    for (const { label, fromMs, toMs = nowMs } of meters) {
      for (let ms = fromMs; ms < Math.min(toMs, nowMs); ms += STEP) {
        const local = new Date(ms + OFFSET_MS).toISOString();
        const { rank, price } = prices(Number(local.slice(11, 13)));
        const worth = BigInt(register(label, ms + STEP) - register(label, ms)) * BigInt(price);
        const line = `${point}/${rank}/${local.slice(0, 7)}`;
        if (ms < settledToMs) lines.set(line, (lines.get(line) ?? 0n) + worth);
        else open += worth;
      }
    }
  }
  const settled = [...lines.values()].reduce((sum, worth) => sum + halfEven(worth), 0);
  return settled + halfEven(open);
}

/** Up to which midnight days are settled at an instant: half an hour after it. */
export const settledTo = (ms: number): number =>
  Math.floor((ms - HOUR_MS / 2 + OFFSET_MS) / DAY_MS) * DAY_MS - OFFSET_MS;

/** 0.0001 of the currency for 1,000 units × units, as cents. */
const PER_CENT = 100_000n;

function halfEven(worth: bigint): number {
  const sign = worth < 0n ? -1n : 1n;
  const plain = worth * sign;
  const [whole, rest] = [plain / PER_CENT, plain % PER_CENT];
  const isUp = 2n * rest > PER_CENT || (2n * rest === PER_CENT && whole % 2n === 1n);
  return Number(sign * (isUp ? whole + 1n : whole));
}

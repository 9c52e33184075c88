/**
 * Setting a meter's clock: in steps that are bounded, each within one price period of the meter's own
 * tables, so that no energy changes its price by it. Where a boundary lies in between, it waits.
 */
import { MASKED } from './command-maps.ts';
import type { Plan, Target } from './command-plan.ts';
import { bytesOfWords, wordsAt } from './words.ts';
import { zoneOffset } from './zone-offset.ts';

/** A clock this near is right. */
const TOLERANCE_MS = 3_000;
/** Most that one write moves it. */
export const CLOCK_STEP_MS = 5 * 60_000;
/** Further off it is not a clock that drifted: a person looks first. */
export const CLOCK_OFF_MAX_MS = 2 * 3_600_000;
/** Around a boundary, for the time a frame takes. */
const MARGIN_MS = 5_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Undefined when the model's clock or tables are not known. */
export function clockPlan({ map, zone }: Target): Plan | undefined {
  const { clock, dayPlans } = map;
  if (!clock || !dayPlans) return undefined;
  /** Local wall time, counted as if it were UTC. */
  const localOf = (nowMs: number) => nowMs + zoneOffset(zone, nowMs);
  return {
    reads: [clock, ...dayPlans],
    isTimed: true,
    tell: (blocks) => ({
      clock: wallTime(bytesOfWords(wordsAt(blocks, clock))),
      boundaries: boundariesOf(dayPlans.map((read) => bytesOfWords(wordsAt(blocks, read)))),
    }),
    intend: ({ clock: shown, boundaries }, { nowMs }) => {
      const device = Date.parse(`${shown}Z`);
      const off = localOf(nowMs) - device;
      if (!Number.isFinite(device) || Math.abs(off) > CLOCK_OFF_MAX_MS) {
        return { do: 'refuse', why: 'clock-too-far' };
      }
      if (Math.abs(off) <= TOLERANCE_MS) return { do: 'nothing' };
      const target = device + Math.max(-CLOCK_STEP_MS, Math.min(CLOCK_STEP_MS, off));
      if (crosses(boundaries as readonly number[], device, target)) {
        return { do: 'wait', why: 'price-boundary' };
      }
      return {
        do: 'send',
        writes: [{ kind: 'masked', address: MASKED.clock, bytes: written(target) }],
      };
    },
    judge: ({ clock: shown }, { before, nowMs }) => {
      const off = Math.abs(localOf(nowMs) - Date.parse(`${shown}Z`));
      if (off <= TOLERANCE_MS) return 'done';
      const wasOff = Math.abs(localOf(nowMs) - Date.parse(`${before?.clock}Z`));
      return wasOff - off > TOLERANCE_MS ? 'partly' : 'not-done';
    },
  };
}

/** `2026-11-18T10:20:30`, of YY, MM, DD, weekday, hh, mm, ss. */
function wallTime(bytes: readonly number[]): string {
  const [year = 0, month = 0, day = 0, , hour = 0, minute = 0, second = 0] = bytes;
  const two = (value: number) => String(value).padStart(2, '0');
  return `20${two(year)}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`;
}

/** Minutes of the day at which any of the meter's plans changes its price, midnight among them. */
function boundariesOf(plans: readonly number[][]): number[] {
  const minutes = new Set([0]);
  for (const bytes of plans) {
    for (let at = 0; at + 2 < bytes.length; at += 3) {
      const [rank, minute = 0, hour = 0] = bytes.slice(at, at + 3);
      if (rank !== 0) minutes.add(hour * 60 + minute);
    }
  }
  return [...minutes].sort((a, b) => a - b);
}

/** Whether a boundary lies between two wall times, or too near to either. */
export function crosses(minutes: readonly number[], a: number, b: number): boolean {
  const from = Math.min(a, b) - MARGIN_MS;
  const to = Math.max(a, b) + MARGIN_MS;
  const day = Math.floor(from / DAY_MS) * DAY_MS;
  return [day, day + DAY_MS].some((start) =>
    minutes.some((minute) => {
      const at = start + minute * MINUTE_MS;
      return at > from && at <= to;
    }),
  );
}

/** ss, mm, hh, weekday (0 = Sunday), DD, MM, YY: the reverse of how it is read. */
function written(localMs: number): Uint8Array {
  const local = new Date(localMs);
  return Uint8Array.of(
    local.getUTCSeconds(),
    local.getUTCMinutes(),
    local.getUTCHours(),
    local.getUTCDay(),
    local.getUTCDate(),
    local.getUTCMonth() + 1,
    local.getUTCFullYear() % 100,
    0,
    0,
    0,
  );
}

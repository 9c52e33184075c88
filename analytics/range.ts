/** The range of a report: whole local days, or a stretch of time between quarter-hours. Pure. */
import {
  addDays,
  dayStart,
  isLocalDay,
  type LocalDay,
  localDayOf,
  SLOT_MS,
} from '../sql/local-day.ts';
import { Problem } from '../sql/problem.ts';
import type { Cut } from './periods.ts';

export interface Range {
  /** As it is called: local days, or instants in UTC where it is cut. */
  shown: { from: string; to: string };
  /** The local days that it touches; `to` is exclusive. */
  from: LocalDay;
  to: LocalDay;
  /** Undefined: the days are whole. */
  cut: Cut | undefined;
}

/**
 * The range between two local days or instants (RFC 3339), `to` exclusive. Instants lie on quarter-hours
 * in UTC, where those of all zones begin; `to` may also lie in the quarter-hour of `now`, which then
 * counts as far as it has come. From midnight to midnight is whole days. Throws Problem.
 */
export function rangeOf(
  asked: { from: string; to: string },
  { zone, now }: { zone: string; now: Date },
): Range {
  const msOf = (at: string) => (isLocalDay(at) ? dayStart(zone, at) : Date.parse(at));
  const [fromMs, toMs] = [msOf(asked.from), msOf(asked.to)];
  if (fromMs >= toMs) {
    throw wrong(
      'to',
      'must be later than from',
      'The range ends before it begins: `to` is exclusive.',
    );
  }
  if (fromMs % SLOT_MS !== 0) {
    throw wrong('from', 'must lie on a quarter-hour', `${asked.from} lies on no quarter-hour.`);
  }
  const isOpen = toMs % SLOT_MS !== 0;
  const nowQuarter = Math.floor(now.getTime() / SLOT_MS);
  if (isOpen && Math.floor(toMs / SLOT_MS) !== nowQuarter) {
    throw wrong(
      'to',
      'must lie on a quarter-hour, or in the current one',
      `${asked.to} lies on no quarter-hour, nor in the current one.`,
    );
  }
  const [fromQuarter, toQuarter] = [fromMs / SLOT_MS, Math.ceil(toMs / SLOT_MS)];
  const from = localDayOf(zone, fromMs);
  const to = addDays(localDayOf(zone, toQuarter * SLOT_MS - 1), 1);
  const isWhole = dayStart(zone, from) === fromMs && dayStart(zone, to) === toMs;
  if (isWhole) return { shown: { from, to }, from, to, cut: undefined };
  const shown = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  return { shown, from, to, cut: { fromQuarter, toQuarter, isOpen } };
}

const wrong = (name: string, message: string, detail: string) =>
  new Problem('invalid-request', detail, { faults: [{ at: `query/${name}`, message }] });

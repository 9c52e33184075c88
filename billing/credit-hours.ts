/** When nobody is cut: hours by the wall clock, days of the week, holidays, dates; and when it is allowed again. */
import { sql } from 'drizzle-orm';
import { Temporal } from 'temporal-polyfill';
import { addDays, dayStart, type LocalDay } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import { type CreditPolicy, minutesOf } from './credit-policy.ts';

export interface NoCut {
  code: 'no-cut-hours' | 'no-cut-day';
  /** The first instant after it in which may be cut; null: none within a year. */
  until: Date | null;
}

/** Ranges and days that are walked through until a minute is found in which is cut. */
const STEPS_MAX = 1_500;
const MINUTE_MS = 60_000;

/** What forbids a cut at an instant; undefined when nothing does. */
export function noCutAt(
  policy: Pick<CreditPolicy, 'noCutHours' | 'noCutDays'>,
  { zone, holidays, at }: { zone: string; holidays: ReadonlySet<LocalDay>; at: Date },
): NoCut | undefined {
  let code: NoCut['code'] | undefined;
  let ms = at.getTime();
  for (let step = 0; step < STEPS_MAX; step++) {
    const wall = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
    const day = wall.toPlainDate().toString();
    if (isNoCutDay(policy.noCutDays, { day, weekday: wall.dayOfWeek, holidays })) {
      code ??= 'no-cut-day';
      ms = dayStart(zone, addDays(day, 1));
      continue;
    }
    const end = endOfRange(policy.noCutHours, wall.hour * 60 + wall.minute);
    if (end === undefined) return code && { code, until: new Date(ms) };
    code ??= 'no-cut-hours';
    // A clock that is put back may name an instant that is over: a minute on at the least.
    ms = Math.max(
      ms + MINUTE_MS,
      end === 'midnight' ? dayStart(zone, addDays(day, 1)) : wallInstant(wall, end),
    );
  }
  return code && { code, until: null };
}

/** A trip is held back that would have less than this before nobody may be cut. */
const CUT_MIN_MS = 2 * MINUTE_MS;
/** How long a trip may wait to be sent. */
const CUT_MAX_MS = 60 * MINUTE_MS;

/** The same for a trip that is decided now and has to be sent before it holds. */
export const noTripAt = (...[policy, when]: Parameters<typeof noCutAt>): NoCut | undefined =>
  noCutAt(policy, when) ??
  noCutAt(policy, { ...when, at: new Date(when.at.getTime() + CUT_MIN_MS) });

/** Until when a trip may be sent that is decided now: within the hour, and not when nobody is cut. */
export function cutEnd(...[policy, when]: Parameters<typeof noCutAt>): Date {
  for (let ms = MINUTE_MS; ms < CUT_MAX_MS; ms += MINUTE_MS) {
    // By whole minutes of the clock, at which ranges begin.
    const at = new Date(Math.floor((when.at.getTime() + ms) / MINUTE_MS) * MINUTE_MS);
    if (noCutAt(policy, { ...when, at })) return at;
  }
  return new Date(when.at.getTime() + CUT_MAX_MS);
}

const isNoCutDay = (
  { weekdays, holidays: onHolidays, dates }: CreditPolicy['noCutDays'],
  { day, weekday, holidays }: { day: LocalDay; weekday: number; holidays: ReadonlySet<LocalDay> },
): boolean =>
  weekdays.includes(weekday) || dates.includes(day) || (onHolidays && holidays.has(day));

/** Where the range ends that a minute of the day lies in. */
function endOfRange(
  ranges: CreditPolicy['noCutHours'],
  minute: number,
): number | 'midnight' | undefined {
  for (const { from, to } of ranges) {
    const [start, end] = [minutesOf(from), minutesOf(to)];
    if (start < end && minute >= start && minute < end) return end === 1440 ? 'midnight' : end;
    if (start > end && minute >= start) return 'midnight';
    if (start > end && minute < end) return end;
  }
  return undefined;
}

const wallInstant = (wall: Temporal.ZonedDateTime, minute: number): number =>
  wall.with({ hour: Math.floor(minute / 60), minute: minute % 60, second: 0, millisecond: 0 })
    .epochMilliseconds;

/** Holidays of the tariff that the project's electricity has where nothing else is said, on a local day. */
export async function readHolidays(
  db: Queryable,
  { projectId, day }: { projectId: string; day: LocalDay },
): Promise<Set<LocalDay>> {
  const found = await db.execute<{ day: LocalDay }>(sql`
    SELECT jsonb_array_elements_text(v.definition -> 'calendar' -> 'holidays') AS day
    FROM (SELECT v.definition FROM tariff_assignments a
      JOIN tariff_versions v ON v.project_id = a.project_id AND v.tariff_id = a.tariff_id
        AND v.effective_from <= ${day}::date
      WHERE a.project_id = ${projectId}::bigint AND a.commodity = 'electricity'
        AND a.point_id IS NULL AND a.account_id IS NULL AND a.valid_from <= ${day}::date
        AND (a.valid_to IS NULL OR a.valid_to > ${day}::date)
      ORDER BY v.effective_from DESC LIMIT 1) v
    WHERE jsonb_typeof(v.definition -> 'calendar' -> 'holidays') = 'array'`);
  return new Set(found.rows.map((row) => row.day));
}

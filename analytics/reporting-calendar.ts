/**
 * The reporting calendar: which period (rank) each quarter-hour of a local day lies in, by the
 * project's default electricity tariff in force that day. Derived from the stored definitions, which
 * were checked when they were entered; money uses the charge's own period instead.
 */
import { and, eq, inArray, isNull } from 'drizzle-orm';
import { type LocalDay, wallMinutes } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import { tariffAssignments, tariffVersions } from '../sql/schema/index.ts';

/** The calendar within a stored tariff definition, as billing writes it. */
interface StoredCalendar {
  seasons: {
    from: string;
    to: string;
    days: { type: DayType; bands: { from: string; to: string; rank: number }[] }[];
  }[];
  weekend: number[];
  holidays: LocalDay[];
  workdays: LocalDay[];
}
type DayType = 'everyday' | 'weekday' | 'weekend' | 'holiday';

interface Assignment {
  tariffId: string;
  validFrom: LocalDay;
  validTo: LocalDay | null;
}
interface Version {
  id: string;
  tariffId: string;
  effectiveFrom: LocalDay;
  calendar: StoredCalendar | undefined;
}

export interface ReportingDay {
  /** The tariff version that says so, or 'none': another value means another calendar. */
  source: string;
  /** Rank of each local slot, 1 spike … 5 deep valley; 0 where no period is known. */
  ranks: number[];
  /** Minutes since midnight on the wall clock at the start of each slot. */
  minutes: number[];
}

export interface ReportingCalendar {
  sourceOn: (day: LocalDay) => string;
  on: (day: LocalDay) => ReportingDay;
}

/** Reads the project's default electricity tariffs; their versions never change, only join. */
export async function readReportingCalendar(
  db: Queryable,
  { projectId, zone }: { projectId: string; zone: string },
): Promise<ReportingCalendar> {
  const assignments = await db
    .select({
      tariffId: tariffAssignments.tariffId,
      validFrom: tariffAssignments.validFrom,
      validTo: tariffAssignments.validTo,
    })
    .from(tariffAssignments)
    .where(
      and(
        eq(tariffAssignments.projectId, projectId),
        eq(tariffAssignments.commodity, 'electricity'),
        isNull(tariffAssignments.pointId),
        isNull(tariffAssignments.accountId),
      ),
    );
  const tariffIds = assignments.map((a) => a.tariffId);
  const versions =
    tariffIds.length === 0
      ? []
      : await db
          .select({
            id: tariffVersions.id,
            tariffId: tariffVersions.tariffId,
            effectiveFrom: tariffVersions.effectiveFrom,
            definition: tariffVersions.definition,
          })
          .from(tariffVersions)
          .where(
            and(
              eq(tariffVersions.projectId, projectId),
              inArray(tariffVersions.tariffId, tariffIds),
            ),
          );
  return reportingCalendar({
    zone,
    assignments,
    versions: versions.map(({ definition, ...version }) => ({
      ...version,
      // billing parses every definition before it stores it.
      calendar: (definition as { calendar?: StoredCalendar }).calendar,
    })),
  });
}

/** The same over rows at hand. */
export function reportingCalendar({
  zone,
  assignments,
  versions,
}: {
  zone: string;
  assignments: readonly Assignment[];
  versions: readonly Version[];
}): ReportingCalendar {
  const versionOn = (day: LocalDay): Version | undefined => {
    const assigned = assignments.find(
      (a) => a.validFrom <= day && (a.validTo === null || day < a.validTo),
    );
    return versions
      .filter((v) => v.tariffId === assigned?.tariffId && v.effectiveFrom <= day)
      .reduce<Version | undefined>(
        (newest, v) => (newest && newest.effectiveFrom > v.effectiveFrom ? newest : v),
        undefined,
      );
  };
  return {
    sourceOn: (day) => versionOn(day)?.id ?? 'none',
    on: (day) => {
      const version = versionOn(day);
      const minutes = [...wallMinutes(zone, day)];
      const rankAt = version?.calendar ? rankByMinute(version.calendar, day) : () => 0;
      return { source: version?.id ?? 'none', ranks: minutes.map(rankAt), minutes };
    },
  };
}

/** The rank at a minute of the wall clock on a day; 0 where the calendar says nothing. */
function rankByMinute(calendar: StoredCalendar, day: LocalDay): (minute: number) => number {
  const season = calendar.seasons.find((s) => inSeason(s, day.slice(5)));
  const types = fallbacks[dayTypeOf(calendar, day)];
  const bands =
    types.flatMap((type) => season?.days.filter((d) => d.type === type) ?? [])[0]?.bands ?? [];
  return (minute) => bands.find((band) => covers(band, minute))?.rank ?? 0;
}

const fallbacks: Record<Exclude<DayType, 'everyday'>, DayType[]> = {
  holiday: ['holiday', 'weekend', 'everyday'],
  weekend: ['weekend', 'everyday'],
  weekday: ['weekday', 'everyday'],
};

function dayTypeOf(
  { holidays, workdays, weekend }: StoredCalendar,
  day: LocalDay,
): Exclude<DayType, 'everyday'> {
  if (holidays.includes(day)) return 'holiday';
  if (workdays.includes(day)) return 'weekday';
  // Midnight UTC of a date has the weekday of the date itself.
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
  return weekend.includes(weekday) ? 'weekend' : 'weekday';
}

/** A season may go over the new year; `to` is its last day. */
const inSeason = ({ from, to }: { from: string; to: string }, day: string): boolean =>
  from <= to ? from <= day && day <= to : day >= from || day <= to;

/** A band over midnight belongs to the clock hours of each date; `to` is its end. */
function covers({ from, to }: { from: string; to: string }, minute: number): boolean {
  const [start, end] = [minutesOf(from), minutesOf(to)];
  return start < end ? start <= minute && minute < end : minute >= start || minute < end;
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

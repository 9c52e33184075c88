/**
 * The reporting calendar: which period (rank) each quarter-hour of a local day lies in, by the
 * project's default electricity tariff in force that day. Derived from the stored definitions, which
 * were checked when they were entered; money uses the charge's own period instead.
 */
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { type LocalDay, wallMinutes } from '../sql/local-day.ts';
import { type Calendar, openCalendar } from '../sql/period-calendar.ts';
import type { Queryable } from '../sql/postgres.ts';
import { tariffAssignments, tariffVersions } from '../sql/schema/index.ts';

interface Assignment {
  tariffId: string;
  validFrom: LocalDay;
  validTo: LocalDay | null;
}
interface Version {
  id: string;
  tariffId: string;
  effectiveFrom: LocalDay;
  calendar: Calendar | undefined;
}

export interface ReportingDay {
  /** The tariff version that says so (on an event day with that), or 'none': another value, another calendar. */
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
  // Of a day's rows on a list the newest holds.
  const found = await db.execute<{ list: string; day: LocalDay; withdrawn: boolean }>(sql`
    SELECT DISTINCT ON (list, day) list, day::text, withdrawn FROM event_days
    WHERE project_id = ${projectId}::bigint ORDER BY list, day, id DESC`);
  const lists = new Map<string, Set<LocalDay>>();
  for (const { list, day, withdrawn } of found.rows) {
    if (!withdrawn) lists.set(list, (lists.get(list) ?? new Set()).add(day));
  }
  return reportingCalendar({
    zone,
    lists,
    assignments,
    versions: versions.map(({ definition, ...version }) => ({
      ...version,
      // billing parses every definition before it stores it.
      calendar: (definition as { calendar?: Calendar }).calendar,
    })),
  });
}

/** The same over rows at hand. */
export function reportingCalendar({
  zone,
  assignments,
  versions,
  lists = new Map(),
}: {
  zone: string;
  /** Event days by the code of their list. */
  lists?: ReadonlyMap<string, ReadonlySet<LocalDay>>;
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
  const opened = new Map<string, ReturnType<typeof openCalendar> | undefined>();
  const ranksOf = ({ id, calendar }: Version) => {
    const events = lists.get(calendar?.eventDays ?? '');
    if (!opened.has(id)) opened.set(id, calendar && openCalendar(calendar, zone, events));
    return opened.get(id);
  };
  const sourceOf = (version: Version | undefined, day: LocalDay): string => {
    if (!version) return 'none';
    const isEvent = lists.get(version.calendar?.eventDays ?? '')?.has(day);
    return isEvent ? `${version.id}/event` : version.id;
  };
  return {
    sourceOn: (day) => sourceOf(versionOn(day), day),
    on: (day) => {
      const version = versionOn(day);
      const minutes = [...wallMinutes(zone, day)];
      const ranks = version && ranksOf(version)?.(day);
      return {
        source: sourceOf(version, day),
        ranks: ranks ? [...ranks] : minutes.map(() => 0),
        minutes,
      };
    },
  };
}

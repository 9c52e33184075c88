/**
 * The reporting calendar: which period (rank) each quarter-hour of a local day lies in, by the
 * project's default electricity tariff in force that day. Derived from the stored definitions, which
 * were checked when they were entered; money uses the charge's own period instead.
 */
import { and, eq, inArray, isNull } from 'drizzle-orm';
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
      calendar: (definition as { calendar?: Calendar }).calendar,
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
  const opened = new Map<string, ReturnType<typeof openCalendar> | undefined>();
  const ranksOf = ({ id, calendar }: Version) => {
    if (!opened.has(id)) opened.set(id, calendar && openCalendar(calendar, zone));
    return opened.get(id);
  };
  return {
    sourceOn: (day) => versionOn(day)?.id ?? 'none',
    on: (day) => {
      const version = versionOn(day);
      const minutes = [...wallMinutes(zone, day)];
      const ranks = version && ranksOf(version)?.(day);
      return {
        source: version?.id ?? 'none',
        ranks: ranks ? [...ranks] : minutes.map(() => 0),
        minutes,
      };
    },
  };
}

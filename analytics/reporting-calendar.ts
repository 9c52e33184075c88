/**
 * The reporting calendar: which period (rank) each quarter-hour of a local day lies in, by the
 * project's default electricity tariff in force that day. Derived from the stored definitions, which
 * were checked when they were entered; money uses the charge's own period instead.
 */
import { and, eq, inArray, isNull, lt, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
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
  {
    projectId,
    zone,
    last = null,
  }: {
    projectId: string;
    zone: string;
    /** As it was before anything of a higher id was entered; null: as it is now. */
    last?: string | null;
  },
): Promise<ReportingCalendar> {
  const known = (column: PgColumn) => (last === null ? undefined : lt(column, last));
  const assignments = await db
    .select({
      id: tariffAssignments.id,
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
        known(tariffAssignments.id),
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
              known(tariffVersions.id),
            ),
          );
  // Of a day's rows on a list the newest holds.
  const found = await db.execute<{ list: string; day: LocalDay; withdrawn: boolean }>(sql`
    SELECT DISTINCT ON (list, day) list, day::text, withdrawn FROM event_days
    WHERE project_id = ${projectId}::bigint AND (${last}::bigint IS NULL OR id < ${last}::bigint)
    ORDER BY list, day, id DESC`);
  const lists = new Map<string, Set<LocalDay>>();
  for (const { list, day, withdrawn } of found.rows) {
    if (!withdrawn) lists.set(list, (lists.get(list) ?? new Set()).add(day));
  }
  return reportingCalendar({
    zone,
    lists,
    assignments: last === null ? assignments : await endsThen(db, { projectId, last, assignments }),
    versions: versions.map(({ definition, ...version }) => ({
      ...version,
      // billing parses every definition before it stores it.
      calendar: (definition as { calendar?: Calendar }).calendar,
    })),
  });
}

/** Assignments with the ends that they had before they were changed; the system log has them. */
async function endsThen(
  db: Queryable,
  {
    projectId,
    last,
    assignments,
  }: { projectId: string; last: string; assignments: readonly (Assignment & { id: string })[] },
): Promise<Assignment[]> {
  const found = await db.execute<{ id: string; valid_to: LocalDay | null }>(sql`
    SELECT DISTINCT ON (1) detail ->> 'assignment' AS id, detail ->> 'from' AS valid_to FROM audit
    WHERE project_id = ${projectId}::bigint AND audit.id > ${last}::bigint
      AND action = 'tariff.assignment-ended'
    ORDER BY 1, audit.id`);
  const before = new Map(found.rows.map((row) => [row.id, row.valid_to]));
  return assignments.map((one) => ({
    ...one,
    validTo: before.has(one.id) ? (before.get(one.id) ?? null) : one.validTo,
  }));
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

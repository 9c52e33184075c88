/** Which tariff version prices a point on a day: that of the point, else of the account, else the default. */
import { sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import { openCalendar } from '../sql/period-calendar.ts';
import type { Queryable } from '../sql/postgres.ts';
import { type Priced, priceList } from './rate.ts';
import { parseTariff, versionOn } from './tariff.ts';

export type Commodity = 'electricity' | 'water';

/** A version in force on a day, ready for rating. */
export interface Rated {
  versionId: string;
  prices: readonly Priced[];
  /** Ranks of the local slots of a day; null where the tariff knows no periods. */
  ranksOn: (day: LocalDay) => Int8Array | null;
}

export interface PriceBook {
  find: (asked: {
    pointId: string;
    accountId: string;
    commodity: Commodity;
    day: LocalDay;
  }) => Rated | undefined;
  /** A component of a version by its code; throws when the version has none such. */
  component: (versionId: string, code: string) => Priced;
  /** What a version is called; nulls for one that is not known. */
  title: (versionId: string) => { tariffName: string | null; tariffVersion: number | null };
}

interface Assignment {
  tariffId: string;
  validFrom: LocalDay;
  validTo: LocalDay | null;
}

/** Reads a project's tariffs, versions and assignments as they are now. */
export async function openPriceBook(
  db: Queryable,
  { projectId, zone }: { projectId: string; zone: string },
): Promise<PriceBook> {
  const versions = await db.execute<{
    id: string;
    tariff_id: string;
    effective_from: string;
    version: number;
    name: string;
    definition: unknown;
  }>(sql`
    SELECT v.id::text, v.tariff_id::text, v.effective_from::text, v.version, t.name, v.definition
    FROM tariff_versions v JOIN tariffs t ON t.project_id = v.project_id AND t.id = v.tariff_id
    WHERE v.project_id = ${projectId}::bigint`);
  const assigned = await db.execute<{
    tariff_id: string;
    commodity: Commodity;
    point_id: string | null;
    account_id: string | null;
    valid_from: string;
    valid_to: string | null;
  }>(sql`
    SELECT tariff_id::text, commodity, point_id::text, account_id::text, valid_from::text,
      valid_to::text FROM tariff_assignments WHERE project_id = ${projectId}::bigint`);

  const byTariff = new Map<string, { effectiveFrom: LocalDay; rated: Rated }[]>();
  const byVersion = new Map<string, Rated>();
  const titles = new Map<string, { tariffName: string; tariffVersion: number }>();
  for (const row of versions.rows) {
    const definition = parseTariff(row.definition);
    const ranksOn = definition.calendar ? openCalendar(definition.calendar, zone) : () => null;
    const rated: Rated = { versionId: row.id, prices: priceList(row.id, definition), ranksOn };
    byVersion.set(row.id, rated);
    titles.set(row.id, { tariffName: row.name, tariffVersion: row.version });
    const list = byTariff.get(row.tariff_id) ?? [];
    byTariff.set(row.tariff_id, list);
    list.push({ effectiveFrom: row.effective_from, rated });
  }
  const assignments = new Map<string, Assignment[]>();
  for (const row of assigned.rows) {
    const key = keyOf(row.commodity, { pointId: row.point_id, accountId: row.account_id });
    const list = assignments.get(key) ?? [];
    assignments.set(key, list);
    list.push({ tariffId: row.tariff_id, validFrom: row.valid_from, validTo: row.valid_to });
  }
  return {
    find: ({ pointId, accountId, commodity, day }) => {
      const keys = [
        keyOf(commodity, { pointId, accountId: null }),
        keyOf(commodity, { pointId: null, accountId }),
        keyOf(commodity, { pointId: null, accountId: null }),
      ];
      for (const key of keys) {
        const assignment = assignments
          .get(key)
          ?.find((a) => a.validFrom <= day && (a.validTo === null || day < a.validTo));
        if (assignment) return versionOn(byTariff.get(assignment.tariffId) ?? [], day)?.rated;
      }
      return undefined;
    },
    component: (versionId, code) => {
      const priced = byVersion.get(versionId)?.prices.find((p) => p.component === code);
      if (!priced) throw new Error(`tariff version ${versionId} has no component ${code}`);
      return priced;
    },
    title: (versionId) => titles.get(versionId) ?? { tariffName: null, tariffVersion: null },
  };
}

const keyOf = (
  commodity: Commodity,
  { pointId, accountId }: { pointId: string | null; accountId: string | null },
): string => `${commodity}/${pointId ?? ''}/${accountId ?? ''}`;

/** Which tariff version prices a point on a day: that of the point, else of the account, else the default. */
import { sql } from 'drizzle-orm';
import { type LocalDay, monthOf } from '../sql/local-day.ts';
import { openCalendar } from '../sql/period-calendar.ts';
import type { Queryable } from '../sql/postgres.ts';
import { type Priced, priceList } from './components.ts';
import {
  type Component,
  parseTariff,
  type Steps,
  type TariffDefinition,
  versionOn,
} from './tariff.ts';

export type Commodity = 'electricity' | 'water';

/** What a version says of one day. */
export interface DayTerms {
  prices: readonly Priced[];
  /** Ranks of the local slots; null where the tariff knows no periods. */
  ranks: Int8Array | null;
}

/** A version in force on a day, ready for rating. */
export interface Rated {
  versionId: string;
  /** True when a day's lines depend on nothing but its own quantities: no steps, fees, lists, indexes. */
  plain: boolean;
  steps: Steps | null;
  /** Of the account itself: fees and minimums that belong to no point. */
  ofAccount: readonly Priced[];
  /** Null while an index that prices follow has no value for the month. */
  on: (day: LocalDay) => DayTerms | null;
}

export interface PriceBook {
  find: (asked: {
    pointId: string;
    accountId: string;
    commodity: Commodity;
    day: LocalDay;
  }) => Rated | undefined;
  /** True when all versions are plain. */
  plain: boolean;
  /** First days of the years that steps cumulate over, 'MM-01'. */
  yearStarts: readonly string[];
  hasMinimum: boolean;
  /** True when a version has what concerns all points of an account: its fees, minimums, steps. */
  joint: boolean;
  /** A component of a version by its code, for its tax; throws when the version has none such. */
  component: (versionId: string, code: string) => Priced;
  /** What a version is called; nulls for one that is not known. */
  title: (versionId: string) => { tariffName: string | null; tariffVersion: number | null };
}

interface Assignment {
  tariffId: string;
  validFrom: LocalDay;
  validTo: LocalDay | null;
}

/** Reads a project's tariffs, versions, assignments, indexes and event days as they are now. */
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
    commodity: Commodity;
    definition: unknown;
  }>(sql`
    SELECT v.id::text, v.tariff_id::text, v.effective_from::text, v.version, t.name, t.commodity,
      v.definition
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
  const published = await readPublished(db, projectId);

  const byTariff = new Map<string, { effectiveFrom: LocalDay; rated: Rated }[]>();
  const byVersion = new Map<string, readonly Priced[]>();
  const titles = new Map<string, { tariffName: string; tariffVersion: number }>();
  const yearStarts = new Set<string>();
  let hasMinimum = false;
  for (const row of versions.rows) {
    const definition = parseTariff(row.definition, row.commodity);
    const { id, commodity } = row;
    const rated = openVersion({ id, commodity, definition }, { zone, published });
    byVersion.set(id, priceList(id, definition, { commodity, values: anyValue }));
    titles.set(id, { tariffName: row.name, tariffVersion: row.version });
    const list = byTariff.get(row.tariff_id) ?? [];
    byTariff.set(row.tariff_id, list);
    list.push({ effectiveFrom: row.effective_from, rated });
    const { steps } = definition;
    if (steps?.period === 'year') yearStarts.add(steps.yearStart ?? '01-01');
    hasMinimum ||= definition.components.some((c) => c.kind === 'minimum');
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
    plain: [...byTariff.values()].every((list) => list.every(({ rated }) => rated.plain)),
    yearStarts: [...yearStarts].sort(),
    hasMinimum,
    joint: [...byTariff.values()].some((list) =>
      list.some(({ rated }) => rated.ofAccount.length > 0 || rated.steps?.scope === 'account'),
    ),
    component: (versionId, code) => {
      const priced = byVersion.get(versionId)?.find((p) => p.component === code);
      if (!priced) throw new Error(`tariff version ${versionId} has no component ${code}`);
      return priced;
    },
    title: (versionId) => titles.get(versionId) ?? { tariffName: null, tariffVersion: null },
  };
}

/** For lists that are read for their tax alone: prices are then not what is charged. */
const anyValue = { get: () => '1' };

/** What is published month by month and day by day. */
export interface Published {
  /** By code, then by the month's first day. */
  indexes: ReadonlyMap<string, ReadonlyMap<LocalDay, string>>;
  lists: ReadonlyMap<string, ReadonlySet<LocalDay>>;
}

/** Indexes and event days that hold: of each month and day the newest row. */
export async function readPublished(db: Queryable, projectId: string): Promise<Published> {
  const values = await db.execute<{ code: string; month: string; value: string }>(sql`
    SELECT DISTINCT ON (code, month) code, month::text, value::text FROM price_indexes
    WHERE project_id = ${projectId}::bigint ORDER BY code, month, id DESC`);
  const days = await db.execute<{ list: string; day: string; withdrawn: boolean }>(sql`
    SELECT DISTINCT ON (list, day) list, day::text, withdrawn FROM event_days
    WHERE project_id = ${projectId}::bigint ORDER BY list, day, id DESC`);
  const indexes = new Map<string, Map<LocalDay, string>>();
  for (const { code, month, value } of values.rows) {
    const months = indexes.get(code) ?? new Map<LocalDay, string>();
    indexes.set(code, months.set(month, value));
  }
  const lists = new Map<string, Set<LocalDay>>();
  for (const { list, day, withdrawn } of days.rows) {
    if (withdrawn) continue;
    const set = lists.get(list) ?? new Set<LocalDay>();
    lists.set(list, set.add(day));
  }
  return { indexes, lists };
}

/** A version ready for rating. */
export function openVersion(
  { id, commodity, definition }: { id: string; commodity: Commodity; definition: TariffDefinition },
  { zone, published }: { zone: string; published: Published },
): Rated {
  const { calendar, components, steps = null } = definition;
  const events = published.lists.get(calendar?.eventDays ?? '');
  const ranksOn = calendar ? openCalendar(calendar, zone, events) : () => null;
  const plain = components.every(isPlain) && calendar?.eventDays === undefined;
  const ofAccount = priceList(id, definition, { commodity, values: anyValue }).filter(
    ({ source }) =>
      (source.kind === 'fixed' || source.kind === 'minimum') && source.scope === 'account',
  );
  const common = { versionId: id, plain, steps, ofAccount };
  const wanted = components.flatMap((c) =>
    c.kind === 'usage' && c.follows ? c.follows.index : [],
  );
  const months = new Map<LocalDay, readonly Priced[] | null>();
  const pricesIn = (month: LocalDay): readonly Priced[] | null => {
    const known = months.get(month);
    if (known !== undefined) return known;
    const values = new Map<string, string>();
    for (const code of wanted) {
      const value = published.indexes.get(code)?.get(month);
      if (value !== undefined) values.set(code, value);
    }
    const complete = wanted.every((code) => values.has(code));
    const prices = complete ? priceList(id, definition, { commodity, values }) : null;
    months.set(month, prices);
    return prices;
  };
  if (plain) {
    const prices = priceList(id, definition, { commodity });
    return { ...common, on: (day) => ({ prices, ranks: ranksOn(day) }) };
  }
  const dated = components.some((c) => c.kind === 'usage' && c.onlyOnEventDays !== undefined);
  return {
    ...common,
    on: (day) => {
      const prices = pricesIn(wanted.length > 0 ? monthOf(day) : '');
      if (!prices) return null;
      const holds = ({ source }: Priced) =>
        source.kind !== 'usage' ||
        source.onlyOnEventDays === undefined ||
        published.lists.get(source.onlyOnEventDays)?.has(day) === true;
      return { prices: dated ? prices.filter(holds) : prices, ranks: ranksOn(day) };
    },
  };
}

const isPlain = (c: Component): boolean =>
  c.kind === 'usage' &&
  !c.stepPrices &&
  !c.stepAdders &&
  !c.follows &&
  c.onlyOnEventDays === undefined;

const keyOf = (
  commodity: Commodity,
  { pointId, accountId }: { pointId: string | null; accountId: string | null },
): string => `${commodity}/${pointId ?? ''}/${accountId ?? ''}`;

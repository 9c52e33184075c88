/** What the walk over an account's days needs to know, read set-based for many accounts. */
import { type SQL, sql } from 'drizzle-orm';
import { addMonths, type LocalDay, monthOf } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { ChainAccount, MonthSum } from './chain.ts';
import { arrayText } from './copy.ts';
import { exactOf } from './exact.ts';
import { append } from './holdings.ts';
import type { PriceBook } from './price-book.ts';
import type { Head } from './revision.ts';
import { HEAD_COLUMNS, type HeadRow, headOf } from './settlement-store.ts';

/** Of an account, the first and last day that is asked for, and the points asked for. */
export interface Wanted {
  from: LocalDay;
  to: LocalDay;
  points: ReadonlySet<string>;
}

const IN_FORCE = sql`NOT EXISTS (SELECT FROM settlements n
  WHERE n.project_id = s.project_id AND n.supersedes = s.id)`;

/** Reads the accounts; what they hold comes from `holdingsOf` over their points. */
export async function readChains(
  db: Queryable,
  {
    projectId,
    wanted: asWanted,
    book,
  }: { projectId: string; wanted: ReadonlyMap<string, Wanted>; book: PriceBook },
): Promise<Map<string, ChainAccount>> {
  // A minimum is charged on the last day held, which may be an earlier one than was thought.
  const wanted = new Map(
    [...asWanted].map(([id, own]) => [
      id,
      book.hasMinimum ? { ...own, from: monthOf(own.from) } : own,
    ]),
  );
  const ids = [...wanted.keys()];
  const spans = [...wanted.values()].map(({ from, to }) => periodsOf(book, { from, to }));
  // A statement's w: accounts with the days that are walked, and where their sums begin.
  const from = arrayText([...wanted.values()].map((w) => w.from));
  const asked = sql`unnest(${arrayText(ids)}::bigint[], ${arrayText(spans.map((s) => s.start))}::date[],
    ${from}::date[], ${arrayText(spans.map((s) => s.end))}::date[])
    AS w (account_id, start_day, from_day, to_day)`;
  const opened = await db.execute<{ id: string; opened_on: LocalDay }>(sql`
    SELECT id::text, opened_on::text FROM accounts
    WHERE project_id = ${projectId}::bigint AND id = ANY(${arrayText(ids)}::bigint[])`);
  const held = await pointsHeld(db, { projectId, accounts: ids });
  const heads = await db.execute<HeadRow>(sql`
    SELECT ${sql.raw(HEAD_COLUMNS)} FROM ${asked}
    JOIN settlements s ON s.project_id = ${projectId}::bigint AND s.account_id = w.account_id
      AND s.local_day >= w.from_day AND s.local_day < w.to_day
    WHERE ${IN_FORCE}`);
  const sums = await db.execute<{
    account_id: string;
    scope_id: string;
    month: LocalDay;
    quantity: string;
    step: string;
    demand: string;
  }>(sql`
    SELECT s.account_id::text, s.scope_id::text,
      date_trunc('month', s.local_day)::date::text AS month, sum(s.quantity)::text AS quantity,
      sum(s.step_quantity)::text AS step, max(s.demand)::text AS demand
    FROM ${asked}
    JOIN settlements s ON s.project_id = ${projectId}::bigint AND s.account_id = w.account_id
      AND s.local_day >= w.start_day AND s.local_day < w.from_day
    WHERE ${IN_FORCE}
    GROUP BY 1, 2, 3`);
  const headsOf = new Map<string, Head[]>();
  for (const row of heads.rows) append(headsOf, row.account_id, headOf(row));
  const before = new Map<string, Map<string, MonthSum[]>>();
  for (const row of sums.rows) {
    const scopes = before.get(row.account_id) ?? new Map<string, MonthSum[]>();
    before.set(row.account_id, scopes);
    append(scopes, row.scope_id, {
      month: row.month,
      quantity: Number(row.quantity),
      stepQuantity: Number(row.step),
      demand: Number(row.demand),
    });
  }
  const charged = book.hasMinimum
    ? await readCharged(db, { projectId, asked, book })
    : new Map<string, ChainAccount['charged']>();
  const accounts = new Map<string, ChainAccount>();
  for (const { id, opened_on: openedOn } of opened.rows) {
    const own = wanted.get(id) as Wanted; // asked for by id
    const known = headsOf.get(id) ?? [];
    const points = new Set([
      ...(held.get(id) ?? []),
      ...own.points,
      ...known.map((h) => h.scopeId),
    ]);
    points.delete(id);
    accounts.set(id, {
      ...{ id, openedOn, from: own.from },
      points: [...points].sort((a, b) => a.length - b.length || (a < b ? -1 : 1)),
      heads: new Map(known.map((head) => [`${head.scopeId}/${head.localDay}`, head])),
      before: before.get(id) ?? new Map(),
      waiting: new Set(),
      charged: charged.get(id) ?? new Map(),
    });
  }
  return await withWaits(db, { projectId, accounts });
}

/** The points that accounts have ever held. */
export async function pointsHeld(
  db: Queryable,
  { projectId, accounts }: { projectId: string; accounts: readonly string[] },
): Promise<Map<string, string[]>> {
  const { rows } = await db.execute<{ account_id: string; point_id: string }>(sql`
    SELECT DISTINCT account_id::text, point_id::text FROM tenancies
    WHERE project_id = ${projectId}::bigint AND account_id = ANY(${arrayText(accounts)}::bigint[])`);
  const held = new Map<string, string[]>();
  for (const row of rows) append(held, row.account_id, row.point_id);
  return held;
}

async function withWaits(
  db: Queryable,
  { projectId, accounts }: { projectId: string; accounts: Map<string, ChainAccount> },
): Promise<Map<string, ChainAccount>> {
  const scopes = [...accounts.values()].flatMap((a) => [a.id, ...a.points]);
  const { rows } = await db.execute<{ scope_id: string; local_day: LocalDay }>(sql`
    SELECT scope_id::text, local_day::text FROM settlement_waits
    WHERE project_id = ${projectId}::bigint AND scope_id = ANY(${arrayText(scopes)}::bigint[])`);
  const waiting = new Map<string, string[]>();
  for (const row of rows) append(waiting, row.scope_id, `${row.scope_id}/${row.local_day}`);
  return new Map(
    [...accounts].map(([id, account]) => [
      id,
      {
        ...account,
        waiting: new Set([id, ...account.points].flatMap((scope) => waiting.get(scope) ?? [])),
      },
    ]),
  );
}

/** What stands charged in the months that are walked, by account and header. */
async function readCharged(
  db: Queryable,
  { projectId, asked, book }: { projectId: string; asked: SQL; book: PriceBook },
): Promise<Map<string, ChainAccount['charged']>> {
  const { rows } = await db.execute<{
    account_id: string;
    id: string;
    scope_id: string;
    local_day: LocalDay;
    component: string;
    tariff_version_id: string;
    exact: string;
    tax_exact: string;
  }>(sql`
    SELECT s.account_id::text, s.id::text, s.scope_id::text, s.local_day::text, c.component,
      c.tariff_version_id::text, sum(c.exact)::text AS exact, sum(c.tax_exact)::text AS tax_exact
    FROM ${asked}
    JOIN settlements s ON s.project_id = ${projectId}::bigint AND s.account_id = w.account_id
      AND s.local_day >= date_trunc('month', w.from_day) AND s.local_day < w.to_day
    JOIN charges c ON c.project_id = s.project_id AND c.settlement_id = s.id
    WHERE ${IN_FORCE}
    GROUP BY 1, 2, 3, 4, 5, 6`);
  const charged = new Map<
    string,
    Map<string, { scopeId: string; localDay: LocalDay; counted: [] }>
  >();
  for (const row of rows) {
    const headers = charged.get(row.account_id) ?? new Map();
    charged.set(row.account_id, headers);
    const header = headers.get(row.id) ?? {
      ...{ scopeId: row.scope_id, localDay: row.local_day, counted: [] },
    };
    headers.set(row.id, header);
    const { kind, taxIncluded } = book.component(row.tariff_version_id, row.component);
    header.counted.push({
      ...{ component: row.component, kind, taxIncluded },
      ...{ exact: exactOf(row.exact), taxExact: exactOf(row.tax_exact) },
    });
  }
  return charged;
}

/** From where sums are wanted before `from`, and up to where later days can be touched by `to`. */
function periodsOf(
  book: PriceBook,
  { from, to }: { from: LocalDay; to: LocalDay },
): { start: LocalDay; end: LocalDay } {
  let start = monthOf(from);
  let end = addMonths(to, 1);
  for (const yearStart of book.yearStarts) {
    const yearOf = (day: LocalDay) => Number(day.slice(0, 4)) - (day.slice(5) < yearStart ? 1 : 0);
    const begins = `${yearOf(from)}-${yearStart}`;
    const ends = `${yearOf(to) + 1}-${yearStart}`;
    if (begins < start) start = begins;
    if (ends > end) end = ends;
  }
  return { start, end };
}

/**
 * What a month of a point or an account would cost under a version, beside what it would under another: the
 * month's quarter-hours as they are known, rated by the code that settles. Nothing is stored.
 */
import { sql } from 'drizzle-orm';
import { addDays, addMonths, daysBetween, type LocalDay } from '../sql/local-day.ts';
import { exponentOf, type Money, money } from '../sql/money.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import { type ChainAccount, type ChainTerms, walk } from './chain.ts';
import { pointsHeld } from './chain-store.ts';
import { rememberedSpans } from './chains.ts';
import { PRICE_DIGITS, unscaled } from './exact.ts';
import { type Holdings, holdingsOf } from './holdings.ts';
import { readIntervals } from './intervals.ts';
import { type Commodity, openVersion, type PriceBook, readPublished } from './price-book.ts';
import { readProject } from './project.ts';
import { accrue, nothingPosted } from './rounding.ts';
import { stepPeriod } from './steps.ts';
import { parseTariff, type TariffDefinition } from './tariff.ts';

export interface SampleAsked {
  projectId: string;
  commodity: Commodity;
  /** As entered, or of a version that is stored. */
  version: { definition: unknown } | { versionId: string };
  against: string | null;
  /** The first day of the month. */
  month: LocalDay;
  of: { pointId: string } | { accountId: string };
}

export interface BillLine {
  component: string;
  name: string;
  kind: string;
  /** Rank, null where the component knows no period. */
  period: number | null;
  step: number;
  quantity: number;
  unit: string;
  price: string;
  /** With tax, rounded once for each point. */
  amount: Money;
}

export interface Bill {
  lines: BillLine[];
  total: Money;
  tax: Money;
}

/** Points of one sample, at most. */
const POINTS_MAX = 50;

/**
 * Prices the month. Throws Problem `not-found`, `invalid-tariff`, `range-too-long` for an account of too many
 * points, `conflict` where an index has no value for the month.
 */
export async function priceSample(
  { db, questdb }: { db: Db; questdb: Questdb },
  asked: SampleAsked,
): Promise<{ month: string; before: Bill | null; after: Bill; difference: Money | null }> {
  const { projectId, commodity, version, against, month } = asked;
  const { zone, currency } = await readProject(db, projectId);
  const subject = await subjectOf(db, asked);
  const days = daysBetween(month, addMonths(month, 1));
  const matrix = await readIntervals(
    { questdb },
    { projectId, zone, points: subject.points, days },
  );
  const published = await readPublished(db, projectId);
  const bill = async (id: string, definition: TariffDefinition): Promise<Bill> => {
    const rated = openVersion({ id, commodity, definition }, { zone, published });
    const { steps } = definition;
    const before = steps
      ? await usedBefore(db, {
          projectId,
          points: subject.points,
          month,
          from: stepPeriod(steps, month).from,
        })
      : new Map<string, number>();
    const account: ChainAccount = {
      ...{ id: subject.accountId, openedOn: subject.openedOn, points: subject.points, from: month },
      heads: new Map(),
      // All that was used before counts as if it had been used in the period's first month.
      before: new Map(
        [...before].map(([point, used]) => [
          point,
          [
            {
              month: steps ? stepPeriod(steps, month).from : month,
              quantity: 0,
              stepQuantity: used,
              demand: 0,
            },
          ],
        ]),
      ),
      waiting: new Set(),
      charged: new Map(),
    };
    const terms: ChainTerms = {
      zone,
      book: bookOf(rated, definition),
      holdings: subject.holdings,
      spanOf: rememberedSpans(zone),
      cellsOf: (point, day) => ({ matrix, row: matrix.rowOf(point, day) }),
      lastDay: addDays(addMonths(month, 1), -1),
      purpose: 'sample',
    };
    const keys = new Set(subject.points.flatMap((p) => days.map((day) => `${p}/${day}`)));
    const walked = walk(account, keys, terms);
    const [wait] = walked.waits.values();
    if (wait) {
      const detail = `An index that the prices follow has no value for ${month.slice(0, 7)}.`;
      throw new Problem('conflict', detail);
    }
    return billOf(walked.days, currency);
  };
  const after =
    'versionId' in version
      ? await storedVersion(db, { projectId, commodity, id: version.versionId })
      : parseTariff(version.definition, commodity);
  const bills = {
    after: await bill('0', after),
    before:
      against === null
        ? null
        : await bill('0', await storedVersion(db, { projectId, commodity, id: against })),
  };
  const minor = (b: Bill) => BigInt(b.total.amount.replace('.', ''));
  const difference = bills.before && money(minor(bills.after) - minor(bills.before), currency);
  return { month: month.slice(0, 7), ...bills, difference };
}

interface Subject {
  accountId: string;
  openedOn: LocalDay;
  points: string[];
  holdings: Holdings;
}

/** Of a point: as if one account had held it all the month. Of an account: what it held of the commodity. */
async function subjectOf(
  db: Queryable,
  { projectId, commodity, of }: SampleAsked,
): Promise<Subject> {
  if ('pointId' in of) {
    const holdings = await holdingsOf(db, { projectId, points: [of.pointId] });
    if (holdings.commodities.get(of.pointId) !== commodity) throw notFound('point');
    const whole = { fromMs: 0, toMs: null };
    const tenancies = new Map([[of.pointId, [{ accountId: NOBODY, ...whole }]]]);
    const installations = new Map([[of.pointId, [whole]]]);
    return {
      ...{ accountId: NOBODY, openedOn: '0001-01-01', points: [of.pointId] },
      holdings: { ...holdings, tenancies, installations },
    };
  }
  const found = await db.execute<{ opened_on: LocalDay }>(sql`
    SELECT opened_on::text FROM accounts
    WHERE project_id = ${projectId}::bigint AND id = ${of.accountId}::bigint`);
  const openedOn = found.rows[0]?.opened_on;
  if (openedOn === undefined) throw notFound('account');
  const held = await pointsHeld(db, { projectId, accounts: [of.accountId] });
  const all = held.get(of.accountId) ?? [];
  const holdings = await holdingsOf(db, { projectId, points: all });
  const points = all
    .filter((p) => holdings.commodities.get(p) === commodity)
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  if (points.length > POINTS_MAX) {
    throw new Problem('range-too-long', `A sample takes ${POINTS_MAX} points at most.`);
  }
  return { accountId: of.accountId, openedOn, points, holdings };
}

/** The account of a point that is looked at by itself: no id is this. */
const NOBODY = '0';

/** A book of one version, which holds for everything. */
const bookOf = (
  rated: ReturnType<typeof openVersion>,
  definition: TariffDefinition,
): PriceBook => ({
  find: () => rated,
  plain: rated.plain,
  yearStarts: [],
  hasMinimum: definition.components.some((c) => c.kind === 'minimum'),
  joint: true,
  component: () => {
    throw new Error('a sample takes nothing back');
  },
  title: () => ({ tariffName: null, tariffVersion: null }),
});

/** What points used in [from, month), as it is settled. */
async function usedBefore(
  db: Queryable,
  {
    projectId,
    points,
    month,
    from,
  }: { projectId: string; points: readonly string[]; month: LocalDay; from: LocalDay },
): Promise<Map<string, number>> {
  const found = await db.execute<{ point: string; used: string }>(sql`
    SELECT s.scope_id::text AS point, sum(s.quantity)::text AS used FROM settlements s
    WHERE s.project_id = ${projectId}::bigint
      AND s.scope_id = ANY(${`{${points.join()}}`}::bigint[])
      AND s.local_day >= ${from}::date AND s.local_day < ${month}::date
      AND NOT EXISTS (SELECT FROM settlements n
        WHERE n.project_id = s.project_id AND n.supersedes = s.id)
    GROUP BY 1`);
  return new Map(found.rows.map(({ point, used }) => [point, Number(used)]));
}

async function storedVersion(
  db: Queryable,
  { projectId, commodity, id }: { projectId: string; commodity: Commodity; id: string },
): Promise<TariffDefinition> {
  const found = await db.execute<{ definition: unknown }>(sql`
    SELECT v.definition FROM tariff_versions v
    JOIN tariffs t ON t.project_id = v.project_id AND t.id = v.tariff_id
    WHERE v.project_id = ${projectId}::bigint AND v.id = ${id}::bigint
      AND t.commodity = ${commodity}`);
  const row = found.rows[0];
  if (!row) throw notFound('tariff version');
  return parseTariff(row.definition, commodity);
}

/** Lines of days added up as postings are: each key of a point rounded once, then all points together. */
function billOf(days: ReturnType<typeof walk>['days'], currency: string): Bill {
  const exponent = exponentOf(currency);
  const keys = new Map<
    string,
    { line: (typeof days)[number]['lines'][number]; posted: typeof nothingPosted }
  >();
  const sums = new Map<string, Omit<BillLine, 'amount'> & { minor: bigint }>();
  for (const { scopeId, lines } of days) {
    for (const line of lines) {
      const { priced, period, step, quantity, exact } = line;
      const key = `${priced.component}/${period}/${step}`;
      const own = `${scopeId}/${key}`;
      const { posted } = keys.get(own) ?? { posted: nothingPosted };
      const after = accrue(posted, exact, priced, exponent);
      keys.set(own, { line, posted: after });
      const sum = sums.get(key) ?? {
        ...{ component: priced.component, name: priced.name, kind: priced.kind },
        ...{ period: period === 0 ? null : period, step, quantity: 0, unit: priced.unit },
        ...{ price: unscaled(line.price, PRICE_DIGITS), minor: 0n },
      };
      sum.quantity += Number(quantity);
      sum.minor += after.postedMinor - posted.postedMinor;
      sums.set(key, sum);
    }
  }
  const of = [...keys.values()];
  return {
    lines: [...sums.values()]
      .map(({ minor, ...line }) => ({ ...line, amount: money(minor, currency) }))
      .sort((a, b) =>
        a.component < b.component
          ? -1
          : a.component > b.component
            ? 1
            : (a.period ?? 0) - (b.period ?? 0) || a.step - b.step,
      ),
    total: money(
      of.reduce((sum, k) => sum + k.posted.postedMinor, 0n),
      currency,
    ),
    tax: money(
      of.reduce((sum, k) => sum + k.posted.taxMinor, 0n),
      currency,
    ),
  };
}

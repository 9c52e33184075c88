/**
 * Live balances: what is settled less what unsettled days would cost by now. Computed for all points of
 * a project at once, once a minute, as a new generation that one row points to.
 */
import { addDays, type DaySpan, type LocalDay, localDayOf, SLOT_MS } from '../sql/local-day.ts';
import { exponentOf } from '../sql/money.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { walk } from './chain.ts';
import { readChains } from './chain-store.ts';
import {
  type Chained,
  chainedAccounts,
  keepAsked,
  pointDayOf,
  rememberedSpans,
  wantedOf,
  withOthers,
} from './chains.ts';
import { chunksOf, duePointDays, type PointDay } from './due.ts';
import { EXACT_DIGITS, exactText, halfEven, PRICE_DIGITS, unscaled } from './exact.ts';
import { type Holdings, holdingsOf } from './holdings.ts';
import { type IntervalSource, type Matrix, NONE, readIntervals } from './intervals.ts';
import { headedParts, readRates, writeGeneration } from './live-store.ts';
import { partsOfDay } from './parts.ts';
import { openPriceBook, type PriceBook } from './price-book.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { type Line, rate, SLOTS_MAX } from './rate.ts';
import { taxExact } from './rounding.ts';
import { readTails, sharesOf, type Tail } from './tail.ts';
import type { ShownCharge } from './wallet.ts';

/** How long to wait for QuestDB's WAL before a balance is computed without the newest rows. */
const WAL_DEADLINE_MS = 10_000;

/** An account's part of an unsettled day, priced by what is known now. */
export interface OpenDay {
  accountId: string;
  /** The point, or the account itself for what belongs to no point. */
  pointId: string;
  localDay: LocalDay;
  lines: Line[];
}

/** Every unsettled day of a project (or of one account) up to now, tail and all. */
export async function rateOpenDays(
  db: Queryable,
  source: Pick<IntervalSource, 'questdb'> & Partial<IntervalSource>,
  {
    project,
    book,
    now,
    accountId,
  }: { project: ProjectTerms; book: PriceBook; now: Date; accountId?: string },
): Promise<OpenDay[]> {
  const { zone } = project;
  const projectId = project.id;
  const today = localDayOf(zone, now.getTime());
  const due = await duePointDays(db, source.questdb, {
    projectId,
    zone,
    lastDay: today,
    walDeadlineMs: WAL_DEADLINE_MS,
    accountId,
  });
  const headed = await headedParts(db, { projectId, pointDays: due });
  const isOpen = (accountId: string, { pointId, localDay }: PointDay): boolean =>
    !headed.has(`${accountId}/${pointId}/${localDay}`);
  const spanOf = rememberedSpans(zone);
  const points = [...new Set(due.map((d) => d.pointId))];
  const holdings = await holdingsOf(db, { projectId, points });
  const partsOf = ({ pointId, localDay }: PointDay) =>
    partsOfDay(spanOf(localDay), {
      tenancies: holdings.tenancies.get(pointId) ?? [],
      installations: holdings.installations.get(pointId) ?? [],
    });
  // A day that is not over may be settled for who has left, and open for who came after.
  const open =
    headed.size === 0
      ? due
      : due.filter((d) => partsOf(d).some(({ accountId: id }) => isOpen(id, d)));
  const chained: Chained = book.plain
    ? new Map()
    : await chainedAccounts(db, project, { pointDays: open, holdings, heads: new Map(), book });
  if (headed.size > 0) keepAsked(chained, isOpen);
  const tails = await readTails(db, source.questdb, {
    projectId,
    now,
    points: accountId === undefined ? undefined : points,
  });
  const tailOf = new Map(tails.map((tail) => [tail.pointId, tail]));
  const read = async (pointDays: readonly PointDay[]): Promise<Matrix> => {
    const matrix = await readIntervals(source, {
      projectId,
      zone,
      points: [...new Set(pointDays.map((d) => d.pointId))],
      days: [...new Set(pointDays.map((d) => d.localDay))],
    });
    for (const { pointId, localDay } of pointDays) {
      const tail = tailOf.get(pointId);
      if (tail) fillTail(matrix, matrix.rowOf(pointId, localDay), spanOf(localDay), tail);
    }
    return matrix;
  };
  const rated: OpenDay[] = [];
  if (accountId !== undefined) {
    for (const id of chained.keys()) if (id !== accountId) chained.delete(id);
  }
  if (chained.size > 0) {
    const lines = await rateOpenChains(db, project, {
      chained,
      holdings,
      book,
      read,
      spanOf,
      today,
    });
    rated.push(...lines);
  }
  for (const chunk of chunksOf(open)) {
    const matrix = await read(chunk);
    for (const pointDay of chunk) {
      const { pointId, localDay } = pointDay;
      const row = matrix.rowOf(pointId, localDay);
      for (const part of partsOf(pointDay)) {
        if (accountId !== undefined && part.accountId !== accountId) continue;
        if (chained.has(part.accountId) || !isOpen(part.accountId, pointDay)) continue;
        const commodity = holdings.commodities.get(pointId) ?? 'electricity';
        const terms = book
          .find({ pointId, accountId: part.accountId, commodity, day: localDay })
          ?.on(localDay);
        if (!terms) continue;
        const lines = rate(matrix.quantities, { row, slots: part.slots, ...terms });
        rated.push({ accountId: part.accountId, ...pointDay, lines });
      }
    }
  }
  return rated;
}

/** Open days of accounts whose days depend on each other: after what is settled of them, in order. */
async function rateOpenChains(
  db: Queryable,
  project: ProjectTerms,
  {
    chained,
    holdings: known,
    book,
    read,
    spanOf,
    today,
  }: {
    chained: Chained;
    holdings: Holdings;
    book: PriceBook;
    read: (pointDays: readonly PointDay[]) => Promise<Matrix>;
    spanOf: (day: LocalDay) => DaySpan;
    today: LocalDay;
  },
): Promise<OpenDay[]> {
  const { id: projectId, zone } = project;
  const accounts = await readChains(db, { projectId, wanted: wantedOf(chained), book });
  const holdings = await withOthers(known, [...accounts.values()], (points) =>
    holdingsOf(db, { projectId, points }),
  );
  const keys = [...new Set([...chained.values()].flatMap((asked) => [...asked]))];
  const cells = new Map<string, { matrix: Matrix; row: number }>();
  for (const chunk of chunksOf(keys.map(pointDayOf))) {
    const matrix = await read(chunk);
    for (const { pointId, localDay } of chunk) {
      cells.set(`${pointId}/${localDay}`, { matrix, row: matrix.rowOf(pointId, localDay) });
    }
  }
  const terms = { zone, book, holdings, spanOf, lastDay: today, purpose: 'balance' as const };
  const cellsOf = (pointId: string, day: LocalDay) => cells.get(`${pointId}/${day}`);
  const rated: OpenDay[] = [];
  for (const account of accounts.values()) {
    const asked = chained.get(account.id) ?? new Set();
    for (const day of walk(account, asked, { ...terms, cellsOf }).days) {
      // The account's own fee of a day stands in a header as soon as one of its points is settled.
      if (!day.part && day.head) continue;
      const { scopeId: pointId, localDay, lines } = day;
      rated.push({ accountId: account.id, pointId, localDay, lines });
    }
  }
  return rated;
}

/** Puts a tail's shares where no interval is built yet. */
function fillTail(
  { quantities, qualities }: { quantities: Float64Array; qualities: Uint8Array },
  row: number,
  { startMs: dayStartMs, endMs }: { startMs: number; endMs: number },
  tail: Tail,
): void {
  for (const { startMs, quantity } of sharesOf(tail)) {
    if (startMs < dayStartMs || startMs >= endMs) continue;
    const cell = row * SLOTS_MAX + (startMs - dayStartMs) / SLOT_MS;
    if (qualities[cell] === NONE) quantities[cell] = quantity;
  }
}

/** Charges that are none of energy used: nobody is cut for them at once. */
const OTHER_KINDS: ReadonlySet<string> = new Set(['fixed', 'demand', 'minimum']);

/** What a line takes from the wallet, exact: with the tax that comes on top. */
export const grossOf = ({ priced, exact }: Line): bigint =>
  priced.taxIncluded ? exact : exact + taxExact(exact, priced);

/** Computes balances of projects; remembers rates of use until another day is settled. */
export function createLiveBalances({
  db,
  source,
}: {
  db: Db;
  source: Pick<IntervalSource, 'questdb'> & Partial<IntervalSource>;
}): (project: ProjectTerms, now: Date) => Promise<{ accounts: number }> {
  const known = new Map<string, Awaited<ReturnType<typeof readRates>>>();
  return async (project, now) => {
    const book = await openPriceBook(db, { projectId: project.id, zone: project.zone });
    const open = await rateOpenDays(db, source, { project, book, now });
    const rates = await readRates(db, {
      projectId: project.id,
      zone: project.zone,
      book,
      known: known.get(project.id),
    });
    known.set(project.id, rates);
    const byAccount = new Map<string, { exact: bigint; other: bigint; firstOpen: LocalDay }>();
    for (const { accountId, localDay, lines } of open) {
      const sum = byAccount.get(accountId) ?? { exact: 0n, other: 0n, firstOpen: localDay };
      byAccount.set(accountId, sum);
      if (localDay < sum.firstOpen) sum.firstOpen = localDay;
      for (const line of lines) {
        sum.exact += grossOf(line);
        if (OTHER_KINDS.has(line.priced.kind)) sum.other += grossOf(line);
      }
    }
    const unit = 10n ** BigInt(EXACT_DIGITS - exponentOf(project.currency));
    const accounts = await writeGeneration(db, {
      project,
      at: now,
      today: localDayOf(project.zone, now.getTime()),
      provisional: [...byAccount].map(([accountId, { exact, other, firstOpen }]) => ({
        accountId,
        provisionalMinor: halfEven(exact, unit),
        otherMinor: halfEven(other, unit),
        settledTo: firstOpen,
      })),
      rates: rates.perHour,
    });
    return { accounts };
  };
}

/** The lines of an account's unsettled days in [from, to), as charges that may still change. */
export async function provisionalCharges(
  { db, questdb, clock }: { db: Db; questdb: Questdb; clock: () => Date },
  {
    projectId,
    accountId,
    from,
    to,
  }: { projectId: string; accountId: string; from: LocalDay | null; to: LocalDay | null },
): Promise<ShownCharge[]> {
  const project = await readProject(db, projectId);
  const now = clock();
  const today = localDayOf(project.zone, now.getTime());
  // Days long past are settled or wait; only when recent ones are asked for is anything open.
  if (to !== null && to <= addDays(today, -OPEN_DAYS_MAX)) return [];
  const book = await openPriceBook(db, { projectId, zone: project.zone });
  const open = await rateOpenDays(db, { questdb }, { project, book, now, accountId });
  const inRange = ({ localDay }: PointDay) =>
    (from === null || localDay >= from) && (to === null || localDay < to);
  const names = await holdingsOf(db, {
    projectId,
    points: [...new Set(open.map((d) => d.pointId))],
  });
  return open
    .filter(inRange)
    .sort((a, b) => b.localDay.localeCompare(a.localDay))
    .flatMap(({ pointId, localDay, lines }) =>
      lines.map((line) => ({
        settlementId: null,
        serviceDay: localDay,
        scopeId: pointId,
        pointCode: names.codes.get(pointId) ?? null,
        component: line.priced.component,
        componentName: line.priced.name,
        tariffVersionId: line.priced.tariffVersionId,
        ...book.title(line.priced.tariffVersionId),
        period: line.period === 0 ? null : line.period,
        step: line.step,
        kind: line.priced.kind,
        unit: line.priced.unit,
        quantity: Number(line.quantity),
        price: unscaled(line.price, PRICE_DIGITS),
        exact: exactText(line.exact),
        taxRate: line.priced.taxRate,
        treatment: line.priced.treatment,
        revision: 0,
        provisional: true,
      })),
    );
}

/** Waiting days further back than this are not priced for a page. */
const OPEN_DAYS_MAX = 62;

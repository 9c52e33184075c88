/**
 * Accounts whose days depend on each other, settled together: finds them, reads what a walk over their
 * days needs, and walks until no settled day is rated differently than it stands.
 */
import { addDays, addMonths, type DaySpan, daySpan, type LocalDay } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { type ChainAccount, type ChainedDay, type ChainTerms, type Walked, walk } from './chain.ts';
import { pointsHeld, readChains, type Wanted } from './chain-store.ts';
import { firstIntervals, type PointDay } from './due.ts';
import { type Holdings, holdingsOf } from './holdings.ts';
import type { Matrix } from './intervals.ts';
import { partsOfDay } from './parts.ts';
import type { PriceBook } from './price-book.ts';
import {
  chainedDigestOf,
  digestOf,
  type Head,
  nextOf,
  type Revision,
  takenBack,
} from './revision.ts';
import type { Project } from './settlement.ts';

/** Point-days that are asked of an account. */
export type Chained = Map<string, Set<string>>;

/**
 * The accounts among point-days that a tariff with steps, fees, demand or minimum concerns, with the
 * point-days (`point/day`) asked of each; the others are rated each point-day by itself.
 */
export async function chainedAccounts(
  db: Queryable,
  { id: projectId, zone }: Project,
  {
    pointDays,
    holdings,
    heads,
    book,
  }: {
    pointDays: readonly PointDay[];
    holdings: Holdings;
    heads: ReadonlyMap<string, readonly Head[]>;
    book: PriceBook;
  },
): Promise<Chained> {
  const concerned = new Map<string, boolean>();
  const askedOf: Chained = new Map();
  const spans = new Map<LocalDay, DaySpan>();
  const days = new Map<string, Set<LocalDay>>();
  const note = (accountId: string, { pointId, localDay }: PointDay, isConcerned: boolean) => {
    concerned.set(accountId, isConcerned || concerned.get(accountId) === true);
    askedOf.set(accountId, (askedOf.get(accountId) ?? new Set()).add(`${pointId}/${localDay}`));
    days.set(accountId, (days.get(accountId) ?? new Set()).add(localDay));
  };
  const notPlain = (accountId: string, pointId: string, localDay: LocalDay) => {
    const commodity = holdings.commodities.get(pointId) ?? 'electricity';
    const lastOfMonth = addDays(addMonths(localDay, 1), -1);
    return [localDay, lastOfMonth].some(
      (day) => book.find({ pointId, accountId, commodity, day })?.plain === false,
    );
  };
  for (const pointDay of pointDays) {
    const { pointId, localDay } = pointDay;
    const span = spans.get(localDay) ?? daySpan(zone, localDay);
    spans.set(localDay, span);
    const parts = partsOfDay(span, {
      tenancies: holdings.tenancies.get(pointId) ?? [],
      installations: holdings.installations.get(pointId) ?? [],
    });
    for (const { accountId } of parts) {
      note(accountId, pointDay, notPlain(accountId, pointId, localDay));
    }
    for (const head of heads.get(`${pointId}/${localDay}`) ?? []) {
      const { accountId, stepQuantity, monthQuantityBefore, demand } = head;
      note(accountId, pointDay, stepQuantity + monthQuantityBefore + demand !== 0n);
    }
  }
  if (book.joint) {
    // What belongs to the account itself concerns all that it holds.
    const others = [...concerned].filter(([, known]) => !known).map(([id]) => id);
    const held = await pointsHeld(db, { projectId, accounts: others });
    for (const accountId of others) {
      const touched = (held.get(accountId) ?? []).some((pointId) =>
        [...(days.get(accountId) ?? [])].some((day) => notPlain(accountId, pointId, day)),
      );
      concerned.set(accountId, touched);
    }
  }
  for (const [accountId, isConcerned] of concerned) if (!isConcerned) askedOf.delete(accountId);
  return askedOf;
}

/** Leaves only the point-days that are asked of an account, and accounts with any. */
export function keepAsked(
  chained: Chained,
  isAsked: (accountId: string, pointDay: PointDay) => boolean,
): void {
  for (const [accountId, keys] of chained) {
    for (const key of keys) if (!isAsked(accountId, pointDayOf(key))) keys.delete(key);
    if (keys.size === 0) chained.delete(accountId);
  }
}

/** Walks the accounts; their revisions, waits, and all days of scopes that were looked at. */
export async function settleChains(
  db: Queryable,
  project: Project,
  {
    chained,
    holdings: known,
    book,
    matrix,
    read,
    at,
    lastDay,
    questdb,
  }: {
    chained: Chained;
    holdings: Holdings;
    book: PriceBook;
    /** Of all that is asked for. */
    matrix: Matrix;
    read: (wanted: readonly PointDay[]) => Promise<Matrix>;
    at: Date;
    lastDay: LocalDay;
    questdb: Questdb;
  },
): Promise<{ revisions: Revision[]; waits: Walked['waits']; looked: PointDay[] }> {
  const { id: projectId, zone } = project;
  const accounts = await readChains(db, { projectId, wanted: wantedOf(chained), book });
  const holdings = await withOthers(known, [...accounts.values()], (points) =>
    holdingsOf(db, { projectId, points }),
  );
  const cells = new Map<string, { matrix: Matrix; row: number }>();
  const place = (pointDay: PointDay, into: Matrix) =>
    cells.set(keyOf(pointDay), {
      matrix: into,
      row: into.rowOf(pointDay.pointId, pointDay.localDay),
    });
  for (const asked of chained.values()) for (const key of asked) place(pointDayOf(key), matrix);
  const terms: ChainTerms = {
    ...{ zone, book, holdings, lastDay, purpose: 'settle' },
    spanOf: rememberedSpans(zone),
    cellsOf: (pointId, day) => cells.get(`${pointId}/${day}`),
  };

  const walks = new Map<string, Walked>();
  const firstDays = new Map<string, LocalDay | undefined>();
  let pending = [...accounts.values()];
  while (pending.length > 0) {
    const more: PointDay[] = [];
    const again = new Set<ChainAccount>();
    const want = (account: ChainAccount, pointDay: PointDay) => {
      const asked = chained.get(account.id) ?? new Set();
      if (asked.has(keyOf(pointDay))) return;
      asked.add(keyOf(pointDay));
      more.push(pointDay);
      again.add(account);
    };
    const siblings: { account: ChainAccount; pointDay: PointDay }[] = [];
    for (const account of pending) {
      const walked = walk(account, chained.get(account.id) ?? new Set(), terms);
      walks.set(account.id, walked);
      for (const pointDay of walked.affected) want(account, pointDay);
      for (const pointDay of walked.siblings) siblings.push({ account, pointDay });
    }
    // A point that nothing was ever read from is not waited for.
    const unknown = siblings.map((s) => s.pointDay.pointId).filter((p) => !firstDays.has(p));
    if (unknown.length > 0) {
      const points = [...new Set(unknown)];
      const found = await firstIntervals(db, questdb, { projectId, zone, points, lastDay });
      for (const point of points) firstDays.set(point, found.get(point));
    }
    for (const { account, pointDay } of siblings) {
      const first = firstDays.get(pointDay.pointId);
      const readBefore = first !== undefined && first <= pointDay.localDay;
      if (readBefore || account.waiting.has(keyOf(pointDay))) want(account, pointDay);
    }
    if (more.length > 0) {
      const added = await read(more);
      for (const pointDay of more) place(pointDay, added);
    }
    pending = [...again];
  }

  const revisions: Revision[] = [];
  const waits: Walked['waits'] = new Map();
  const looked: PointDay[] = [];
  for (const [accountId, walked] of walks) {
    for (const day of walked.days) {
      const revision = revisionOf(accountId, day, at);
      if (revision) revisions.push(revision);
    }
    for (const head of walked.notHeld) revisions.push(takenBack(head, at));
    for (const [key, wait] of walked.waits) waits.set(key, wait);
    for (const key of chained.get(accountId) ?? []) looked.push(pointDayOf(key));
    for (const localDay of walked.accountDays) looked.push({ pointId: accountId, localDay });
  }
  return { revisions, waits, looked };
}

const keyOf = ({ pointId, localDay }: PointDay): string => `${pointId}/${localDay}`;
/** The point-day of a `point/day`. */
export const pointDayOf = (key: string): PointDay => {
  const [pointId = '', localDay = ''] = key.split('/');
  return { pointId, localDay };
};

/** The spans of a zone's days, each computed once. */
export function rememberedSpans(zone: string): (day: LocalDay) => DaySpan {
  const spans = new Map<LocalDay, DaySpan>();
  return (day) => {
    const span = spans.get(day) ?? daySpan(zone, day);
    spans.set(day, span);
    return span;
  };
}

/** First and last day asked of each account. A correction may add what a minimum lacks at the month's end. */
export function wantedOf(chained: Chained): Map<string, Wanted> {
  return new Map(
    [...chained].map(([accountId, keys]) => {
      const pointDays = [...keys].map(pointDayOf);
      const days = pointDays.map((d) => d.localDay).sort();
      const points = new Set(pointDays.map((d) => d.pointId));
      const [from = '', to = ''] = [days[0], days.at(-1)];
      return [accountId, { from, to, points }];
    }),
  );
}

/** Holdings of these points and of all others of the accounts. */
export async function withOthers(
  known: Holdings,
  accounts: readonly ChainAccount[],
  readMore: (points: string[]) => Promise<Holdings>,
): Promise<Holdings> {
  const others = new Set(accounts.flatMap((a) => a.points).filter((p) => !known.codes.has(p)));
  if (others.size === 0) return known;
  const more = await readMore([...others]);
  return {
    tenancies: new Map([...known.tenancies, ...more.tenancies]),
    installations: new Map([...known.installations, ...more.installations]),
    commodities: new Map([...known.commodities, ...more.commodities]),
    codes: new Map([...known.codes, ...more.codes]),
  };
}

/** The revision that says what was rated; undefined when it stands so already. */
function revisionOf(accountId: string, day: ChainedDay, at: Date): Revision | undefined {
  const { scopeId, localDay, head, lines, part } = day;
  const inputs = part ? digestOf({ ...part, ...part.matrix }) : 'account';
  const inputsDigest = part?.plain ? inputs : chainedDigestOf(inputs, lines);
  if (head?.inputsDigest === inputsDigest) return undefined;
  if (!part && !head && lines.length === 0) return undefined;
  const of = { scopeId, localDay, accountId };
  if (!part) {
    const nothing = { quantity: 0n, slots: 0, estimatedSlots: 0, missingSlots: 0, carried: null };
    return { ...nextOf(of, head), inputsDigest, intervalsKnownMs: at.getTime(), ...nothing, lines };
  }
  const { rated, counts, matrix, row, hasSteps } = part;
  return {
    ...nextOf(of, head),
    inputsDigest,
    intervalsKnownMs: matrix.knownMs[row] ?? 0,
    quantity: BigInt(rated.quantity),
    slots: counts.slots,
    estimatedSlots: counts.estimated,
    missingSlots: counts.missing,
    carried: {
      stepQuantityBefore: rated.stepBefore,
      stepQuantity: hasSteps ? rated.quantity : 0,
      monthQuantityBefore: part.monthBefore,
      demandBefore: part.demandBefore,
      demand: rated.demand,
    },
    lines,
  };
}

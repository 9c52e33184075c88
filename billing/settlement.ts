/**
 * One settlement within its transaction: what is known now of point-days is compared with what is in force,
 * new revisions are claimed, copied, and the difference is posted.
 */
import type pg from 'pg';
import { tell } from '../sql/events.ts';
import { daySpan, type LocalDay, monthOf } from '../sql/local-day.ts';
import { exponentOf } from '../sql/money.ts';
import type { Db } from '../sql/postgres.ts';
import { chainedAccounts, keepAsked, settleChains } from './chains.ts';
import type { PointDay } from './due.ts';
import { append, holdingsOf } from './holdings.ts';
import { type IntervalSource, type Matrix, readIntervals } from './intervals.ts';
import { accountingDateOf, closedMonths, entriesOf } from './ledger.ts';
import { layOver, type Overlay } from './overlay.ts';
import { completeness, partsOfDay } from './parts.ts';
import { openPriceBook, type PriceBook } from './price-book.ts';
import { rate, SLOTS_MAX } from './rate.ts';
import {
  bring,
  digestOf,
  legsOf,
  NOT_HELD,
  nextOf,
  type Posting,
  type Revision,
  takenBack,
} from './revision.ts';
import {
  type Claim,
  claim,
  copyCharges,
  copyEntries,
  countPoints,
  freshIds,
  lockMonths,
  type Run,
  readHeads,
  readSuperseded,
  readTallies,
  type TransactionOfRun,
  writeTallies,
  writeWaits,
} from './settlement-store.ts';

export interface Project {
  id: string;
  zone: string;
  currency: string;
}

export type Failpoint = 'locked' | 'read' | 'claimed' | 'copied' | 'posted' | 'committed';

/** What the work within a transaction needs. */
export interface SettlingDeps {
  /** Without DuckDB and a folder every day is asked for in JSON: for few of them. */
  source: Pick<IntervalSource, 'questdb'> & Partial<IntervalSource>;
  /** How long to wait for QuestDB to apply its WAL before giving up for now. */
  walDeadlineMs: number;
  /** Called at named places; tests let it kill the process. */
  failpoint?: (place: Failpoint) => void;
}

export interface Asked {
  pointDays: readonly PointDay[];
  cause: Run['cause'];
  at: Date;
  /** The newest local day that is over, with its grace. */
  lastDay: LocalDay;
  /**
   * Only these parts of the point-days, as `account/point/day`: of days that are not over, the parts of
   * tenancies that have ended. Not said: all parts.
   */
  parts?: ReadonlySet<string>;
  /** Why settled days are looked at again, by `point/day`. */
  why?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Quantities to take instead of those that are stored, by `point/epoch ms of the slot's start`. */
  overlay?: Overlay;
  /** Told what was written, before commit. */
  onWritten?: (written: Written) => void;
}

/** What a settlement wrote: the revisions it claimed, what it priced them by, and what was posted. */
export interface Written {
  claims: readonly Claim[];
  book: PriceBook;
  postings: ReadonlyMap<string, Posting>;
}

/** A transaction in progress, as both who copies and who asks need it. */
export interface Within {
  client: pg.PoolClient;
  db: Db;
}

export interface SettledWithin {
  outcome: 'settled';
  headers: number;
  corrections: number;
  waiting: number;
}

/**
 * Settles point-days within a transaction that holds the project. Whether it is committed is the
 * caller's: a preview rolls it back.
 */
export async function settleWithin(
  deps: SettlingDeps,
  within: Within,
  project: Project,
  asked: Asked,
): Promise<SettledWithin> {
  const { client, db } = within;
  const { pointDays, at, overlay } = asked;
  const { id: projectId, zone } = project;
  const points = [...new Set(pointDays.map((d) => d.pointId))];
  const days = [...new Set(pointDays.map((d) => d.localDay))];
  const holdings = await holdingsOf(db, { projectId, points });
  const book = await openPriceBook(db, { projectId, zone });
  const heads = await readHeads(client, { projectId, pointDays });
  const chained = book.plain
    ? new Map()
    : await chainedAccounts(db, project, { pointDays, holdings, heads, book });
  const isAsked = (accountId: string, { pointId, localDay }: PointDay): boolean =>
    !asked.parts || asked.parts.has(`${accountId}/${pointId}/${localDay}`);
  if (asked.parts) keepAsked(chained, isAsked);
  deps.failpoint?.('locked');

  // An acknowledged row is not yet a readable one; a suspended table hides rows that were acknowledged.
  await deps.source.questdb.settled(['intervals'], { timeoutMs: deps.walDeadlineMs });
  const pointsOfProject = await countPoints(client, projectId);
  const read = async (wanted: readonly PointDay[]): Promise<Matrix> => {
    const matrix = await readIntervals(deps.source, {
      ...{ projectId, zone, pointsOfProject },
      points: [...new Set(wanted.map((d) => d.pointId))],
      days: [...new Set(wanted.map((d) => d.localDay))],
    });
    if (overlay) layOver(matrix, { overlay, zone, pointDays: wanted });
    return matrix;
  };
  const matrix = await read(pointDays);
  deps.failpoint?.('read');

  const revisions: Revision[] = [];
  const waits = new Map<string, PointDay & { reason: string }>();
  const spans = new Map(days.map((day) => [day, daySpan(zone, day)]));
  for (const pointDay of pointDays) {
    const { pointId, localDay } = pointDay;
    const span = spans.get(localDay) ?? daySpan(zone, localDay);
    const parts = partsOfDay(span, {
      tenancies: holdings.tenancies.get(pointId) ?? [],
      installations: holdings.installations.get(pointId) ?? [],
    });
    const current = heads.get(`${pointId}/${localDay}`) ?? [];
    for (const { accountId, slots } of parts) {
      if (chained.has(accountId) || !isAsked(accountId, pointDay)) continue;
      const commodity = holdings.commodities.get(pointId) ?? 'electricity';
      const rated = book.find({ pointId, accountId, commodity, day: localDay });
      const row = matrix.rowOf(pointId, localDay);
      const { wait, ...counts } = completeness(matrix, row, slots);
      const terms = rated?.on(localDay);
      if (wait || !rated || !terms) {
        const reason = wait ?? (rated ? 'no-index' : 'no-tariff');
        waits.set(`${pointId}/${localDay}`, { ...pointDay, reason });
        continue;
      }
      const inputsDigest = digestOf({ versionId: rated.versionId, slots, row, ...matrix });
      const head = current.find((h) => h.accountId === accountId);
      if (head?.inputsDigest === inputsDigest) continue;
      const lines = rate(matrix.quantities, { row, slots, ...terms });
      revisions.push({
        ...nextOf({ scopeId: pointId, localDay, accountId }, head),
        inputsDigest,
        intervalsKnownMs: matrix.knownMs[row] ?? 0,
        quantity: quantityOf(matrix, row, slots),
        slots: counts.slots,
        estimatedSlots: counts.estimated,
        missingSlots: counts.missing,
        carried: null,
        lines,
      });
    }
    for (const head of current) {
      const held = parts.some((p) => p.accountId === head.accountId);
      if (held || head.inputsDigest === NOT_HELD || chained.has(head.accountId)) continue;
      if (!isAsked(head.accountId, pointDay)) continue;
      revisions.push(takenBack(head, at));
    }
  }
  const looked: PointDay[] = [...pointDays];
  if (chained.size > 0) {
    const more = await settleChains(db, project, {
      ...{ chained, holdings, book, matrix, read, at },
      lastDay: asked.lastDay,
      questdb: deps.source.questdb,
    });
    revisions.push(...more.revisions);
    looked.push(...more.looked);
    for (const [key, wait] of more.waits) waits.set(key, wait);
  }
  await writeWaits(client, { projectId, pointDays: distinct(looked), waits, at });
  const written =
    revisions.length > 0
      ? await write(deps, within, project, { ...asked, revisions, book })
      : { headers: 0, corrections: 0 };
  return { outcome: 'settled', ...written, waiting: waits.size };
}

const distinct = (pointDays: readonly PointDay[]): PointDay[] => [
  ...new Map(pointDays.map((d) => [`${d.pointId}/${d.localDay}`, d])).values(),
];

function quantityOf(matrix: Matrix, row: number, slots: readonly (readonly [number, number])[]) {
  let sum = 0;
  for (const [from, to] of slots) {
    for (let slot = from; slot < to; slot++) {
      const quantity = matrix.quantities[row * SLOTS_MAX + slot] as number; // in range
      if (!Number.isNaN(quantity)) sum += quantity;
    }
  }
  return BigInt(sum);
}

/** Headers, lines, totals and legs of revisions; only those whose header was ours. */
async function write(
  deps: SettlingDeps,
  { client, db }: Within,
  project: Project,
  {
    revisions,
    book,
    cause,
    at,
    why,
    onWritten,
  }: { revisions: Revision[]; book: PriceBook } & Pick<Asked, 'cause' | 'at' | 'why' | 'onWritten'>,
): Promise<{ headers: number; corrections: number }> {
  const projectId = project.id;
  revisions.sort((a, b) => (a.localDay < b.localDay ? -1 : a.localDay > b.localDay ? 1 : 0));
  const months = monthsOf(revisions);
  await lockMonths(client, { projectId, months });

  // A day's settlement is a transaction of its own; all that a run corrects for an account is one.
  const groups = new Map<string, Revision[]>();
  for (const r of revisions) {
    const key = r.revision === 1 ? `${r.accountId}/${r.localDay}` : `${r.accountId}`;
    const group = groups.get(key);
    if (group) group.push(r);
    else groups.set(key, [r]);
  }
  const ids = await freshIds(client, 1 + groups.size + revisions.length);
  let taken = 0;
  const take = () => {
    const id = ids[taken++];
    if (!id) throw new Error('not enough ids were drawn');
    return id;
  };
  const run: Run = { projectId, id: take(), cause, at };
  const closed = await closedMonths(db, projectId);
  const claims: Claim[] = [];
  const transactions: TransactionOfRun[] = [];
  for (const group of groups.values()) {
    const id = take();
    transactions.push(transactionOf(id, group, { closed, why }));
    for (const revision of group) claims.push({ revision, id: take(), transactionId: id });
  }
  const lost = await claim(client, { run, claims, transactions });
  const claimed = lost.size === 0 ? claims : claims.filter((c) => !lost.has(c.id));
  deps.failpoint?.('claimed');

  const superseded = await readSuperseded(client, {
    ...{ projectId, book },
    revisions: claimed.map((c) => c.revision),
  });
  await copyCharges(client, { projectId, claims: claimed });
  deps.failpoint?.('copied');

  const tallies = await readTallies(client, { projectId, months, book });
  const exponent = exponentOf(project.currency);
  const postings = new Map<string, Posting>();
  const posted = new Map<string, Revision[]>();
  for (const { revision, transactionId } of claimed) append(posted, transactionId, revision);
  for (const [transactionId, group] of posted) {
    const { accountId } = group[0] as Revision; // a group has one at least
    const posting = { accountId, wallet: 0n, charged: new Map(), tax: new Map() };
    postings.set(transactionId, posting);
    bring(group, { superseded, tallies, posting, exponent });
  }
  await writeTallies(client, { projectId, tallies });
  const { currency } = project;
  const entries = await entriesOf(db, {
    projectId,
    currency,
    postings: [...postings].map(([transactionId, posting]) => ({
      transactionId,
      legs: legsOf(posting),
    })),
  });
  await copyEntries(client, { projectId, currency, entries });
  await tell(db, eventsOf(run, claimed));
  deps.failpoint?.('posted');
  onWritten?.({ claims: claimed, book, postings });
  return {
    headers: claimed.length,
    corrections: claimed.filter((c) => c.revision.revision > 1).length,
  };
}

/** What is told of why a correction was made, at most. */
const WHY_MAX = 10;

/** Of revisions in order of day: one account, and one day unless they correct. */
function transactionOf(
  id: string,
  group: readonly Revision[],
  { closed, why }: { closed: ReadonlySet<LocalDay>; why: Asked['why'] },
): TransactionOfRun {
  const [first, last] = [group[0] as Revision, group.at(-1) as Revision]; // a group has at least one
  const { accountId, localDay: from } = first;
  const to = last.localDay;
  const accountingDate = accountingDateOf(to, closed);
  if (first.revision === 1) {
    return { id, kind: 'settlement', accountId, accountingDate, cause: { localDay: from } };
  }
  const reasons = new Set(
    group.flatMap((r) => [...(why?.get(`${r.scopeId}/${r.localDay}`) ?? [])]),
  );
  const cause = {
    ...{ from, to, why: [...reasons].sort().slice(0, WHY_MAX) },
    ...(from === to && { localDay: from }),
  };
  return { id, kind: 'correction', accountId, accountingDate, cause };
}

function monthsOf(revisions: readonly Revision[]): { accountId: string; month: LocalDay }[] {
  const months = new Map(
    revisions.map((r) => {
      const month = { accountId: r.accountId, month: monthOf(r.localDay) };
      return [`${month.accountId}/${month.month}`, month];
    }),
  );
  return [...months.values()];
}

/** One event per local day, not per point: whoever wants the points reads the headers of the run. */
function eventsOf(run: Run, claims: readonly Claim[]) {
  const days = new Map<
    string,
    { kind: 'day.settled' | 'day.corrected'; localDay: LocalDay; points: number }
  >();
  for (const { revision } of claims) {
    const kind = revision.revision === 1 ? 'day.settled' : 'day.corrected';
    const key = `${kind}/${revision.localDay}`;
    const day = days.get(key) ?? { kind, localDay: revision.localDay, points: 0 };
    days.set(key, day);
    day.points++;
  }
  return [...days.values()].map(({ kind, localDay, points }) => ({
    projectId: run.projectId,
    kind,
    subjectId: run.id,
    payload: { localDay, points },
  }));
}

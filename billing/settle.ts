/**
 * Settlement: brings point-days up to what is known now. A day without a header is settled, one whose
 * inputs changed gets a new revision and the difference is posted, one that is unchanged is left
 * alone – so running twice, at once, or again after a kill changes nothing.
 */
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Clock } from '../sql/clock.ts';
import { markDone } from '../sql/dirty-days.ts';
import { tell } from '../sql/events.ts';
import { daySpan, type LocalDay, monthOf } from '../sql/local-day.ts';
import { exponentOf } from '../sql/money.ts';
import type { Db, Postgres } from '../sql/postgres.ts';
import { QuestdbError } from '../sql/questdb.ts';
import * as schema from '../sql/schema/index.ts';
import { inTrace } from '../sql/trace.ts';
import { chunksOf, duePointDays, lastDueDay, type PointDay } from './due.ts';
import { holdingsOf } from './holdings.ts';
import { type IntervalSource, type Matrix, readIntervals } from './intervals.ts';
import { accountingDateOf, closedMonths, entriesOf } from './ledger.ts';
import { layOver } from './overlay.ts';
import { completeness, partsOfDay } from './parts.ts';
import { openPriceBook, type PriceBook } from './price-book.ts';
import { rate, SLOTS_MAX } from './rate.ts';
import {
  bring,
  digestOf,
  type Head,
  legsOf,
  NOT_HELD,
  type Posting,
  type Revision,
  type StoredLine,
} from './revision.ts';
import {
  type Claim,
  claim,
  copyCharges,
  copyEntries,
  freshIds,
  lockMonths,
  type Run,
  readHeads,
  readLines,
  readTallies,
  type TransactionOfDay,
  takeProject,
  writeTallies,
  writeWaits,
} from './settlement-store.ts';

export interface Project {
  id: string;
  zone: string;
  currency: string;
}

export interface SettleDeps {
  postgres: Postgres;
  source: IntervalSource;
  clock: Clock;
  /** How long after local midnight a day is settled. */
  graceMs: number;
  /** How long to wait for QuestDB to apply its WAL before giving up for now. */
  walDeadlineMs: number;
  /** Called at named places; tests let it kill the process. */
  failpoint?: (place: Failpoint) => void;
}
export type Failpoint = 'locked' | 'read' | 'claimed' | 'copied' | 'posted' | 'committed';

export type Settled =
  | {
      outcome: 'settled';
      headers: number;
      corrections: number;
      waiting: number;
      /** Traces of the requests and jobs whose changes were settled; of many, some. */
      causes?: string[];
    }
  /** Another settlement has the project; it does the work. */
  | { outcome: 'busy' }
  /** Nothing was charged, because what QuestDB shows cannot be trusted now. */
  | { outcome: 'blocked'; reason: string };

/** Settles what is due in a project. */
export async function settleDue(deps: SettleDeps, project: Project): Promise<Settled> {
  const now = deps.clock();
  if (await wentBack(deps, project, now)) {
    return { outcome: 'blocked', reason: 'the clock is behind the last settlement' };
  }
  const lastDay = lastDueDay(project.zone, now.getTime(), deps.graceMs);
  const due = await duePointDays(deps.postgres.db, deps.source.questdb, {
    projectId: project.id,
    zone: project.zone,
    lastDay,
    walDeadlineMs: deps.walDeadlineMs,
  }).catch(blockedBy);
  if ('outcome' in due) return due;
  const sum = { headers: 0, corrections: 0, waiting: 0 };
  for (const pointDays of chunksOf(due)) {
    const settled = await settlePointDays(deps, project, { pointDays, cause: 'due' });
    if (settled.outcome !== 'settled') return settled;
    sum.headers += settled.headers;
    sum.corrections += settled.corrections;
    sum.waiting += settled.waiting;
  }
  return { outcome: 'settled', ...sum };
}

/** Traces that are told of one run. */
const CAUSES_MAX = 10;
/** Dirty rows taken in one go. */
const DIRTY_BATCH_MAX = 5000;

/**
 * Settles days anew whose intervals, tariff or tenancy changed after they were settled. Rows from ingest
 * are looked at once their intervals are rebuilt. Days that are not over yet are only ticked off.
 */
export async function settleDirty(deps: SettleDeps, project: Project): Promise<Settled> {
  const now = deps.clock();
  if (await wentBack(deps, project, now)) {
    return { outcome: 'blocked', reason: 'the clock is behind the last settlement' };
  }
  const lastDay = lastDueDay(project.zone, now.getTime(), deps.graceMs);
  return await inTransaction(deps, async (client, db) => {
    if (!(await takeProject(client, project.id))) return { outcome: 'busy' };
    const { rows } = await client.query<{
      id: string;
      point_id: string;
      local_day: string;
      trace_id: string | null;
    }>(
      `SELECT d.id, d.point_id, d.local_day::text, d.trace_id FROM dirty_days d
       WHERE d.project_id = $1
         AND NOT EXISTS (SELECT 1 FROM dirty_days_done e WHERE e.project_id = d.project_id
           AND e.consumer = 'rating' AND e.dirty_id = d.id)
         AND (d.who = 'billing' OR EXISTS (SELECT 1 FROM dirty_days_done e
           WHERE e.project_id = d.project_id AND e.consumer = 'intervals' AND e.dirty_id = d.id))
       ORDER BY d.local_day, d.id LIMIT $2`,
      [project.id, DIRTY_BATCH_MAX],
    );
    const wanted = new Map(
      rows
        .filter((row) => row.local_day <= lastDay)
        .map((row) => [
          `${row.point_id}/${row.local_day}`,
          { pointId: row.point_id, localDay: row.local_day },
        ]),
    );
    const causes = [...new Set(rows.flatMap((row) => row.trace_id ?? []))];
    const sum = {
      outcome: 'settled' as const,
      ...{ headers: 0, corrections: 0, waiting: 0 },
      ...(causes.length > 0 && { causes: causes.slice(0, CAUSES_MAX) }),
    };
    for (const pointDays of chunksOf([...wanted.values()])) {
      const settling = () =>
        settleWithin(deps, { client, db }, project, { pointDays, cause: 'dirty', at: now });
      // What one request has caused is found under that request's trace.
      const [only, ...others] = causes;
      const settled = await (only && others.length === 0 ? inTrace(only, settling) : settling());
      if (settled.outcome !== 'settled') return settled;
      sum.headers += settled.headers;
      sum.corrections += settled.corrections;
      sum.waiting += settled.waiting;
    }
    const ids = rows.map((row) => row.id);
    await markDone(db, { consumer: 'rating', projectId: project.id, ids });
    return sum;
  });
}

/** Settles given point-days in one transaction; those that are not over must not be asked for. */
export async function settlePointDays(
  deps: SettleDeps,
  project: Project,
  { pointDays, cause }: { pointDays: readonly PointDay[]; cause: Run['cause'] },
): Promise<Settled> {
  return await inTransaction(deps, async (client, db) => {
    if (!(await takeProject(client, project.id))) return { outcome: 'busy' };
    return await settleWithin(deps, { client, db }, project, {
      pointDays,
      cause,
      at: deps.clock(),
    });
  });
}

/** Runs `act` and commits when it settled something, else leaves no trace. */
async function inTransaction(
  { postgres, failpoint }: SettleDeps,
  act: (client: pg.PoolClient, db: Db) => Promise<Settled>,
): Promise<Settled> {
  const client = await postgres.pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const settled = await act(client, drizzle(client, { schema }));
    await client.query(settled.outcome === 'settled' ? 'COMMIT' : 'ROLLBACK');
    failpoint?.('committed');
    return settled;
  } catch (error) {
    await client.query('ROLLBACK').catch((cause: Error) => {
      broken = cause;
    });
    return blockedBy(error);
  } finally {
    client.release(broken);
  }
}

/** A QuestDB that is silent, suspended or behind blocks for now; every other failure is thrown on. */
function blockedBy(error: unknown): Extract<Settled, { outcome: 'blocked' }> {
  if (error instanceof QuestdbError && error.kind !== 'refused') {
    return { outcome: 'blocked', reason: error.message };
  }
  throw error;
}

/** True when time stands before the newest run: a clock that jumps back must not settle. */
async function wentBack({ postgres }: SettleDeps, project: Project, now: Date): Promise<boolean> {
  const { rows } = await postgres.pool.query<{ started_at: Date }>(
    'SELECT started_at FROM settlement_runs WHERE project_id = $1 ORDER BY id DESC LIMIT 1',
    [project.id],
  );
  return rows[0] !== undefined && rows[0].started_at.getTime() > now.getTime() + CLOCK_SLACK_MS;
}

/** Two processes' clocks on one host may differ by a little. */
const CLOCK_SLACK_MS = 60_000;

/** What the work within a transaction needs. */
export type SettlingDeps = Pick<SettleDeps, 'walDeadlineMs' | 'failpoint'> & {
  /** Without DuckDB and a folder every day is asked for in JSON: for few of them. */
  source: Pick<IntervalSource, 'questdb'> & Partial<IntervalSource>;
};

export interface Asked {
  pointDays: readonly PointDay[];
  cause: Run['cause'];
  at: Date;
  /** Quantities to take instead of those that are stored, by `point/epoch ms of the slot's start`. */
  overlay?: ReadonlyMap<string, number>;
  /** Told what was written, before commit. */
  onWritten?: (written: Written) => void;
}

/** What a settlement wrote: each claimed revision with the lines it takes back, and what was posted. */
export interface Written {
  claims: readonly Claim[];
  superseded: ReadonlyMap<string, readonly StoredLine[]>;
  postings: ReadonlyMap<string, Posting>;
}

/**
 * Settles point-days within a transaction that holds the project. Whether it is committed is the
 * caller's: a preview rolls it back.
 */
export async function settleWithin(
  deps: SettlingDeps,
  { client, db }: { client: pg.PoolClient; db: Db },
  project: Project,
  { pointDays, cause, at, overlay, onWritten }: Asked,
): Promise<Extract<Settled, { outcome: 'settled' }>> {
  const projectId = project.id;
  const points = [...new Set(pointDays.map((d) => d.pointId))];
  const days = [...new Set(pointDays.map((d) => d.localDay))];
  const holdings = await holdingsOf(db, { projectId, points });
  const book = await openPriceBook(db, { projectId, zone: project.zone });
  const heads = await readHeads(client, { projectId, pointDays });
  deps.failpoint?.('locked');

  // An acknowledged row is not yet a readable one; a suspended table hides rows that were acknowledged.
  await deps.source.questdb.settled(['intervals'], { timeoutMs: deps.walDeadlineMs });
  const matrix = await readIntervals(deps.source, { projectId, zone: project.zone, points, days });
  if (overlay) layOver(matrix, { overlay, zone: project.zone, pointDays });
  deps.failpoint?.('read');

  const revisions: Revision[] = [];
  const waits = new Map<string, PointDay & { reason: string }>();
  const spans = new Map(days.map((day) => [day, daySpan(project.zone, day)]));
  for (const pointDay of pointDays) {
    const { pointId, localDay } = pointDay;
    const span = spans.get(localDay) ?? daySpan(project.zone, localDay);
    const parts = partsOfDay(span, {
      tenancies: holdings.tenancies.get(pointId) ?? [],
      installations: holdings.installations.get(pointId) ?? [],
    });
    const current = heads.get(`${pointId}/${localDay}`) ?? [];
    for (const { accountId, slots } of parts) {
      const commodity = holdings.commodities.get(pointId) ?? 'electricity';
      const rated = book.find({ pointId, accountId, commodity, day: localDay });
      const row = matrix.rowOf(pointId, localDay);
      const { wait, ...counts } = completeness(matrix, row, slots);
      const reason = wait ?? (rated ? null : 'no-tariff');
      if (reason || !rated) {
        waits.set(`${pointId}/${localDay}`, { ...pointDay, reason: reason ?? 'no-tariff' });
        continue;
      }
      const inputsDigest = digestOf({ versionId: rated.versionId, slots, row, ...matrix });
      const head = current.find((h) => h.accountId === accountId);
      if (head?.inputsDigest === inputsDigest) continue;
      const lines = rate(matrix.quantities, {
        row,
        slots,
        ranks: rated.ranksOn(localDay),
        prices: rated.prices,
      });
      revisions.push({
        ...next(pointDay, accountId, head),
        inputsDigest,
        intervalsKnownMs: matrix.knownMs[row] ?? 0,
        quantity: quantityOf(matrix, row, slots),
        slots: counts.slots,
        estimatedSlots: counts.estimated,
        missingSlots: counts.missing,
        lines,
      });
    }
    for (const head of current) {
      const held = parts.some((p) => p.accountId === head.accountId);
      if (held || head.inputsDigest === NOT_HELD) continue;
      revisions.push({
        ...next(pointDay, head.accountId, head),
        inputsDigest: NOT_HELD,
        intervalsKnownMs: at.getTime(),
        quantity: 0n,
        slots: 0,
        estimatedSlots: 0,
        missingSlots: 0,
        lines: [],
      });
    }
  }
  await writeWaits(client, { projectId, pointDays, waits, at });
  const written =
    revisions.length > 0
      ? await write(deps, { client, db }, project, { revisions, book, cause, at, onWritten })
      : { headers: 0, corrections: 0 };
  return { outcome: 'settled', ...written, waiting: waits.size };
}

const next = ({ pointId, localDay }: PointDay, accountId: string, head: Head | undefined) => ({
  accountId,
  scopeId: pointId,
  localDay,
  revision: (head?.revision ?? 0) + 1,
  supersedes: head?.id ?? null,
});

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
  { client, db }: { client: pg.PoolClient; db: Db },
  project: Project,
  {
    revisions,
    book,
    cause,
    at,
    onWritten,
  }: { revisions: Revision[]; book: PriceBook } & Pick<Asked, 'cause' | 'at' | 'onWritten'>,
): Promise<{ headers: number; corrections: number }> {
  const projectId = project.id;
  revisions.sort((a, b) => (a.localDay < b.localDay ? -1 : a.localDay > b.localDay ? 1 : 0));
  const months = monthsOf(revisions);
  await lockMonths(client, { projectId, months });

  const kindOf = (r: Revision) => (r.revision === 1 ? 'settlement' : 'correction');
  const groups = new Map<string, Revision[]>();
  for (const r of revisions) {
    const key = `${r.accountId}/${r.localDay}/${kindOf(r)}`;
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
  const transactions: TransactionOfDay[] = [];
  for (const group of groups.values()) {
    const first = group[0] as Revision; // a group has at least one
    const { accountId, localDay } = first;
    const id = take();
    const accountingDate = accountingDateOf(localDay, closed);
    transactions.push({ id, kind: kindOf(first), accountId, localDay, accountingDate });
    for (const revision of group) claims.push({ revision, id: take(), transactionId: id });
  }
  const lost = await claim(client, { run, claims, transactions });
  const claimed = lost.size === 0 ? claims : claims.filter((c) => !lost.has(c.id));
  deps.failpoint?.('claimed');

  const superseded = await readLines(client, {
    projectId,
    ids: claimed.flatMap((c) => c.revision.supersedes ?? []),
    book,
  });
  await copyCharges(client, { projectId, claims: claimed });
  deps.failpoint?.('copied');

  const tallies = await readTallies(client, { projectId, months, book });
  const exponent = exponentOf(project.currency);
  const postings = new Map<string, Posting>();
  for (const { revision, transactionId } of claimed) {
    let posting = postings.get(transactionId);
    if (!posting) {
      const { accountId } = revision;
      posting = { accountId, wallet: 0n, charged: new Map(), tax: new Map() };
      postings.set(transactionId, posting);
    }
    const before = superseded.get(revision.supersedes ?? '') ?? [];
    bring(revision, { superseded: before, tallies, posting, exponent });
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
  onWritten?.({ claims: claimed, superseded, postings });
  return {
    headers: claimed.length,
    corrections: claimed.filter((c) => c.revision.revision > 1).length,
  };
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

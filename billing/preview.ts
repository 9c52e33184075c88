/**
 * What settling would change, without changing it: the settlement itself, in a transaction that is rolled
 * back. So a preview and what is posted afterwards cannot differ but by what happened in between.
 */
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Clock } from '../sql/clock.ts';
import type { LocalDay } from '../sql/local-day.ts';
import type { Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import * as schema from '../sql/schema/index.ts';
import { lastDueDay, type PointDay } from './due.ts';
import { exactText, PRICE_DIGITS, unscaled } from './exact.ts';
import type { Overlay } from './overlay.ts';
import type { Line } from './rate.ts';
import type { StoredLine } from './revision.ts';
import { type Project, type SettlingDeps, settleWithin, type Written } from './settlement.ts';
import { readLines } from './settlement-store.ts';
import { parseTariff } from './tariff.ts';

export interface PreviewDeps {
  /** As billing's role. */
  pool: pg.Pool;
  source: SettlingDeps['source'];
  clock: Clock;
  /** How long to wait for a settlement that is under way; ten seconds unless said otherwise. */
  lockTimeoutMs?: number;
}

/** A version that is tried out: as if it had been made before. */
export interface TriedVersion {
  tariffId: string;
  effectiveFrom: LocalDay;
  definition: unknown;
}

export interface PreviewedLine {
  component: string;
  name: string;
  tariffVersionId: string;
  /** Rank, or 0 where the component knows no period. */
  period: number;
  step: number;
  /** Base units. */
  quantity: bigint;
  /** Decimal, per 1,000 base units. */
  price: string;
  /** Decimal, major units, not rounded. */
  exact: string;
}

/** A point's day of an account that would be settled, or settled anew. */
export interface PreviewedDay {
  accountId: string;
  /** The point, or the account itself for what belongs to no point. */
  scopeId: string;
  localDay: LocalDay;
  /** True when the day is not settled yet: nothing stands before it. */
  isNew: boolean;
  before: PreviewedLine[];
  after: PreviewedLine[];
}

export interface Preview {
  days: PreviewedDay[];
  /** What each account would be charged more (above zero) or less, minor units, with tax. */
  accounts: { accountId: string; differenceMinor: bigint; taxMinor: bigint }[];
  /** Point-days that could not be settled even so. */
  waiting: number;
}

/** Point-days of one preview, at most: all of them are held in one transaction. */
export const PREVIEW_POINT_DAYS_MAX = 10_000;
const LOCK_TIMEOUT_MS = 10_000;
const WAL_DEADLINE_MS = 10_000;

/**
 * What settling these point-days would change now: with `overlay` (point/start ms → base units) instead of
 * the intervals that are stored, and as if `versions` had been made and `act` been done. Days that are not over are left out.
 * Throws Problem `range-too-long`, `invalid-tariff`, `conflict` (a version begins on that day), and
 * `settlement-busy` when a settlement holds the project too long.
 */
export async function previewDays(
  { pool, source, clock, lockTimeoutMs = LOCK_TIMEOUT_MS }: PreviewDeps,
  project: Project,
  {
    pointDays = [],
    overlay,
    versions = [],
    act,
  }: {
    pointDays?: readonly PointDay[];
    overlay?: Overlay;
    versions?: readonly TriedVersion[];
    /** Done first, in the transaction that is rolled back; returns the point-days that it may change. */
    act?: (tx: Tx) => Promise<readonly PointDay[]>;
  },
): Promise<Preview> {
  assertFew(pointDays);
  const now = clock();
  const lastDay = lastDueDay(project.zone, now.getTime(), 0);
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    await hold(client, { projectId: project.id, lockTimeoutMs });
    for (const version of versions) await tryVersion(client, project.id, version);
    const db = drizzle(client, { schema });
    // It begins no transaction of its own: the one it is in was begun above.
    const acted = (await act?.(db as unknown as Tx)) ?? [];
    assertFew(acted);
    const over = [...pointDays, ...acted].filter((d) => d.localDay <= lastDay);
    let written: Written | undefined;
    const { waiting } = await settleWithin(
      { source, walDeadlineMs: WAL_DEADLINE_MS },
      { client, db },
      project,
      {
        pointDays: over,
        cause: 'manual',
        at: now,
        lastDay,
        overlay,
        onWritten: (told) => {
          written = told;
        },
      },
    );
    return { ...(await rendered(client, project, written)), waiting };
  } finally {
    await client.query('ROLLBACK').catch((cause: Error) => {
      broken = cause;
    });
    client.release(broken);
  }
}

function assertFew(pointDays: readonly PointDay[]): void {
  if (pointDays.length <= PREVIEW_POINT_DAYS_MAX) return;
  const detail = `A preview takes ${PREVIEW_POINT_DAYS_MAX} days of points at most.`;
  throw new Problem('range-too-long', detail);
}

async function hold(
  client: pg.PoolClient,
  { projectId, lockTimeoutMs }: { projectId: string; lockTimeoutMs: number },
): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = ${Math.trunc(lockTimeoutMs)}`);
  try {
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `wattledger.settle/${projectId}`,
    ]);
  } catch (cause) {
    if ((cause as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw cause;
    throw new Problem('settlement-busy', 'Days are being settled just now.', { cause });
  }
  await client.query('SET LOCAL lock_timeout = 0');
}

const LOCK_NOT_AVAILABLE = '55P03';

async function tryVersion(
  client: pg.PoolClient,
  projectId: string,
  { tariffId, effectiveFrom, definition }: TriedVersion,
): Promise<void> {
  await client
    .query(
      `INSERT INTO tariff_versions (project_id, tariff_id, version, effective_from, definition,
         created_by)
       SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, 'preview'
       FROM tariff_versions WHERE project_id = $1 AND tariff_id = $2`,
      [projectId, tariffId, effectiveFrom, JSON.stringify(parseTariff(definition))],
    )
    .catch((cause: { constraint?: string }) => {
      if (!cause.constraint?.includes('effective')) throw cause;
      throw new Problem('conflict', `A version begins on ${effectiveFrom} already.`, { cause });
    });
}

async function rendered(
  client: pg.PoolClient,
  { id: projectId }: Project,
  written: Written | undefined,
): Promise<Omit<Preview, 'waiting'>> {
  if (!written) return { days: [], accounts: [] };
  const { claims, book, postings } = written;
  const ids = claims.flatMap(({ revision }) => revision.supersedes ?? []);
  const superseded = await readLines(client, { projectId, ids, book });
  const days = claims.map(({ revision }) => ({
    accountId: revision.accountId,
    scopeId: revision.scopeId,
    localDay: revision.localDay,
    isNew: revision.revision === 1,
    before: (superseded.get(revision.supersedes ?? '') ?? []).map(lineOf),
    after: revision.lines.map(lineOf),
  }));
  const accounts = new Map<string, Preview['accounts'][number]>();
  for (const { accountId, wallet, tax } of postings.values()) {
    const sum = accounts.get(accountId) ?? { accountId, differenceMinor: 0n, taxMinor: 0n };
    accounts.set(accountId, sum);
    sum.differenceMinor += wallet;
    for (const amount of tax.values()) sum.taxMinor += amount;
  }
  return { days, accounts: [...accounts.values()] };
}

function lineOf({ priced, period, step, quantity, price, exact }: Line | StoredLine) {
  return {
    component: priced.component,
    name: priced.name,
    tariffVersionId: priced.tariffVersionId,
    period,
    step,
    quantity,
    price: typeof price === 'string' ? price : unscaled(price, PRICE_DIGITS),
    exact: exactText(exact),
  };
}

/** What settlement reads and writes in Postgres, set-based, within the one transaction of a chunk. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { LocalDay } from '../sql/local-day.ts';
import type { PointDay } from './due.ts';
import { exactOf, exactText, unscaled } from './exact.ts';
import type { Dated, Tenancy } from './parts.ts';
import type { Commodity, PriceBook } from './price-book.ts';
import type { Head, PostedKey, Revision, StoredLine } from './revision.ts';
import { textOf } from './revision.ts';
import type { Posted } from './rounding.ts';
import { PRICE_DIGITS } from './tariff.ts';

/** A revision with the ids it will be stored under. */
export interface Claim {
  revision: Revision;
  id: string;
  transactionId: string;
}

/** Takes the project for this transaction; false when another settlement has it. */
export async function takeProject(client: pg.ClientBase, projectId: string): Promise<boolean> {
  const { rows } = await client.query<{ free: boolean }>(
    'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS free',
    [`wattledger.settle/${projectId}`],
  );
  return rows[0]?.free === true;
}

export interface Holdings {
  tenancies: Map<string, Tenancy[]>;
  installations: Map<string, Dated[]>;
  commodities: Map<string, Commodity>;
}

/** Tenancies, installations and commodity of points. */
export async function readHoldings(
  client: pg.ClientBase,
  { projectId, points }: { projectId: string; points: readonly string[] },
): Promise<Holdings> {
  const tenancies = new Map<string, Tenancy[]>();
  const installations = new Map<string, Dated[]>();
  const dated = (row: { valid_from: Date; valid_to: Date | null }): Dated => ({
    fromMs: row.valid_from.getTime(),
    toMs: row.valid_to?.getTime() ?? null,
  });
  const held = await client.query<{
    point_id: string;
    account_id: string;
    valid_from: Date;
    valid_to: Date | null;
  }>(
    `SELECT point_id, account_id, valid_from, valid_to FROM tenancies
     WHERE project_id = $1 AND point_id = ANY($2::bigint[]) ORDER BY valid_from`,
    [projectId, points],
  );
  for (const row of held.rows) {
    append(tenancies, row.point_id, { accountId: row.account_id, ...dated(row) });
  }
  const installed = await client.query<{
    point_id: string;
    valid_from: Date;
    valid_to: Date | null;
  }>(
    `SELECT point_id, valid_from, valid_to FROM installations
     WHERE project_id = $1 AND point_id = ANY($2::bigint[])`,
    [projectId, points],
  );
  for (const row of installed.rows) append(installations, row.point_id, dated(row));
  const kinds = await client.query<{ id: string; commodity: Commodity }>(
    'SELECT id, commodity FROM points WHERE project_id = $1 AND id = ANY($2::bigint[])',
    [projectId, points],
  );
  return {
    tenancies,
    installations,
    commodities: new Map(kinds.rows.map((row) => [row.id, row.commodity])),
  };
}

function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** The headers in force of point-days, by point and day. */
export async function readHeads(
  client: pg.ClientBase,
  { projectId, pointDays }: { projectId: string; pointDays: readonly PointDay[] },
): Promise<Map<string, Head[]>> {
  const { rows } = await client.query<{
    id: string;
    account_id: string;
    scope_id: string;
    local_day: string;
    revision: number;
    inputs_digest: string;
  }>(
    `SELECT DISTINCT ON (s.scope_id, s.local_day, s.account_id)
       s.id, s.account_id, s.scope_id, s.local_day::text, s.revision, s.inputs_digest
     FROM unnest($2::bigint[], $3::date[]) AS w (scope_id, local_day)
     JOIN settlements s ON s.project_id = $1 AND s.scope_id = w.scope_id AND s.local_day = w.local_day
     ORDER BY s.scope_id, s.local_day, s.account_id, s.revision DESC`,
    [projectId, pointDays.map((d) => d.pointId), pointDays.map((d) => d.localDay)],
  );
  const heads = new Map<string, Head[]>();
  for (const row of rows) {
    append(heads, `${row.scope_id}/${row.local_day}`, {
      id: row.id,
      accountId: row.account_id,
      scopeId: row.scope_id,
      localDay: row.local_day,
      revision: row.revision,
      inputsDigest: row.inputs_digest,
    });
  }
  return heads;
}

/** The lines of headers that are about to be superseded. */
export async function readLines(
  client: pg.ClientBase,
  { projectId, ids, book }: { projectId: string; ids: readonly string[]; book: PriceBook },
): Promise<Map<string, StoredLine[]>> {
  const lines = new Map<string, StoredLine[]>();
  if (ids.length === 0) return lines;
  const { rows } = await client.query<{
    settlement_id: string;
    component: string;
    tariff_version_id: string;
    period: number;
    step: number;
    exact: string;
  }>(
    `SELECT settlement_id, component, tariff_version_id, period, step, exact::text FROM charges
     WHERE project_id = $1 AND settlement_id = ANY($2::bigint[])
     ORDER BY settlement_id, component, tariff_version_id, period, step`,
    [projectId, ids],
  );
  for (const row of rows) {
    append(lines, row.settlement_id, {
      priced: book.component(row.tariff_version_id, row.component),
      period: row.period,
      step: row.step,
      exact: exactOf(row.exact),
    });
  }
  return lines;
}

/** `count` fresh ids. */
export async function freshIds(client: pg.ClientBase, count: number): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    "SELECT nextval('ids') AS id FROM generate_series(1, $1::int)",
    [count],
  );
  return rows.map((row) => row.id);
}

/** Locks the months of the accounts, in one order for all who do. */
export async function lockMonths(
  client: pg.ClientBase,
  {
    projectId,
    months,
  }: { projectId: string; months: readonly { accountId: string; month: LocalDay }[] },
): Promise<void> {
  const parameters = [projectId, months.map((m) => m.accountId), months.map((m) => m.month)];
  await client.query(
    `INSERT INTO account_months (project_id, account_id, month)
     SELECT $1, account_id, month FROM unnest($2::bigint[], $3::date[]) AS t (account_id, month)
     ORDER BY account_id, month ON CONFLICT DO NOTHING`,
    parameters,
  );
  await client.query(
    `SELECT 1 FROM account_months m
     JOIN unnest($2::bigint[], $3::date[]) AS t (account_id, month) USING (account_id, month)
     WHERE m.project_id = $1 ORDER BY m.account_id, m.month FOR UPDATE OF m`,
    parameters,
  );
}

export interface Run {
  projectId: string;
  id: string;
  cause: 'due' | 'dirty' | 'manual';
  at: Date;
}

/**
 * Inserts the headers; the unique key decides. Returns the ids of those that are ours; their
 * transactions and the run are inserted in the same statement, so a loser leaves nothing behind.
 */
export async function claim(
  client: pg.ClientBase,
  {
    run,
    claims,
    heads,
  }: {
    run: Run;
    claims: readonly Claim[];
    /** Per transaction: kind and accounting date. */
    heads: ReadonlyMap<string, { kind: 'settlement' | 'correction'; accountingDate: LocalDay }>;
  },
): Promise<Set<string>> {
  const column = <Value>(pick: (r: Revision, c: Claim) => Value) =>
    claims.map((c) => pick(c.revision, c));
  const { rows } = await client.query<{ id: string }>(
    `WITH known AS (
       SELECT coalesce(max(position), 0) AS position FROM seals WHERE project_id = $1),
     claimed AS (
       INSERT INTO settlements (project_id, run_id, position, id, account_id, scope_id, local_day,
         revision, inputs_digest, intervals_known_at, quantity, slots, estimated_slots,
         missing_slots, supersedes, transaction_id, created_at)
       SELECT $1, $2, known.position, t.id, t.account_id, t.scope_id, t.local_day, t.revision,
         t.digest, to_timestamp(t.known_ms / 1000.0), t.quantity, t.slots, t.estimated, t.missing,
         t.supersedes, t.transaction_id, $16
       FROM known, unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::date[], $7::int[], $8::text[],
         $9::float8[], $10::bigint[], $11::smallint[], $12::smallint[], $13::smallint[],
         $14::bigint[], $15::bigint[])
         AS t (id, account_id, scope_id, local_day, revision, digest, known_ms, quantity, slots,
           estimated, missing, supersedes, transaction_id)
       ON CONFLICT DO NOTHING
       RETURNING id, account_id, local_day, transaction_id),
     begun AS (
       INSERT INTO settlement_runs (project_id, id, cause, started_at)
       SELECT $1, $2, $20, $16 WHERE EXISTS (SELECT FROM claimed)),
     posted AS (
       INSERT INTO transactions (project_id, id, kind, account_id, accounting_date, posted_at, cause)
       SELECT DISTINCT $1::bigint, c.transaction_id, h.kind, c.account_id, h.accounting_date,
         $16::timestamptz, jsonb_build_object('run', $2::bigint::text, 'localDay', c.local_day)
       FROM claimed c JOIN unnest($17::bigint[], $18::text[], $19::date[])
         AS h (transaction_id, kind, accounting_date) USING (transaction_id))
     SELECT id FROM claimed`,
    [
      run.projectId,
      run.id,
      column((_, c) => c.id),
      column((r) => r.accountId),
      column((r) => r.scopeId),
      column((r) => r.localDay),
      column((r) => r.revision),
      column((r) => r.inputsDigest),
      column((r) => r.intervalsKnownMs),
      column((r) => r.quantity.toString()),
      column((r) => r.slots),
      column((r) => r.estimatedSlots),
      column((r) => r.missingSlots),
      column((r) => r.supersedes),
      column((_, c) => c.transactionId),
      run.at,
      [...heads.keys()],
      [...heads.values()].map((h) => h.kind),
      [...heads.values()].map((h) => h.accountingDate),
      run.cause,
    ],
  );
  return new Set(rows.map((row) => row.id));
}

/** Copies the lines of claimed headers. */
export async function copyCharges(
  client: pg.ClientBase,
  { projectId, claims }: { projectId: string; claims: readonly Claim[] },
): Promise<void> {
  function* rows() {
    for (const { id, revision } of claims) {
      for (const { priced, period, step, quantity, price, exact, taxExact } of revision.lines) {
        const values = [
          projectId,
          id,
          priced.component,
          priced.tariffVersionId,
          period,
          step,
          quantity,
          unscaled(price, PRICE_DIGITS),
          exactText(exact),
          priced.taxCode.replace(/[\\\t\n\r]/g, ' '),
          priced.taxRate,
          exactText(taxExact),
          priced.treatment,
        ];
        yield `${values.join('\t')}\n`;
      }
    }
  }
  await pipeline(
    Readable.from(batched(rows())),
    client.query(
      copyFrom(`COPY charges (project_id, settlement_id, component, tariff_version_id, period, step,
        quantity, price, exact, tax_code, tax_rate, tax_exact, treatment) FROM STDIN`),
    ),
  );
}

/** Rows joined to pieces of some kilobytes: a stream's step costs more than a row. */
function* batched(rows: Iterable<string>): Generator<string> {
  let text = '';
  for (const row of rows) {
    text += row;
    if (text.length < 65_536) continue;
    yield text;
    text = '';
  }
  if (text) yield text;
}

/** What is exact and posted so far in months of accounts. */
export async function readTotals(
  client: pg.ClientBase,
  {
    projectId,
    months,
  }: { projectId: string; months: readonly { accountId: string; month: LocalDay }[] },
): Promise<Map<string, Posted>> {
  const { rows } = await client.query<{
    account_id: string;
    month: string;
    scope_id: string;
    component: string;
    tariff_version_id: string;
    period: number;
    step: number;
    exact: string;
    posted_minor: string;
    tax_minor: string;
  }>(
    `SELECT p.account_id, p.month::text, p.scope_id, p.component, p.tariff_version_id, p.period,
       p.step, p.exact::text, p.posted_minor, p.tax_minor
     FROM unnest($2::bigint[], $3::date[]) AS m (account_id, month)
     JOIN posted_totals p ON p.project_id = $1 AND p.account_id = m.account_id AND p.month = m.month`,
    [projectId, months.map((m) => m.accountId), months.map((m) => m.month)],
  );
  return new Map(
    rows.map((row) => [
      textOf({
        accountId: row.account_id,
        month: row.month,
        scopeId: row.scope_id,
        component: row.component,
        tariffVersionId: row.tariff_version_id,
        period: row.period,
        step: row.step,
      }),
      {
        exact: exactOf(row.exact),
        postedMinor: BigInt(row.posted_minor),
        taxMinor: BigInt(row.tax_minor),
      },
    ]),
  );
}

/** Stores the totals of touched keys. */
export async function writeTotals(
  client: pg.ClientBase,
  {
    projectId,
    touched,
    totals,
    taxOf,
  }: {
    projectId: string;
    touched: ReadonlyMap<string, PostedKey>;
    totals: ReadonlyMap<string, Posted>;
    taxOf: (key: PostedKey, exact: bigint) => bigint;
  },
): Promise<void> {
  const keys = [...touched.values()];
  const states = [...touched].map(([text]) => totals.get(text) as Posted); // touched ⊂ totals
  await client.query(
    `INSERT INTO posted_totals (project_id, account_id, month, scope_id, component,
       tariff_version_id, period, step, exact, tax_exact, posted_minor, tax_minor)
     SELECT $1, t.* FROM unnest($2::bigint[], $3::date[], $4::bigint[], $5::text[], $6::bigint[],
       $7::smallint[], $8::smallint[], $9::numeric[], $10::numeric[], $11::bigint[],
       $12::bigint[]) AS t
     ON CONFLICT (project_id, account_id, month, scope_id, component, tariff_version_id, period, step)
     DO UPDATE SET exact = excluded.exact, tax_exact = excluded.tax_exact,
       posted_minor = excluded.posted_minor, tax_minor = excluded.tax_minor`,
    [
      projectId,
      keys.map((k) => k.accountId),
      keys.map((k) => k.month),
      keys.map((k) => k.scopeId),
      keys.map((k) => k.component),
      keys.map((k) => k.tariffVersionId),
      keys.map((k) => k.period),
      keys.map((k) => k.step),
      states.map((s) => exactText(s.exact)),
      states.map((s, i) => exactText(taxOf(keys[i] as PostedKey, s.exact))), // same length
      states.map((s) => s.postedMinor.toString()),
      states.map((s) => s.taxMinor.toString()),
    ],
  );
}

/** Makes the waits of point-days equal to `waits`: others of these point-days are over. */
export async function writeWaits(
  client: pg.ClientBase,
  {
    projectId,
    pointDays,
    waits,
    at,
  }: {
    projectId: string;
    pointDays: readonly PointDay[];
    waits: ReadonlyMap<string, PointDay & { reason: string }>;
    at: Date;
  },
): Promise<void> {
  const over = pointDays.filter((d) => !waits.has(`${d.pointId}/${d.localDay}`));
  await client.query(
    `DELETE FROM settlement_waits w USING unnest($2::bigint[], $3::date[]) AS t (scope_id, local_day)
     WHERE w.project_id = $1 AND w.scope_id = t.scope_id AND w.local_day = t.local_day`,
    [projectId, over.map((d) => d.pointId), over.map((d) => d.localDay)],
  );
  const rows = [...waits.values()];
  await client.query(
    `INSERT INTO settlement_waits (project_id, scope_id, local_day, reason, since)
     SELECT $1, t.scope_id, t.local_day, t.reason, $5
     FROM unnest($2::bigint[], $3::date[], $4::text[]) AS t (scope_id, local_day, reason)
     ON CONFLICT (project_id, scope_id, local_day) DO UPDATE SET reason = excluded.reason
     WHERE settlement_waits.reason <> excluded.reason`,
    [
      projectId,
      rows.map((d) => d.pointId),
      rows.map((d) => d.localDay),
      rows.map((d) => d.reason),
      at,
    ],
  );
}

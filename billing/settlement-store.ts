/** What settlement reads and writes in Postgres, set-based, within the one transaction of a chunk. */
import type pg from 'pg';
import { type LocalDay, monthOf } from '../sql/local-day.ts';
import { currentTrace } from '../sql/trace.ts';
import type { Priced } from './components.ts';
import { arrayOfTexts, arrayText, copyLines, copyText } from './copy.ts';
import type { PointDay } from './due.ts';
import { exactOf, exactText, PRICE_DIGITS, unscaled } from './exact.ts';
import { append } from './holdings.ts';
import type { Entry } from './ledger.ts';
import type { PriceBook } from './price-book.ts';
import {
  type Carried,
  type Due,
  type Head,
  type Revision,
  type StoredLine,
  type Tallies,
  type Tally,
  tallyName,
} from './revision.ts';
import { taxExact } from './rounding.ts';

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

export async function countPoints(client: pg.ClientBase, projectId: string): Promise<number> {
  const text = 'SELECT count(*)::int AS count FROM points WHERE project_id = $1';
  return (await client.query<{ count: number }>(text, [projectId])).rows[0]?.count ?? 0;
}

/** A header as it is read, and its columns. */
export interface HeadRow extends Record<string, unknown> {
  id: string;
  account_id: string;
  scope_id: string;
  local_day: LocalDay;
  revision: number;
  inputs_digest: string;
  quantity: string;
  step_quantity_before: string;
  step_quantity: string;
  month_quantity_before: string;
  demand_before: string;
  demand: string;
}
export const HEAD_COLUMNS = `s.id, s.account_id, s.scope_id, s.local_day::text, s.revision,
  s.inputs_digest, s.quantity, s.step_quantity_before, s.step_quantity, s.month_quantity_before,
  s.demand_before, s.demand`;

export const headOf = (row: HeadRow): Head => ({
  id: row.id,
  accountId: row.account_id,
  scopeId: row.scope_id,
  localDay: row.local_day,
  revision: row.revision,
  inputsDigest: row.inputs_digest,
  quantity: BigInt(row.quantity),
  stepQuantityBefore: BigInt(row.step_quantity_before),
  stepQuantity: BigInt(row.step_quantity),
  monthQuantityBefore: BigInt(row.month_quantity_before),
  demandBefore: BigInt(row.demand_before),
  demand: BigInt(row.demand),
});

/** The headers in force of point-days, by point and day. */
export async function readHeads(
  client: pg.ClientBase,
  { projectId, pointDays }: { projectId: string; pointDays: readonly PointDay[] },
): Promise<Map<string, Head[]>> {
  const { rows } = await client.query<HeadCells>({
    text: `SELECT DISTINCT ON (s.scope_id, s.local_day, s.account_id) ${HEAD_COLUMNS}
     FROM unnest($2::bigint[], $3::date[]) AS w (scope_id, local_day)
     JOIN settlements s ON s.project_id = $1 AND s.scope_id = w.scope_id AND s.local_day = w.local_day
     ORDER BY s.scope_id, s.local_day, s.account_id, s.revision DESC`,
    values: [
      projectId,
      arrayText(pointDays.map((d) => d.pointId)),
      arrayText(pointDays.map((d) => d.localDay)),
    ],
    rowMode: 'array',
  });
  const heads = new Map<string, Head[]>();
  for (const row of rows) {
    const [id, accountId, scopeId, localDay, revision, inputsDigest, ...sums] = row;
    append(heads, `${scopeId}/${localDay}`, {
      ...{ id, accountId, scopeId, localDay, revision, inputsDigest },
      quantity: integerOf(sums[0]),
      stepQuantityBefore: integerOf(sums[1]),
      stepQuantity: integerOf(sums[2]),
      monthQuantityBefore: integerOf(sums[3]),
      demandBefore: integerOf(sums[4]),
      demand: integerOf(sums[5]),
    });
  }
  return heads;
}

/** A row of HEAD_COLUMNS. */
type HeadCells = [
  ...[id: string, accountId: string, scopeId: string, localDay: LocalDay, revision: number],
  ...[inputsDigest: string, quantity: string, stepBefore: string, step: string],
  ...[monthBefore: string, demandBefore: string, demand: string],
];

/** Most headers carry nothing. */
const integerOf = (text: string): bigint => (text === '0' ? 0n : BigInt(text));

/**
 * What headers that are about to be superseded have charged, summed by key: by `tallyName`. The headers are
 * given by the revisions that follow them.
 */
export async function readSuperseded(
  client: pg.ClientBase,
  {
    projectId,
    revisions,
    book,
  }: { projectId: string; revisions: readonly Revision[]; book: PriceBook },
): Promise<Map<string, Due[]>> {
  const ids: string[] = [];
  const places: number[] = [];
  const names = new Map<string, number>();
  for (const { supersedes, accountId, localDay, scopeId } of revisions) {
    if (supersedes === null) continue;
    const name = tallyName({ accountId, month: monthOf(localDay), scopeId });
    const place = names.get(name) ?? names.size;
    names.set(name, place);
    ids.push(supersedes);
    places.push(place);
  }
  const superseded = new Map<string, Due[]>();
  if (ids.length === 0) return superseded;
  const { rows } = await client.query<[number, string, string, number, number, string]>({
    text: `SELECT w.place, c.component, c.tariff_version_id, c.period, c.step, sum(c.exact)::text
     FROM unnest($2::bigint[], $3::int[]) AS w (id, place)
     JOIN charges c ON c.project_id = $1 AND c.settlement_id = w.id
     GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`,
    values: [projectId, arrayText(ids), arrayText(places)],
    rowMode: 'array',
  });
  const byPlace = [...names.keys()];
  for (const [place, component, version, period, step, exact] of rows) {
    append(superseded, byPlace[place] ?? '', {
      ...{ priced: book.component(version, component), period, step, exact: exactOf(exact) },
    });
  }
  return superseded;
}

/** The lines of headers, by header. */
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
    quantity: string;
    price: string;
    exact: string;
  }>(
    `SELECT settlement_id, component, tariff_version_id, period, step, quantity::text, price::text,
       exact::text FROM charges
     WHERE project_id = $1 AND settlement_id = ANY($2::bigint[])
     ORDER BY settlement_id, component, tariff_version_id, period, step`,
    [projectId, arrayText(ids)],
  );
  for (const row of rows) {
    append(lines, row.settlement_id, {
      priced: book.component(row.tariff_version_id, row.component),
      period: row.period,
      step: row.step,
      quantity: BigInt(row.quantity),
      price: row.price,
      exact: exactOf(row.exact),
    });
  }
  return lines;
}

/** `count` fresh ids. */
export async function freshIds(client: pg.ClientBase, count: number): Promise<string[]> {
  const { rows } = await client.query<{ ids: string }>(
    "SELECT string_agg(nextval('ids')::text, ',') AS ids FROM generate_series(1, $1::int)",
    [count],
  );
  return rows[0]?.ids.split(',') ?? [];
}

/** Locks the months of the accounts, in one order for all who do. */
export async function lockMonths(
  client: pg.ClientBase,
  {
    projectId,
    months,
  }: { projectId: string; months: readonly { accountId: string; month: LocalDay }[] },
): Promise<void> {
  const parameters = [
    projectId,
    arrayText(months.map((m) => m.accountId)),
    arrayText(months.map((m) => m.month)),
  ];
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

/** A settlement is of one account and day, a correction of one account and run. */
export interface TransactionOfRun {
  id: string;
  kind: 'settlement' | 'correction';
  accountId: string;
  accountingDate: LocalDay;
  cause: Record<string, unknown>;
}

/**
 * Inserts the headers; the unique key decides. Returns the ids of those that another run has claimed
 * before; transactions and the run are inserted in the same statement, so a loser leaves nothing behind.
 */
export async function claim(
  client: pg.ClientBase,
  {
    run,
    claims,
    transactions,
  }: { run: Run; claims: readonly Claim[]; transactions: readonly TransactionOfRun[] },
): Promise<Set<string>> {
  const column = (pick: (r: Revision, c: Claim) => string | number | null) =>
    arrayText(claims.map((c) => pick(c.revision, c)));
  // Most days carry nothing: then these columns come without a value, and are 0.
  const carries = claims.some((c) => c.revision.carried !== null);
  const carried = (pick: (c: Carried) => number) =>
    carries ? column((r) => (r.carried === null ? 0 : pick(r.carried))) : '{}';
  const { rows } = await client.query<{ id: string }>(
    `WITH known AS (
       SELECT coalesce(max(position), 0) AS position FROM seals WHERE project_id = $1),
     claimed AS (
       INSERT INTO settlements (project_id, run_id, position, id, account_id, scope_id, local_day,
         revision, inputs_digest, intervals_known_at, quantity, slots, estimated_slots,
         missing_slots, supersedes, transaction_id, created_at, step_quantity_before, step_quantity,
         month_quantity_before, demand_before, demand)
       SELECT $1, $2, known.position, t.id, t.account_id, t.scope_id, t.local_day, t.revision,
         t.digest, to_timestamp(t.known_ms / 1000.0), t.quantity, t.slots, t.estimated, t.missing,
         t.supersedes, t.transaction_id, $16, coalesce(t.step_before, 0), coalesce(t.step, 0),
         coalesce(t.month_before, 0), coalesce(t.demand_before, 0), coalesce(t.demand, 0)
       FROM known, unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::date[], $7::int[], $8::text[],
         $9::float8[], $10::bigint[], $11::smallint[], $12::smallint[], $13::smallint[],
         $14::bigint[], $15::bigint[], $24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[],
         $28::bigint[])
         AS t (id, account_id, scope_id, local_day, revision, digest, known_ms, quantity, slots,
           estimated, missing, supersedes, transaction_id, step_before, step, month_before,
           demand_before, demand)
       ON CONFLICT DO NOTHING
       RETURNING id, transaction_id),
     begun AS (
       INSERT INTO settlement_runs (project_id, id, cause, started_at, trace_id)
       SELECT $1, $2, $22, $16, $23 WHERE EXISTS (SELECT FROM claimed)),
     posted AS (
       INSERT INTO transactions (project_id, id, kind, account_id, accounting_date, posted_at, cause)
       SELECT $1::bigint, h.id, h.kind, h.account_id, h.accounting_date, $16::timestamptz,
         h.cause || jsonb_build_object('run', $2::bigint::text)
       FROM unnest($17::bigint[], $18::text[], $19::bigint[], $20::date[], $21::jsonb[])
         AS h (id, kind, account_id, accounting_date, cause)
       WHERE h.id IN (SELECT transaction_id FROM claimed))
     SELECT w.id FROM unnest($3::bigint[]) AS w (id)
     WHERE NOT EXISTS (SELECT FROM claimed c WHERE c.id = w.id)`,
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
      arrayText(transactions.map((t) => t.id)),
      arrayText(transactions.map((t) => t.kind)),
      arrayText(transactions.map((t) => t.accountId)),
      arrayText(transactions.map((t) => t.accountingDate)),
      arrayOfTexts(transactions.map((t) => JSON.stringify(t.cause))),
      run.cause,
      currentTrace() ?? null,
      carried((c) => c.stepQuantityBefore),
      carried((c) => c.stepQuantity),
      carried((c) => c.monthQuantityBefore),
      carried((c) => c.demandBefore),
      carried((c) => c.demand),
    ],
  );
  return new Set(rows.map((row) => row.id));
}

/** Remembers what a function has said of each value; for few values. */
export function remembered<Of, Text>(say: (of: Of) => Text): (of: Of) => Text {
  const known = new Map<Of, Text>();
  return (of) => {
    const before = known.get(of);
    if (before !== undefined) return before;
    const text = say(of);
    known.set(of, text);
    return text;
  };
}

/** Copies the lines of claimed headers. */
export async function copyCharges(
  client: pg.ClientBase,
  { projectId, claims }: { projectId: string; claims: readonly Claim[] },
): Promise<void> {
  // Most parks charge usage of electricity alone, which is what a charge is unless it says otherwise.
  const told = claims.some(({ revision }) =>
    revision.lines.some(({ priced }) => priced.kind !== 'usage' || priced.unit !== 'wh'),
  );
  // Many lines have few prices: what they share is put into words once.
  const named = remembered((p: Priced) => `${copyText(p.component)}\t${p.tariffVersionId}`);
  const taxed = remembered((p: Priced) => `${copyText(p.taxCode)}\t${p.taxRate}`);
  const treated = remembered((p: Priced) =>
    told ? `${p.treatment}\t${p.kind}\t${p.unit}` : p.treatment,
  );
  const priceText = remembered((price: bigint) => unscaled(price, PRICE_DIGITS));
  function* lines() {
    for (const { id, revision } of claims) {
      const head = `${projectId}\t${id}`;
      for (const { priced, period, step, quantity, price, exact, taxExact } of revision.lines) {
        yield `${head}\t${named(priced)}\t${period}\t${step}\t${quantity}\t${priceText(price)}\t${exactText(
          exact,
        )}\t${taxed(priced)}\t${exactText(taxExact)}\t${treated(priced)}`;
      }
    }
  }
  const into = `charges (project_id, settlement_id, component, tariff_version_id, period, step,
    quantity, price, exact, tax_code, tax_rate, tax_exact, treatment${told ? ', kind, unit' : ''})`;
  await copyLines(client, { into, lines: lines() });
}

/** Copies entries, all in one statement, as the ledger wants the legs of a transaction. */
export async function copyEntries(
  client: pg.ClientBase,
  {
    projectId,
    currency,
    entries,
  }: { projectId: string; currency: string; entries: readonly Entry[] },
): Promise<void> {
  function* lines() {
    for (const { transactionId, leg, ledgerAccountId, amountMinor } of entries) {
      yield `${projectId}\t${transactionId}\t${leg}\t${ledgerAccountId}\t${amountMinor}\t${currency}`;
    }
  }
  if (entries.length === 0) return;
  const into = 'entries (project_id, transaction_id, leg, ledger_account_id, amount, currency)';
  await copyLines(client, { into, lines: lines() });
}

/** What is exact and posted so far in months of accounts, which are locked. */
export async function readTallies(
  client: pg.ClientBase,
  {
    projectId,
    months,
    book,
  }: {
    projectId: string;
    months: readonly { accountId: string; month: LocalDay }[];
    book: PriceBook;
  },
): Promise<Tallies> {
  const { rows } = await client.query<
    [string, string, string, string, string, number, number, string, string, string]
  >({
    text: `SELECT p.account_id, p.month::text, p.scope_id, p.component, p.tariff_version_id, p.period,
         p.step, p.exact::text, p.posted_minor, p.tax_minor
       FROM unnest($2::bigint[], $3::date[]) AS m (account_id, month)
       JOIN posted_totals p ON p.project_id = $1 AND p.account_id = m.account_id AND p.month = m.month`,
    values: [
      projectId,
      arrayText(months.map((m) => m.accountId)),
      arrayText(months.map((m) => m.month)),
    ],
    rowMode: 'array',
  });
  const tallies: Tallies = new Map();
  for (const row of rows) {
    const [accountId, month, scopeId, component, tariffVersionId, period, step] = row;
    const key = { accountId, month, scopeId, component, tariffVersionId, period, step };
    append(tallies, tallyName(key), {
      key,
      priced: book.component(tariffVersionId, component),
      state: { exact: exactOf(row[7]), postedMinor: BigInt(row[8]), taxMinor: BigInt(row[9]) },
      added: 0n,
      isOpen: false,
      isNew: false,
      touched: false,
    });
  }
  return tallies;
}

/** Stores the tallies that were touched: new keys are copied, the others set. Their months are locked. */
export async function writeTallies(
  client: pg.ClientBase,
  { projectId, tallies }: { projectId: string; tallies: Tallies },
): Promise<void> {
  const columns = `project_id, account_id, month, scope_id, component, tariff_version_id, period, step,
    exact, tax_exact, posted_minor, tax_minor`;
  const known: Tally[] = [];
  const named = remembered((p: Priced) => `${copyText(p.component)}\t${p.tariffVersionId}`);
  function* fresh() {
    for (const list of tallies.values()) {
      for (const tally of list) {
        if (!tally.touched) continue;
        if (!tally.isNew) {
          known.push(tally);
          continue;
        }
        const { key, priced, state } = tally;
        const { accountId, month, scopeId, period, step } = key;
        yield `${projectId}\t${accountId}\t${month}\t${scopeId}\t${named(priced)}\t${period}\t${step}\t${exactText(
          state.exact,
        )}\t${exactText(taxExact(state.exact, priced))}\t${state.postedMinor}\t${state.taxMinor}`;
      }
    }
  }
  await copyLines(client, { into: `posted_totals (${columns})`, lines: fresh() });
  if (known.length === 0) return;
  const column = (pick: (t: Tally) => string | number | bigint) => arrayText(known.map(pick));
  await client.query(
    `UPDATE posted_totals p SET exact = t.exact, tax_exact = t.tax_exact,
       posted_minor = t.posted_minor, tax_minor = t.tax_minor
     FROM unnest($2::bigint[], $3::date[], $4::bigint[], $5::text[], $6::bigint[], $7::smallint[],
       $8::smallint[], $9::numeric[], $10::numeric[], $11::bigint[], $12::bigint[])
       AS t (account_id, month, scope_id, component, tariff_version_id, period, step, exact, tax_exact,
         posted_minor, tax_minor)
     WHERE p.project_id = $1 AND p.account_id = t.account_id AND p.month = t.month
       AND p.scope_id = t.scope_id AND p.component = t.component
       AND p.tariff_version_id = t.tariff_version_id AND p.period = t.period AND p.step = t.step`,
    [
      projectId,
      column((t) => t.key.accountId),
      column((t) => t.key.month),
      column((t) => t.key.scopeId),
      arrayOfTexts(known.map((t) => t.key.component)),
      column((t) => t.key.tariffVersionId),
      column((t) => t.key.period),
      column((t) => t.key.step),
      column((t) => exactText(t.state.exact)),
      column((t) => exactText(taxExact(t.state.exact, t.priced))),
      column((t) => t.state.postedMinor),
      column((t) => t.state.taxMinor),
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
  // Mostly nothing waits, and to ask that costs less than to name a park's points.
  const known = await client.query('SELECT FROM settlement_waits WHERE project_id = $1 LIMIT 1', [
    projectId,
  ]);
  if (known.rowCount) {
    const over = pointDays.filter((d) => !waits.has(`${d.pointId}/${d.localDay}`));
    await client.query(
      `DELETE FROM settlement_waits w USING unnest($2::bigint[], $3::date[]) AS t (scope_id, local_day)
       WHERE w.project_id = $1 AND w.scope_id = t.scope_id AND w.local_day = t.local_day`,
      [projectId, arrayText(over.map((d) => d.pointId)), arrayText(over.map((d) => d.localDay))],
    );
  }
  const rows = [...waits.values()];
  if (rows.length === 0) return;
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

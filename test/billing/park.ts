/** A small park for billing's tests: a project with points, accounts, tariffs, and intervals at will. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { SettleDeps } from '../../billing/settle.ts';
import { openDuckdb } from '../../sql/duckdb.ts';
import { dayNumber, daySpan, dayStart, type LocalDay, SLOT_MS } from '../../sql/local-day.ts';
import { openPostgres, type Postgres } from '../../sql/postgres.ts';
import { openQuestdb, type Questdb } from '../../sql/questdb.ts';
import { freshDatabase } from '../servers.ts';
import { jiangsu } from './jiangsu.ts';

export interface Park {
  owner: pg.Pool;
  postgres: Postgres;
  questdb: Questdb;
  urls: Record<'owner' | 'ingest' | 'billing' | 'analytics' | 'web', string>;
  questdbUrl: string;
  folder: string;
  project: { id: string; zone: string; currency: string };
  points: string[];
  accounts: string[];
  tariff: string;
  version: string;
  /** The clock of `deps`, to be turned by the test. */
  now: Date;
  deps: SettleDeps;
  /** Writes whole days: Wh per quarter-hour by slot; null leaves one out, 'missing' says so. */
  intervals: (
    point: string,
    day: LocalDay,
    quantityOf: (slot: number) => number | null | 'missing',
    options?: { version?: number; quality?: string; knownAt?: Date },
  ) => Promise<void>;
  /** Turns the clock to some minutes after the end of a local day. */
  after: (day: LocalDay, minutes?: number) => void;
  /** One value of one row, as the owner. */
  value: (statement: string, parameters?: unknown[]) => Promise<string>;
  rows: (statement: string, parameters?: unknown[]) => Promise<Record<string, unknown>[]>;
  close: () => Promise<void>;
}

/** As many points as accounts unless said otherwise; point i is paid for by account i % accounts. */
export async function openPark({
  zone = 'Asia/Shanghai',
  currency = 'CNY',
  points: pointCount = 2,
  accounts: accountCount = pointCount,
  from = '2026-01-01' as LocalDay,
  definition = jiangsu as unknown,
}: {
  zone?: string;
  currency?: string;
  points?: number;
  accounts?: number;
  from?: LocalDay;
  definition?: unknown;
} = {}): Promise<Park> {
  const database = await freshDatabase();
  const owner = new pg.Pool({ connectionString: database.urls.owner, max: 3 });
  // Whoever drops the database may end it first.
  owner.on('error', () => {});
  const postgres = openPostgres({ url: database.urls.billing });
  const questdb = openQuestdb({ url: database.questdbUrl });
  const duckdb = await openDuckdb({ memory: '1GB', threads: 2 });
  const folder = await mkdtemp(join(tmpdir(), 'billing-'));
  const rows: Park['rows'] = async (statement, parameters) =>
    (await owner.query(statement, parameters)).rows;
  const value: Park['value'] = async (statement, parameters) =>
    String(Object.values((await rows(statement, parameters))[0] ?? { '': '' })[0]);
  const group = await value("INSERT INTO groups (name) VALUES ('G') RETURNING id");
  const entity = await value(
    "INSERT INTO legal_entities (group_id, name) VALUES ($1, 'L') RETURNING id",
    [group],
  );
  const project = await value(
    `INSERT INTO projects (group_id, legal_entity_id, name, zone, currency)
     VALUES ($1, $2, 'P', $3, $4) RETURNING id`,
    [group, entity, zone, currency],
  );
  const start = new Date(dayStart(zone, from));
  const points = await column(
    `INSERT INTO points (project_id, code, name, commodity)
     SELECT $1, 'A' || i, 'Unit ' || i, 'electricity' FROM generate_series(1, $2::int) i ORDER BY i
     RETURNING id`,
    [project, pointCount],
  );
  const meters = await column(
    `INSERT INTO meters (project_id, serial, model)
     SELECT $1, 'S' || i, 'DTSY1352-SIM' FROM generate_series(1, $2::int) i ORDER BY i RETURNING id`,
    [project, pointCount],
  );
  await rows(
    `INSERT INTO installations (project_id, point_id, meter_id, valid_from)
     SELECT $1, p, m, $4 FROM unnest($2::bigint[], $3::bigint[]) AS t (p, m)`,
    [project, points, meters, start],
  );
  const accounts = await column(
    `INSERT INTO accounts (project_id, number, name, opened_on)
     SELECT $1, 'N' || i, 'Shop ' || i, $3 FROM generate_series(1, $2::int) i ORDER BY i
     RETURNING id`,
    [project, accountCount, from],
  );
  await rows(
    `INSERT INTO tenancies (project_id, account_id, point_id, valid_from)
     SELECT $1, a, p, $4 FROM unnest($2::bigint[], $3::bigint[]) AS t (a, p)`,
    [project, points.map((_, i) => accounts[i % accountCount]), points, start],
  );
  const tariff = await value(
    "INSERT INTO tariffs (project_id, name, commodity) VALUES ($1, 'T', 'electricity') RETURNING id",
    [project],
  );
  const version = await value(
    `INSERT INTO tariff_versions (project_id, tariff_id, version, effective_from, definition,
       created_by) VALUES ($1, $2, 1, '2000-01-01', $3, 'test') RETURNING id`,
    [project, tariff, JSON.stringify(definition)],
  );
  await rows(
    `INSERT INTO tariff_assignments (project_id, tariff_id, commodity, valid_from)
     VALUES ($1, $2, 'electricity', '2000-01-01')`,
    [project, tariff],
  );

  async function column(statement: string, parameters: unknown[]): Promise<string[]> {
    return (await rows(statement, parameters)).map((row) => String(row.id));
  }

  const park: Park = {
    owner,
    postgres,
    questdb,
    urls: database.urls,
    questdbUrl: database.questdbUrl,
    folder,
    project: { id: project, zone, currency },
    points,
    accounts,
    tariff,
    version,
    now: start,
    deps: {
      postgres,
      source: { questdb, duckdb, folder },
      clock: () => park.now,
      graceMs: 30 * 60_000,
      walDeadlineMs: 30_000,
    },
    intervals: async (point, day, quantityOf, options = {}) => {
      const { version: v = 1, quality = 'measured', knownAt = new Date('2026-01-01') } = options;
      const { startMs, slots } = daySpan(zone, day);
      const lines: string[] = [];
      for (let slot = 0; slot < slots; slot++) {
        const quantity = quantityOf(slot);
        if (quantity === null) continue;
        const [mark, field] =
          quantity === 'missing' ? ['missing', ''] : [quality, `quantity=${quantity}i,`];
        lines.push(
          `intervals,project=${project},point=${point},quality=${mark} local_day=${dayNumber(day)}i,local_slot=${slot}i,${field}version=${v}i,known_at=${knownAt.getTime()}000t ${startMs + slot * SLOT_MS}000000`,
        );
      }
      if (lines.length > 0) await questdb.write(`${lines.join('\n')}\n`);
    },
    after: (day, minutes = 31) => {
      park.now = new Date(daySpan(zone, day).endMs + minutes * 60_000);
    },
    value,
    rows,
    close: async () => {
      await postgres.close();
      await owner.end();
      duckdb.close();
      await rm(folder, { recursive: true, force: true });
      await database.close();
    },
  };
  return park;
}

/** Gives each account in turn a tariff of its own. */
export async function assignEach(park: Park, definitions: readonly unknown[]): Promise<void> {
  for (const [i, definition] of definitions.entries()) {
    await park.rows(
      `WITH made AS (INSERT INTO tariffs (project_id, name, commodity)
         VALUES ($1, $2, 'electricity') RETURNING id),
       version AS (INSERT INTO tariff_versions (project_id, tariff_id, version, effective_from,
         definition, created_by) SELECT $1, id, 1, '2000-01-01', $3, 'test' FROM made)
       INSERT INTO tariff_assignments (project_id, tariff_id, commodity, account_id, valid_from)
       SELECT $1, id, 'electricity', $4, '2000-01-01' FROM made`,
      [park.project.id, `Own ${i}`, JSON.stringify(definition), park.accounts[i]],
    );
  }
}

/** Everything that settlement has posted, without ids and times of posting: what two runs must share. */
export async function ledgerOf(park: Park): Promise<unknown> {
  const { id } = park.project;
  const of = (statement: string) => park.rows(statement, [id]);
  return {
    headers: await of(
      `SELECT scope_id, account_id, local_day::text, revision, inputs_digest, quantity, slots,
         estimated_slots, missing_slots FROM settlements WHERE project_id = $1
       ORDER BY scope_id, local_day, account_id, revision`,
    ),
    charges: await of(
      `SELECT s.scope_id, s.local_day::text, s.revision, c.component, c.period, c.step, c.quantity,
         c.price, c.exact, c.tax_exact, c.treatment
       FROM charges c JOIN settlements s ON s.project_id = c.project_id AND s.id = c.settlement_id
       WHERE c.project_id = $1
       ORDER BY s.scope_id, s.local_day, s.revision, c.component, c.tariff_version_id, c.period, c.step`,
    ),
    legs: await of(
      `SELECT t.kind, t.account_id, t.accounting_date::text, l.code, l.detail,
         l.account_id AS of, e.amount
       FROM transactions t JOIN entries e ON e.project_id = t.project_id AND e.transaction_id = t.id
       JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
       WHERE t.project_id = $1
       ORDER BY t.accounting_date, t.account_id, t.kind, l.code, l.detail, e.amount`,
    ),
    totals: await of(
      `SELECT account_id, month::text, scope_id, component, period, exact, tax_exact, posted_minor,
         tax_minor FROM posted_totals WHERE project_id = $1
       ORDER BY account_id, month, scope_id, component, tariff_version_id, period, step`,
    ),
    transactions: await of('SELECT count(*) FROM transactions WHERE project_id = $1'),
    runs: await of(
      `SELECT count(*) FROM settlement_runs r WHERE project_id = $1 AND NOT EXISTS (
         SELECT 1 FROM settlements s WHERE s.project_id = r.project_id AND s.run_id = r.id)`,
    ),
  };
}

/** The ledger with ids of points and accounts replaced by their ordinals, to compare two parks. */
export async function namedLedgerOf(park: Park): Promise<string> {
  let text = JSON.stringify(await ledgerOf(park));
  for (const [i, id] of park.points.entries()) text = text.replaceAll(`"${id}"`, `"point ${i}"`);
  for (const [i, id] of park.accounts.entries())
    text = text.replaceAll(`"${id}"`, `"account ${i}"`);
  // The version is an input of the digest, and its id another in each park.
  return text.replaceAll(/"inputs_digest":"[0-9a-f]{64}"/g, '');
}

/** Sums that must hold after whatever happened: balanced ledger, totals as posted, one head a day. */
export async function faultsOf(park: Park): Promise<Record<string, unknown>[]> {
  const { id } = park.project;
  return [
    ...(await park.rows(
      `SELECT 'off balance' AS fault, transaction_id FROM entries WHERE project_id = $1
       GROUP BY transaction_id HAVING sum(amount) <> 0`,
      [id],
    )),
    ...(await park.rows(
      `SELECT 'wallet and totals differ' AS fault, account_id, w.sum, t.sum AS totals
       FROM (SELECT l.account_id, sum(e.amount) FROM entries e
         JOIN transactions x ON x.project_id = e.project_id AND x.id = e.transaction_id
           AND x.kind IN ('settlement', 'correction')
         JOIN ledger_accounts l ON l.project_id = e.project_id AND l.id = e.ledger_account_id
         WHERE e.project_id = $1 AND l.code = 'wallet' GROUP BY 1) w
       FULL JOIN (SELECT account_id, sum(posted_minor) FROM posted_totals
         WHERE project_id = $1 GROUP BY 1) t USING (account_id)
       WHERE coalesce(w.sum, 0) <> coalesce(t.sum, 0)`,
      [id],
    )),
    ...(await park.rows(
      `SELECT 'totals and charges differ' AS fault, p.scope_id, p.component, p.period, p.exact, c.exact
       FROM posted_totals p LEFT JOIN (
         SELECT s.account_id, date_trunc('month', s.local_day)::date AS month, s.scope_id,
           c.component, c.tariff_version_id, c.period, c.step, sum(c.exact) AS exact
         FROM settlements s JOIN charges c
           ON c.project_id = s.project_id AND c.settlement_id = s.id
         WHERE s.project_id = $1 AND NOT EXISTS (SELECT 1 FROM settlements n
           WHERE n.project_id = s.project_id AND n.supersedes = s.id)
         GROUP BY 1, 2, 3, 4, 5, 6, 7) c
         USING (account_id, month, scope_id, component, tariff_version_id, period, step)
       WHERE p.project_id = $1 AND p.exact <> coalesce(c.exact, 0)`,
      [id],
    )),
    ...(await park.rows(
      `SELECT 'two revisions in force' AS fault, scope_id, local_day, account_id
       FROM settlements s WHERE project_id = $1 AND NOT EXISTS (SELECT 1 FROM settlements n
         WHERE n.project_id = s.project_id AND n.supersedes = s.id)
       GROUP BY scope_id, local_day, account_id HAVING count(*) > 1`,
      [id],
    )),
  ];
}

/** The kernel's promises, each tried as the room's own role against a real Postgres. */
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FLAP_MS, projectsAlarmed, raiseAlarms, syncAlarms } from '../../sql/alarms.ts';
import { markDirty, markDone, pendingDirty } from '../../sql/dirty-days.ts';
import { inFlights, Last } from '../../sql/flight.ts';
import { once, onceInFlights } from '../../sql/idempotency.ts';
import { owners, type Room, roleOf, rooms } from '../../sql/owners.ts';
import { openPostgres, type Postgres } from '../../sql/postgres.ts';
import { type FreshDatabase, freshDatabase } from '../servers.ts';

let database: FreshDatabase;
let owner: pg.Pool;
const pools = {} as Record<Room, pg.Pool>;
let web: Postgres;
const ids = {
  project: '',
  other: '',
  account: '',
  wallet: '',
  revenue: '',
  point: '',
  otherPoint: '',
};

beforeAll(async () => {
  database = await freshDatabase();
  owner = new pg.Pool({ connectionString: database.urls.owner, max: 2 });
  for (const room of rooms) {
    pools[room] = new pg.Pool({ connectionString: database.urls[room], max: 2 });
  }
  web = openPostgres({ url: database.urls.web });
  const group = await idOf(owner, "INSERT INTO groups (name) VALUES ('G') RETURNING id");
  const entity = await idOf(
    owner,
    `INSERT INTO legal_entities (group_id, name) VALUES (${group}, 'L') RETURNING id`,
  );
  const project = (name: string) =>
    idOf(
      owner,
      `INSERT INTO projects (group_id, legal_entity_id, name, zone, currency)
       VALUES (${group}, ${entity}, '${name}', 'Asia/Shanghai', 'CNY') RETURNING id`,
    );
  ids.project = await project('P');
  ids.other = await project('Q');
  ids.account = await idOf(
    pools.billing,
    `INSERT INTO accounts (project_id, number, name, opened_on)
     VALUES (${ids.project}, '1', 'Shop', '2026-01-01') RETURNING id`,
  );
  const ledgerAccount = (code: string, account: string) =>
    idOf(
      pools.billing,
      `INSERT INTO ledger_accounts (project_id, code, account_id, currency)
       VALUES (${ids.project}, '${code}', ${account}, 'CNY') RETURNING id`,
    );
  ids.wallet = await ledgerAccount('wallet', ids.account);
  ids.revenue = await ledgerAccount('revenue', 'NULL');
  const point = (project: string) =>
    idOf(
      pools.ingest,
      `INSERT INTO points (project_id, code, name, commodity)
       VALUES (${project}, 'A101', 'Unit', 'electricity') RETURNING id`,
    );
  ids.point = await point(ids.project);
  ids.otherPoint = await point(ids.other);
});

afterAll(async () => {
  await web?.close();
  await Promise.all([owner, ...Object.values(pools)].map((pool) => pool?.end()));
  await database?.close();
});

async function idOf(pool: pg.Pool, statement: string): Promise<string> {
  return (await pool.query(statement)).rows[0].id;
}

async function transaction(date = '2026-03-05', kind = 'sale'): Promise<string> {
  return idOf(
    pools.billing,
    `INSERT INTO transactions (project_id, kind, account_id, accounting_date)
     VALUES (${ids.project}, '${kind}', ${ids.account}, '${date}') RETURNING id`,
  );
}

const legs = (transactionId: string, amounts: [string, number][], first = 1) =>
  `INSERT INTO entries (project_id, transaction_id, leg, ledger_account_id, amount, currency) VALUES ${amounts
    .map(([a, n], i) => `(${ids.project}, ${transactionId}, ${i + first}, ${a}, ${n}, 'CNY')`)
    .join(', ')}`;

const startOf = (run: string) =>
  `INSERT INTO settlement_runs (project_id, id, cause) VALUES (${ids.project}, ${run}, 'manual')`;

const header = ({ run, transaction: id, settlement = "nextval('ids')" }: Record<string, string>) =>
  `INSERT INTO settlements (project_id, id, account_id, scope_id, local_day, revision, run_id,
     inputs_digest, intervals_known_at, position, quantity, slots, transaction_id)
   VALUES (${ids.project}, ${settlement}, ${ids.account}, ${ids.point}, '2026-03-04', 1, ${run}, '',
     now(), 0, 0, 96, ${id})`;

const withAccount = (statement: string) =>
  statement.replaceAll(`, ${ids.account}, ${ids.point},`, `, 1, ${ids.point},`);

const posting = (columns: Record<string, string | undefined>) =>
  `INSERT INTO transactions (kind, accounting_date, ${Object.keys(columns).join()})
   VALUES ('sale', '2026-03-05', ${Object.values(columns).join()})`;

const charge = ({ settlement, version }: Record<string, string>) =>
  `INSERT INTO charges (project_id, settlement_id, component, tariff_version_id, period, step, quantity,
     price, exact) VALUES (${ids.project}, ${settlement}, 'energy', ${version}, 0, 0, 1, 1, 1)`;

describe('the ledger', () => {
  test('takes a transaction whose legs sum to zero', async () => {
    const id = await transaction();
    const posted = await pools.billing.query(
      legs(id, [
        [ids.wallet, 500],
        [ids.revenue, -500],
      ]),
    );
    expect(posted.rowCount).toBe(2);
  });

  test('refuses legs that do not sum to zero, and a late leg', async () => {
    const id = await transaction();
    await expect(
      pools.billing.query(
        legs(id, [
          [ids.wallet, 500],
          [ids.revenue, -499],
        ]),
      ),
    ).rejects.toMatchObject({ constraint: 'entries_balanced' });
    await pools.billing.query(
      legs(id, [
        [ids.wallet, 5],
        [ids.revenue, -5],
      ]),
    );
    await expect(pools.billing.query(legs(id, [[ids.wallet, 0]], 3))).rejects.toMatchObject({
      constraint: 'entries_complete',
    });
  });

  test('refuses legs that balance only across two transactions', async () => {
    const [a, b] = [await transaction(), await transaction()];
    const both = `${legs(a, [[ids.wallet, 5]])}, (${ids.project}, ${b}, 1, ${ids.revenue}, -5, 'CNY')`;
    await expect(pools.billing.query(both)).rejects.toMatchObject({
      constraint: 'entries_balanced',
    });
  });

  test.each([
    ...['entries', 'transactions', 'settlements', 'charges', 'seals', 'sales', 'audit'],
    'ledger_accounts',
  ])('does not let even its owner update, delete or truncate %s', async (table) => {
    for (const act of [
      `UPDATE ${table} SET project_id = 0`,
      `DELETE FROM ${table}`,
      `TRUNCATE ${table} CASCADE`,
    ]) {
      await expect(owner.query(act)).rejects.toMatchObject({ constraint: 'append_only' });
    }
    await expect(pools.billing.query(`DELETE FROM ${table}`)).rejects.toMatchObject({
      code: '42501',
    });
  });

  test('does not let even its owner delete accounts and projects, or change their ids', async () => {
    for (const table of ['accounts', 'projects', 'account_months', 'live_balances']) {
      const id = table.includes('_') ? 'account_id' : 'id';
      await expect(owner.query(`UPDATE ${table} SET ${id} = 0`)).rejects.toMatchObject({
        constraint: 'append_only',
      });
    }
    for (const table of ['accounts', 'projects']) {
      for (const act of [`DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`]) {
        await expect(owner.query(act)).rejects.toMatchObject({ constraint: 'append_only' });
      }
    }
  });

  test('refuses what names nothing, or something of another project', async () => {
    const id = await transaction();
    const [run, other] = [await idOf(pools.billing, "SELECT nextval('ids') AS id"), ids.other];
    const cases: [constraint: string, statement: string][] = [
      ['entries_transaction_id', legs('1', [[ids.wallet, 0]])],
      ['entries_ledger_account_id', legs(id, [['1', 0]])],
      [
        'entries_transaction_id',
        legs(id, [[ids.wallet, 0]]).replace(`(${ids.project},`, `(${other},`),
      ],
      ['charges_settlement_id', charge({ settlement: '1', version: '1' })],
      ['settlements_run_id', header({ run: '1', transaction: id })],
      ['settlements_transaction_id', `${startOf(run)}; ${header({ run, transaction: '1' })}`],
      [
        'settlements_account_id',
        withAccount(`${startOf(run)}; ${header({ run, transaction: id })}`),
      ],
      [
        'settlements_supersedes',
        `${startOf(run)}; ${header({ run, transaction: id })
          .replace('transaction_id)', 'transaction_id, supersedes)')
          .replace(/\)$/, ', 1)')}`,
      ],
      ['transactions_project_id', posting({ project_id: '1' })],
      ['transactions_account_id', posting({ project_id: ids.project, account_id: '1' })],
      ['transactions_account_id', posting({ project_id: other, account_id: ids.account })],
      ['transactions_reverses', posting({ project_id: ids.project, reverses: '1' })],
      [
        'account_months_account_id',
        `INSERT INTO account_months VALUES (${ids.project}, 1, '2026-03-01')`,
      ],
      [
        'live_balances_account_id',
        `INSERT INTO live_balances (project_id, generation, account_id, settled_minor,
           provisional_minor, currency) VALUES (${ids.project}, 1, 1, 0, 0, 'CNY')`,
      ],
    ];
    for (const [constraint, statement] of cases) {
      await expect(pools.billing.query(statement)).rejects.toMatchObject({
        code: '23503',
        constraint,
      });
    }
    const settlement = await idOf(pools.billing, "SELECT nextval('ids') AS id");
    await pools.billing.query(startOf(run));
    await pools.billing.query(header({ run, transaction: id, settlement }));
    await expect(pools.billing.query(charge({ settlement, version: '1' }))).rejects.toMatchObject({
      constraint: 'charges_tariff_version_id',
    });
  });

  test('refuses a posting in a closed month, and anything but settlement in a soft-closed one', async () => {
    await pools.billing.query(
      `INSERT INTO billing_months (project_id, month, state)
       VALUES (${ids.project}, '2025-01-01', 'closed'), (${ids.project}, '2025-02-01', 'soft-closed')`,
    );
    await expect(transaction('2025-01-31')).rejects.toMatchObject({ constraint: 'month_open' });
    await expect(transaction('2025-02-01')).rejects.toMatchObject({ constraint: 'month_open' });
    await expect(transaction('2025-02-01', 'settlement')).resolves.toMatch(/^\d+$/);
  });
});

describe('rights', () => {
  test("a room's role holds exactly the rights that owners.ts gives it", async () => {
    const rights = {
      append: ['INSERT'],
      change: ['INSERT', 'UPDATE'],
      delete: ['INSERT', 'UPDATE', 'DELETE'],
    };
    for (const room of rooms) {
      const held = await owner.query(
        `SELECT t.tablename AS name, r.privilege FROM pg_tables t,
           unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS r (privilege)
         WHERE schemaname = 'public' AND has_table_privilege('${roleOf(room)}', t.tablename, r.privilege)
         ORDER BY 1, 2`,
      );
      const expected = Object.entries(owners)
        .filter(([, o]) => (o.rooms as readonly Room[]).includes(room))
        .flatMap(([name, o]) => rights[o.right].map((privilege) => ({ name, privilege })));
      const order = (rows: { name: string; privilege: string }[]) =>
        rows.map((r) => `${r.name} ${r.privilege}`).sort();
      expect(order(held.rows)).toEqual(order(expected));
    }
  });

  test('only web reads credentials, sessions and keys', async () => {
    for (const table of ['credentials', 'sessions', 'api_keys']) {
      await expect(pools.billing.query(`SELECT 1 FROM ${table}`)).rejects.toMatchObject({
        code: '42501',
      });
      await expect(pools.web.query(`SELECT 1 FROM ${table}`)).resolves.toBeDefined();
    }
  });
});

describe('dated things', () => {
  test('two tenancies of one point may touch but not overlap', async () => {
    const tenancy = (from: string, to: string | null) =>
      pools.billing.query(
        `INSERT INTO tenancies (project_id, account_id, point_id, valid_from, valid_to)
         VALUES ($1, $2, $3, $4, $5)`,
        [ids.project, ids.account, ids.point, from, to],
      );
    await tenancy('2026-01-01T00:00Z', '2026-02-01T00:00Z');
    await tenancy('2026-02-01T00:00Z', null);
    await expect(tenancy('2026-05-01T00:00Z', null)).rejects.toMatchObject({
      constraint: 'tenancies_point_overlap',
    });
  });

  test('a tenancy cannot join things of two projects', async () => {
    await expect(
      pools.billing.query(
        `INSERT INTO tenancies (project_id, account_id, point_id, valid_from)
         VALUES (${ids.project}, ${ids.account}, ${ids.otherPoint}, now())`,
      ),
    ).rejects.toMatchObject({ code: '23503' });
  });
});

describe('shared tables', () => {
  test('a dirty day is pending for each consumer until that consumer is done', async () => {
    const { db, close } = openPostgres({ url: database.urls.ingest });
    const scope = { projectId: ids.project };
    await markDirty(db, {
      ...scope,
      days: [{ pointId: ids.point, localDay: '2026-03-01' }],
      who: 'ingest',
      why: 'late',
    });
    const pending = await pendingDirty(db, { ...scope, consumer: 'rating', limit: 10 });
    expect(pending).toMatchObject([{ pointId: ids.point, localDay: '2026-03-01' }]);
    const done = { ...scope, consumer: 'rating', ids: pending.map((d) => d.id) } as const;
    await markDone(db, done);
    await markDone(db, done);
    expect(await pendingDirty(db, { ...scope, consumer: 'rating', limit: 10 })).toEqual([]);
    expect(await pendingDirty(db, { ...scope, consumer: 'export', limit: 10 })).toHaveLength(1);
    await close();
  });

  test('an alarm is raised once, cleared when it ends, and may come again', async () => {
    const at = (ms: number) => new Date(Date.parse('2026-03-01T00:00:00Z') + ms);
    const silent = { projectId: ids.project, kind: 'meter.silent' } as const;
    const subjects = [{ subjectKind: 'meter', subjectId: '1', severity: 'warning' as const }];
    await raiseAlarms(web.db, { ...silent, at: at(0), subjects });
    await syncAlarms(web.db, { ...silent, at: at(0), subjects });
    await syncAlarms(web.db, { ...silent, at: at(1), subjects: [] });
    await syncAlarms(web.db, { ...silent, at: at(1 + FLAP_MS), subjects });
    await syncAlarms(web.db, { ...silent, at: at(2 + FLAP_MS), subjects: [] });
    const kept = await owner.query('SELECT cleared_at, reopened FROM alarms ORDER BY id');
    expect(kept.rows).toEqual([
      { cleared_at: at(1), reopened: 0 },
      { cleared_at: at(2 + FLAP_MS), reopened: 0 },
    ]);
  });

  test('an alarm that comes and goes is one alarm, until its cause is gone for a while', async () => {
    const minute = 60_000;
    const at = (minutes: number) => new Date(Date.parse('2026-03-02T00:00:00Z') + minutes * minute);
    const clock = { projectId: ids.project, kind: 'meter.clock' } as const;
    const subject = { subjectKind: 'meter', subjectId: '2', severity: 'notice' as const };
    // Every minute it is there or not; the same for an hour. One more row each time would be 30 of them.
    for (let m = 0; m < 60; m++) {
      const subjects = m % 2 ? [] : [{ ...subject, detail: { m } }];
      await syncAlarms(web.db, { ...clock, at: at(m), subjects });
    }
    const rows = async () =>
      (
        await owner.query(
          "SELECT raised_at, cleared_at, reopened, detail FROM alarms WHERE kind = 'meter.clock'",
        )
      ).rows;
    // It was cleared after the first minute, came back in the second, and stands from then on.
    const stood = { raised_at: at(0), cleared_at: null, reopened: 1, detail: { m: 2 } };
    expect(await rows()).toEqual([stood]);
    // Gone since 00:59.
    await syncAlarms(web.db, { ...clock, at: at(59 + FLAP_MS / minute - 1), subjects: [] });
    expect(await rows()).toEqual([stood]);
    await syncAlarms(web.db, { ...clock, at: at(59 + FLAP_MS / minute), subjects: [] });
    expect(await rows()).toMatchObject([{ cleared_at: at(59 + FLAP_MS / minute) }]);
  });

  test('an alarm that becomes graver says so and is new again; milder keeps who has seen to it', async () => {
    const at = (n: number) => new Date(Date.parse('2026-03-03T00:00:00Z') + n * 60_000);
    const filling = { projectId: ids.project, kind: 'spool.filling' } as const;
    const told = async (n: number, severity: 'warning' | 'critical') => {
      const subjects = [{ subjectKind: 'ingest', subjectId: 's', severity, detail: { n } }];
      await syncAlarms(web.db, { ...filling, at: at(n), subjects });
      const { rows } = await owner.query(
        "SELECT severity, detail ->> 'n' AS n, acknowledged_by AS by FROM alarms WHERE kind = 'spool.filling'",
      );
      return rows;
    };
    const seen = () =>
      owner.query(
        "UPDATE alarms SET acknowledged_at = now(), acknowledged_by = 'W' WHERE kind = 'spool.filling'",
      );
    expect(await told(0, 'warning')).toEqual([{ severity: 'warning', n: '0', by: null }]);
    await seen();
    // As grave as it was: nothing is written, whatever its figures are by now.
    expect(await told(1, 'warning')).toEqual([{ severity: 'warning', n: '0', by: 'W' }]);
    expect(await told(2, 'critical')).toEqual([{ severity: 'critical', n: '2', by: null }]);
    await seen();
    expect(await told(3, 'warning')).toEqual([{ severity: 'warning', n: '3', by: 'W' }]);
    expect(await projectsAlarmed(web.db, ['spool.filling'])).toEqual([ids.project]);
    await syncAlarms(web.db, { ...filling, at: at(4), subjects: [] });
    expect(await projectsAlarmed(web.db, ['spool.filling'])).toEqual([]);
  });

  test('twenty requests at once with one key act once and get one answer', async () => {
    const request = {
      projectId: ids.project,
      route: 'r',
      key: 'k',
      actorId: 'u',
      request: { a: 1 },
    };
    let acts = 0;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        once(web.db, request, async () => ({ status: 201, body: { n: ++acts } })),
      ),
    );
    expect(acts).toBe(1);
    expect(new Set(answers.map((a) => JSON.stringify(a)))).toEqual(
      new Set(['{"status":201,"body":{"n":1}}']),
    );
  });

  test('a key of another body or another actor is refused, and a failed act leaves the key free', async () => {
    const request = {
      projectId: ids.project,
      route: 'r',
      key: 'k2',
      actorId: 'u',
      request: { a: 1 },
    };
    const act = async () => ({ status: 200, body: {} });
    await expect(
      once(web.db, request, async () => {
        throw new Error('failed');
      }),
    ).rejects.toThrow('failed');
    await once(web.db, request, act);
    for (const other of [{ request: { a: 2 } }, { actorId: 'v' }]) {
      await expect(once(web.db, { ...request, ...other }, act)).rejects.toMatchObject({
        code: 'idempotency-key-reused',
      });
    }
    await expect(once(web.db, { ...request, key: undefined }, act)).rejects.toMatchObject({
      code: 'idempotency-key-missing',
    });
  });
});

describe('a transaction in few flights', () => {
  const telling = (subject: string) =>
    sql`INSERT INTO events (project_id, kind, subject_id) VALUES (${ids.project}::bigint, 'flight',
      ${subject}) RETURNING subject_id AS told`;
  const told = async () => {
    const { rows } = await owner.query(
      "SELECT subject_id FROM events WHERE kind = 'flight' ORDER BY id",
    );
    return rows.map((row) => row.subject_id);
  };
  const rethrow = (error: unknown): never => {
    throw error;
  };
  const lastly = (...statements: ReturnType<typeof sql>[]) =>
    new Last(statements, (rows) => rows[0]?.told, rethrow);

  test('has the rows of its first statements, and is on the disk when it is answered', async () => {
    // As production has it; the server of the tests waits for no disk.
    await owner.query(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$`,
    );
    const { db, close } = openPostgres({ url: database.urls.web, max: 1 });
    try {
      const { rows } = await owner.query<{ at: string }>(
        'SELECT pg_current_wal_insert_lsn() AS at',
      );
      const made = await inFlights(db, [telling('1'), sql`SELECT 7 AS n`], async (tx, opened) => {
        expect(opened).toEqual([[{ told: '1' }], [{ n: 7 }]]);
        await tx.execute(telling('2'));
        return lastly(telling('3'), telling('4'));
      });
      const flushed = await owner.query('SELECT pg_current_wal_flush_lsn() > $1 AS lasts', [
        rows[0]?.at,
      ]);
      expect(flushed.rows[0].lasts).toBe(true);
      expect(made).toBe('4');
      expect(await told()).toEqual(['1', '2', '3', '4']);
      expect(await inFlights(db, [telling('5')], async () => 'done')).toBe('done');
    } finally {
      await close();
    }
  });

  test('leaves nothing when it fails, wherever, and its connection serves the next one', async () => {
    const before = await told();
    const bad = sql`SELECT 1 / ${0}::int AS told`;
    // One connection for all, so that each failure is followed on the connection that had it.
    const one = openPostgres({ url: database.urls.web, max: 1 });
    try {
      const failing = [
        inFlights(one.db, [telling('a'), bad, telling('b')], async () => 'not reached'),
        inFlights(one.db, [telling('a')], async () => lastly(telling('b'), bad, telling('c'))),
        inFlights(one.db, [telling('a')], async () => {
          throw new Error('thought better of it');
        }),
        one.db.transaction(async (tx) => {
          // What is under way already is joined, by a savepoint.
          const nested = tx as unknown as Postgres['db'];
          await inFlights(nested, [telling('a')], async () => lastly(telling('b')));
          throw new Error('and the whole fails');
        }),
      ];
      for (const failed of await Promise.allSettled(failing))
        expect(failed.status).toBe('rejected');
      expect(await told()).toEqual(before);
      const last = async () => lastly(telling('6'));
      expect(await inFlights(one.db, [telling('b')], last)).toBe('6');
      expect(await told()).toEqual([...before, 'b', '6']);
    } finally {
      await one.close();
    }
  });

  test('whose connection breaks leaves nothing, and the pool opens another one', async () => {
    const before = await told();
    const broken = inFlights(web.db, [sql`SELECT pg_backend_pid() AS pid`], async (_, [pids]) => {
      await owner.query('SELECT pg_terminate_backend($1)', [pids?.[0]?.pid]);
      return lastly(telling('x'));
    });
    await expect(broken).rejects.toThrow();
    await inFlights(web.db, [], async () => lastly(telling('7')));
    expect(await told()).toEqual([...before, '7']);
  });

  test('is done once for a key, by whichever asks first, with the answer that its last statement keeps', async () => {
    const request = {
      ...{ projectId: ids.project, route: 'f', key: 'k', actorId: 'u', request: { a: 1 } },
    };
    const ask = () =>
      onceInFlights<{ told: unknown }>(web.db, request, [], async (_, __, keep) => {
        const kept = keep(201, sql`(SELECT to_jsonb(done) FROM done)`);
        const last = sql`WITH done AS (${telling('once')}), kept AS (${kept}) SELECT * FROM done`;
        return new Last([last], ([body]) => ({ status: 201, body: { told: body?.told } }), rethrow);
      });
    const answers = await Promise.all([1, 2, 3, 4].map(ask));
    expect(answers).toEqual(answers.map(() => ({ status: 201, body: { told: 'once' } })));
    expect((await told()).filter((subject) => subject === 'once')).toHaveLength(1);
  });
});

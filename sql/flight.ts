/**
 * Statements that go to Postgres in one flight: sent together, answered together. Where many transactions want one row
 * it is held from the statement that takes it to the commit, and each answer that Node has yet to read makes that longer.
 */
import { type SQL, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { PgDialect } from 'drizzle-orm/pg-core';
import pg from 'pg';
import type { Db, Tx } from './postgres.ts';

export type Rows = readonly Record<string, unknown>[];

/**
 * The last statements of a transaction, which its commit follows at once, and what comes of the rows of the very last.
 * `refused` throws what it means that one of them is refused.
 */
export class Last<Made> {
  constructor(
    readonly statements: readonly SQL[],
    readonly made: (rows: Rows) => Made,
    readonly refused: (error: unknown) => never,
  ) {}
}

/**
 * Runs a transaction whose first statements leave with its BEGIN, and whose last ones with its COMMIT: each is one flight.
 * They are prepared once a connection. `act` gets the rows of the first ones and may ask more in between; it returns what
 * it made, or a `Last` that makes it. In a transaction that is under way it is a savepoint, and flies not. Throws what
 * Postgres says, and what `act` throws; then nothing stays.
 */
export async function inFlights<Made>(
  db: Db,
  first: readonly SQL[],
  act: (tx: Tx, opened: readonly Rows[]) => Promise<Made | Last<Made>>,
): Promise<Made> {
  const { $client: pool } = db as Db & { $client?: unknown }; // A transaction in progress has none.
  if (!(pool instanceof pg.Pool)) return await within(db, first, act);
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const [, ...opened] = await fly(client, [begin, ...first]);
    // What runs on it runs in this transaction. It has no rollback() of its own: who wants one throws.
    const done = await act(drizzle(client) as unknown as Tx, opened);
    if (!(done instanceof Last)) {
      await fly(client, [commit]);
      return done;
    }
    const flight = [unflushed, ...done.statements, commit, flush];
    const rows = await fly(client, flight).catch(done.refused);
    return done.made(rows[done.statements.length] ?? []);
  } catch (error) {
    await client.query('ROLLBACK').catch((failed: Error) => {
      broken = failed;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

async function within<Made>(
  db: Db,
  first: readonly SQL[],
  act: (tx: Tx, opened: readonly Rows[]) => Promise<Made | Last<Made>>,
): Promise<Made> {
  return await db.transaction(async (tx) => {
    const opened: Rows[] = [];
    for (const statement of first) opened.push((await tx.execute(statement)).rows);
    const done = await act(tx, opened);
    return done instanceof Last ? await madeIn(tx, done) : done;
  });
}

/** What the last statements make in a transaction that goes on. Throws as they are refused. */
export async function madeIn<Made>(tx: Tx, { statements, made, refused }: Last<Made>) {
  let rows: Rows = [];
  for (const statement of statements) rows = (await tx.execute(statement).catch(refused)).rows;
  return made(rows);
}

const begin = sql`BEGIN`;
const commit = sql`COMMIT`;
/**
 * The commit of a `Last` gives its rows free before the disk has it, and a transaction behind it, with nothing in it but
 * a mark in the log, waits for the disk, many of them together. Only then the flight has landed: whoever gets an answer
 * gets one that lasts, and who builds on what he saw meanwhile is written behind it.
 */
const unflushed = sql`SET LOCAL synchronous_commit = off`;
const flush = sql`SELECT pg_logical_emit_message(true, 'wattledger.flight', '')`;
const dialect = new PgDialect();

/** The rows of each statement, in their order. A statement that fails ends the flight: those behind it do not run. */
function fly(client: pg.PoolClient, statements: readonly SQL[]): Promise<Rows[]> {
  const legs = statements.map((statement) => {
    const { sql: text, params } = dialect.sqlToQuery(statement);
    return { name: nameOf(text), text, values: params.map(parameterOf) };
  });
  return new Promise((resolve, reject) => {
    const landed = (error: Error | undefined, results: unknown) => {
      if (error) return reject(error);
      // One statement has one result, several a list of them.
      const all = (Array.isArray(results) ? results : [results]) as pg.QueryResult[];
      resolve(all.map(({ rows }) => rows));
    };
    client.query(new Flight(legs, landed));
  });
}

/** Texts by which statements are prepared. There are as many as shapes of statements in the code, and a bound. */
const names = new Map<string, string>();
const NAMES_MAX = 200;

/** Undefined beyond the bound: such a statement is planned each time. */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= NAMES_MAX) return known;
  const name = `wattledger_${names.size + 1}`;
  names.set(text, name);
  return name;
}

function parameterOf(value: unknown): string | null {
  if (value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value);
  }
  throw new Error(`a ${typeof value} is no parameter of a statement in flight`);
}

interface Leg {
  name: string | undefined;
  text: string;
  values: (string | null)[];
}

/** What a connection has prepared; false: sent with a flight that failed, so that nobody knows. */
const prepared = new WeakMap<pg.Connection, Map<string, boolean>>();

/** One query to the driver, which reads several results out of it as it does for a text of several statements. */
class Flight extends pg.Query {
  private readonly legs: readonly Leg[];
  private readonly sent: { known: Map<string, boolean>; names: string[] } = {
    known: new Map(),
    names: [],
  };

  constructor(legs: readonly Leg[], landed: (error: Error | undefined, results: unknown) => void) {
    super({ text: '' }, (error, results) => {
      for (const name of this.sent.names) this.sent.known.set(name, !error);
      landed(error, results);
    });
    this.legs = legs;
  }

  override submit = (connection: pg.Connection) => {
    const known = prepared.get(connection) ?? new Map<string, boolean>();
    prepared.set(connection, known);
    this.sent.known = known;
    connection.stream.cork();
    for (const { name, text, values } of this.legs) {
      if (name === undefined) connection.parse({ name: '', text, types: [] }, true);
      else if (!known.get(name)) {
        if (known.has(name)) connection.close({ type: 'S', name }, true);
        known.set(name, false);
        this.sent.names.push(name);
        connection.parse({ name, text, types: [] }, true);
      }
      connection.bind({ statement: name ?? '', values }, true);
      connection.describe({ type: 'P', name: '' }, true);
      connection.execute({ portal: '' }, true);
    }
    connection.sync();
    connection.stream.uncork();
  };
}

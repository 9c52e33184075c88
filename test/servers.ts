/** Databases for one test file: a Postgres of its own, cloned, and QuestDB shared by unique ids. */
import pg from 'pg';
import { inject } from 'vitest';
import { urlAs } from '../sql/migrate.ts';
import { type Room, rooms } from '../sql/owners.ts';
import { ROLE_PASSWORD } from './global-setup.ts';

export interface FreshDatabase {
  /** One for the owner and one for each room's role. */
  urls: Record<Room | 'owner', string>;
  /** Shared by all tests; rows are told apart by project and meter ids, which never come twice. */
  questdbUrl: string;
  /** Drops the database, with whatever is still connected to it. */
  close: () => Promise<void>;
}

const IDS_PER_DATABASE = 10_000_000;
const POLITE_DROPS = 20;

/**
 * A migrated, empty database. Its ids begin at a number that no other test database reaches, so that
 * rows in the shared QuestDB belong to one test file only.
 */
export async function freshDatabase(): Promise<FreshDatabase> {
  const postgresUrl = inject('postgresUrl');
  const books = new pg.Client({ connectionString: postgresUrl });
  await books.connect();
  let name: string;
  try {
    const { rows } = await books.query<{ range: string }>("SELECT nextval('test_ranges') AS range");
    const range = Number(rows[0]?.range);
    name = `test_${range}`;
    await books.query(`CREATE DATABASE ${name} TEMPLATE ${inject('template')}`);
    const owner = new pg.Client({ connectionString: databaseUrl(postgresUrl, name) });
    await owner.connect();
    try {
      await owner.query(`ALTER SEQUENCE ids RESTART WITH ${range * IDS_PER_DATABASE + 1}`);
    } finally {
      await owner.end();
    }
  } finally {
    await books.end();
  }
  const ownerUrl = databaseUrl(postgresUrl, name);
  const byRoom = rooms.map((room) => [room, urlAs(ownerUrl, room, ROLE_PASSWORD)] as const);
  return {
    urls: { owner: ownerUrl, ...(Object.fromEntries(byRoom) as Record<Room, string>) },
    questdbUrl: inject('questdbUrl'),
    close: () => dropDatabase(postgresUrl, name),
  };
}

const databaseUrl = (url: string, name: string): string =>
  Object.assign(new URL(url), { pathname: `/${name}` }).toString();

async function dropDatabase(postgresUrl: string, name: string): Promise<void> {
  const books = new pg.Client({ connectionString: postgresUrl });
  await books.connect();
  try {
    // A test's own connections are just ending: only who stays is thrown out.
    for (let attempt = 0; attempt < POLITE_DROPS; attempt++) {
      const others = await books.query('SELECT FROM pg_stat_activity WHERE datname = $1', [name]);
      if (others.rowCount === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await books.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  } finally {
    await books.end();
  }
}

/** The real PostgreSQL and QuestDB of a bench, with the settings of production, started when first asked for. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { migratePostgres, migrateQuestdb, urlAs } from '../../sql/migrate.ts';
import { type Room, rooms } from '../../sql/owners.ts';
import { type PostgresServer, startPostgres } from '../../sql/postgres-server.ts';
import { obtainQuestdb } from '../../sql/questdb-jar.ts';
import { type QuestdbServer, startQuestdb } from '../../sql/questdb-server.ts';
import type { BenchDatabases } from './part.ts';

export interface Stores {
  fresh: () => Promise<BenchDatabases>;
  /** Ends both servers, where they were started. */
  stop: () => Promise<void>;
}

const IDS_PER_DATABASE = 10_000_000;

export function createStores({
  folder,
  cacheFolder,
  say,
}: {
  folder: string;
  cacheFolder: string;
  say: (line: string) => void;
}): Stores {
  const password = randomBytes(12).toString('hex');
  let starting: Promise<{ postgres: PostgresServer; questdb: QuestdbServer }> | undefined;
  const servers: { stop: () => Promise<void> }[] = [];
  let databases = 0;

  async function start() {
    const place = { folder: join(folder, 'postgres'), cacheFolder, password };
    const postgres = await startPostgres(place);
    servers.push(postgres);
    const { JAVA_HOME: javaHome, PATH: path } = process.env;
    const parts = await obtainQuestdb({ cacheFolder, javaHome, path, say });
    const questdb = await startQuestdb({ folder: join(folder, 'questdb'), ...parts, password });
    servers.push(questdb);
    await migrateQuestdb({ url: questdb.url });
    return { postgres, questdb };
  }

  return {
    fresh: async () => {
      starting ??= start();
      const { postgres, questdb } = await starting;
      const name = `bench_${++databases}`;
      const admin = new pg.Client({ connectionString: postgres.url });
      await admin.connect();
      await admin.query(`CREATE DATABASE ${name}`).finally(() => admin.end());
      const owner = Object.assign(new URL(postgres.url), { pathname: `/${name}` }).toString();
      const passwords = rooms.map((room) => [room, password] as const);
      await migratePostgres({
        ownerUrl: owner,
        // One password for every room of a server that lives for minutes on loopback.
        rolePasswords: Object.fromEntries(passwords) as Record<Room, string>,
      });
      const client = new pg.Client({ connectionString: owner });
      await client.connect();
      await client
        .query(`ALTER SEQUENCE ids RESTART WITH ${databases * IDS_PER_DATABASE + 1}`)
        .finally(() => client.end());
      const byRoom = rooms.map((room) => [room, urlAs(owner, room, password)] as const);
      return {
        urls: { owner, ...(Object.fromEntries(byRoom) as Record<Room, string>) },
        questdbUrl: questdb.url,
        questdbPid: questdb.mark.pid,
      };
    },
    stop: async () => {
      await starting?.catch(() => {});
      for (const server of servers.reverse()) await server.stop();
    },
  };
}

/** The server on real stores: one Postgres pool per room, each as that room's own role. */
import type { Clock } from '../sql/clock.ts';
import type { Log } from '../sql/log.ts';
import { type Room, rooms } from '../sql/owners.ts';
import { openPostgres } from '../sql/postgres.ts';
import { openQuestdb } from '../sql/questdb.ts';
import { createAuth } from './auth.ts';
import { type ExportWorker, openExportWorker } from './export-worker.ts';
import { type ApiDescription, hasFileIn } from './list-files.ts';
import { describeApi } from './openapi.ts';
import { createServer, type RoomDeps, type Server } from './server.ts';
import { readAssets } from './static.ts';

export interface Composed {
  app: Server;
  rooms: Record<Room, RoomDeps>;
  /** Makes files in the background once it is started. */
  exports: ExportWorker;
  close: () => Promise<void>;
}

/** Opens the pools and composes the app over them. */
export function compose({
  databaseUrlOf,
  questdbUrl,
  dataDir,
  sessionSecret,
  clock,
  log,
  appFolder,
  metricsToken,
  noticeChannels = [],
}: {
  databaseUrlOf: (room: Room) => string;
  questdbUrl: string;
  dataDir: string;
  sessionSecret: string;
  clock: Clock;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** The built browser app; left out where nobody browses. */
  appFolder?: string;
  metricsToken?: string;
  noticeChannels?: readonly string[];
}): Composed {
  const questdb = openQuestdb({ url: questdbUrl });
  const open = (room: Room) =>
    openPostgres({
      url: databaseUrlOf(room),
      onError: (error) => log.warn({ err: error, pool: room }, 'an idle connection broke'),
    });
  const pools = Object.fromEntries(rooms.map((room) => [room, open(room)])) as Record<
    Room,
    ReturnType<typeof openPostgres>
  >;
  const depsOf = (room: Room): RoomDeps => ({
    db: pools[room].db,
    pool: pools[room].pool,
    questdb,
    clock,
    dataDir,
    noticeChannels,
  });
  const deps = Object.fromEntries(rooms.map((room) => [room, depsOf(room)])) as Record<
    Room,
    RoomDeps
  >;
  const exports = openExportWorker({
    db: deps.web.db,
    dataDir,
    clock,
    log,
    ask: (request, env) => app.fetch(request, env as object), // What the worker has made.
    hasFile: hasFileIn(() => describeApi(app) as ApiDescription), // As much of it as lists need.
  });
  const app: Server = createServer({
    rooms: deps,
    auth: createAuth({ db: deps.web.db, secret: sessionSecret, clock }),
    clock,
    log,
    secret: sessionSecret,
    exports,
    metricsToken,
    assets: appFolder === undefined ? new Map() : readAssets(appFolder),
  });
  return {
    app,
    rooms: deps,
    exports,
    close: async () => {
      await exports.close();
      await Promise.all(rooms.map((room) => pools[room].close()));
    },
  };
}

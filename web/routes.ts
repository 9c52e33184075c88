/** web's own part of the API: who is signed in, places, people and what they may do, what is shown live. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Clock } from '../sql/clock.ts';
import type { Db } from '../sql/postgres.ts';
import { createRoutes, type RouteEnv } from '../sql/route.ts';
import { alarmRoutes } from './alarms.ts';
import type { Auth } from './auth.ts';
import { buildingRoutes } from './buildings.ts';
import type { ExportWorker } from './export-worker.ts';
import { exportRoutes } from './exports.ts';
import { floorRoutes } from './floors.ts';
import { grantRoutes } from './grants.ts';
import { groupRoutes } from './groups.ts';
import { keyRoutes } from './keys.ts';
import { liveRoutes } from './live.ts';
import { lostContactRoutes } from './lost-contact.ts';
import { overviewRoutes } from './overview.ts';
import { ownAccountRoutes } from './own-account.ts';
import { projectRoutes } from './projects.ts';
import { roleRoutes } from './roles.ts';
import { searchRoutes } from './search.ts';
import { sessionRoutes } from './session.ts';
import { systemLogRoutes } from './system-log.ts';
import { userRoutes } from './users.ts';
import { viewRoutes } from './views.ts';

export interface WebDeps {
  db: Db;
  clock: Clock;
  auth: Auth;
  dataDir: string;
  /** Signs links to files. */
  secret: string;
  exports: ExportWorker;
}

/** Every route of this room, to be mounted under /api/v1. */
export function routes(deps: WebDeps): OpenAPIHono<RouteEnv> {
  const app = createRoutes();
  const parts = [
    sessionRoutes,
    ownAccountRoutes,
    groupRoutes,
    projectRoutes,
    overviewRoutes,
    buildingRoutes,
    floorRoutes,
    userRoutes,
    roleRoutes,
    grantRoutes,
    keyRoutes,
    liveRoutes,
    alarmRoutes,
    lostContactRoutes,
    systemLogRoutes,
    viewRoutes,
    searchRoutes,
    exportRoutes,
  ];
  for (const part of parts) app.route('/', part(deps));
  return app;
}

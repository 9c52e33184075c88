/** ingest's part of the API: devices, points, what stands where, what was read, what is doubted. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Clock } from '../sql/clock.ts';
import type { Db } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { createRoutes, type RouteEnv } from '../sql/route.ts';
import { batchRoutes } from './batch-routes.ts';
import { busRoutes } from './buses.ts';
import { commandOfferRoutes } from './command-offers.ts';
import { commandRoutes } from './command-routes.ts';
import { editRoutes } from './edit-routes.ts';
import { exceptionHistoryRoutes } from './exception-history.ts';
import { exceptionRoutes } from './exceptions.ts';
import { gatewayRoutes } from './gateways.ts';
import { importRoutes } from './imports.ts';
import { installationChangeRoutes } from './installation-changes.ts';
import { installationCorrectionRoutes } from './installation-corrections.ts';
import { installationRoutes } from './installations.ts';
import { lockOutRoutes } from './lock-outs.ts';
import { manualReadingRoutes } from './manual-readings.ts';
import { meterCorrectionRoutes } from './meter-corrections.ts';
import { meterRoutes } from './meters.ts';
import { modelFunctionRoutes } from './model-functions.ts';
import { modelRoutes } from './model-list.ts';
import { pointRoutes } from './points.ts';
import { previewRoutes } from './previews.ts';
import { quarantineRoutes } from './quarantines.ts';
import { readingRoutes } from './readings.ts';
import { replacementRoutes } from './replacements.ts';
import { rolloverRoutes } from './rollovers.ts';
import { scheduleRoutes } from './schedules.ts';
import { testReadRoutes } from './test-reads.ts';

export interface IngestDeps {
  db: Db;
  questdb: Questdb;
  clock: Clock;
  /** The data folder, for files that live as long as a request. */
  dataDir?: string;
}

/** Every route of this room, to be mounted under /api/v1. */
export function routes(deps: IngestDeps): OpenAPIHono<RouteEnv> {
  const app = createRoutes();
  const parts = [
    modelRoutes,
    modelFunctionRoutes,
    gatewayRoutes,
    busRoutes,
    testReadRoutes,
    importRoutes,
    meterRoutes,
    scheduleRoutes,
    pointRoutes,
    lockOutRoutes,
    installationRoutes,
    readingRoutes,
    quarantineRoutes,
    rolloverRoutes,
    commandRoutes,
    commandOfferRoutes,
    batchRoutes,
    installationCorrectionRoutes,
    replacementRoutes,
    installationChangeRoutes,
    meterCorrectionRoutes,
    manualReadingRoutes,
    previewRoutes,
    editRoutes,
    exceptionRoutes,
    exceptionHistoryRoutes,
  ];
  for (const part of parts) app.route('/', part(deps));
  return app;
}

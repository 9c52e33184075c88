/** Billing's part of the API: accounts, tenancies, tariffs, sales, and what is owed and why. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type pg from 'pg';
import type { Clock } from '../sql/clock.ts';
import type { Db } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { createRoutes, type RouteEnv } from '../sql/route.ts';
import { accountRoutes } from './account-routes.ts';
import { assignmentEffectRoutes } from './assignment-effect-routes.ts';
import { bankRoutes } from './bank-routes.ts';
import { closingRoutes } from './closing-routes.ts';
import { contractRoutes } from './contract-routes.ts';
import { correctionRoutes } from './correction-routes.ts';
import { creditRoutes } from './credit-routes.ts';
import { depositRoutes } from './deposit-routes.ts';
import { effectRoutes } from './effect-routes.ts';
import { explainRoutes } from './explain-routes.ts';
import { feeRoutes } from './fee-routes.ts';
import { ledgerRoutes } from './ledger-routes.ts';
import { meterModeRoutes } from './meter-mode-routes.ts';
import { monthRoutes } from './month-routes.ts';
import { noticeRoutes } from './notice-routes.ts';
import { noticeTemplateRoutes } from './notice-template-routes.ts';
import { openingRoutes } from './opening-routes.ts';
import { printRoutes } from './print-routes.ts';
import { publishedRoutes } from './published-routes.ts';
import { rechargeRoutes } from './recharge-routes.ts';
import { reconcileRoutes } from './reconcile-routes.ts';
import { refundRoutes } from './refund-routes.ts';
import { reversalRoutes } from './reversal-routes.ts';
import { saleRoutes } from './sale-routes.ts';
import { sampleRoutes } from './sample-routes.ts';
import { settledRoutes } from './settled-routes.ts';
import { shiftRoutes } from './shift-routes.ts';
import { tariffRoutes } from './tariff-routes.ts';
import { tenancyRoutes } from './tenancy-routes.ts';
import { waitRoutes } from './wait-routes.ts';

export interface BillingDeps {
  /** As the role of this room. */
  db: Db;
  /** The pool under `db`, for what settles: it copies. */
  pool: pg.Pool;
  questdb: Questdb;
  clock: Clock;
  /** Channels of notices that are set up, by name; left out where none is. */
  noticeChannels?: readonly string[];
}

/** Every route of this room, to be mounted under /api/v1. */
export function routes(deps: BillingDeps): OpenAPIHono<RouteEnv> {
  const app = createRoutes();
  for (const part of [
    // Before accounts: 'openings', 'closings' and 'residuals' are not ids of one.
    ...[openingRoutes, closingRoutes, depositRoutes, contractRoutes],
    ...[accountRoutes, tenancyRoutes, tariffRoutes, saleRoutes, waitRoutes],
    ...[shiftRoutes, reversalRoutes, refundRoutes, printRoutes, bankRoutes],
    ...[rechargeRoutes, meterModeRoutes],
    ...[feeRoutes, ledgerRoutes, monthRoutes, reconcileRoutes],
    ...[correctionRoutes, publishedRoutes, sampleRoutes, settledRoutes],
    ...[assignmentEffectRoutes, effectRoutes, explainRoutes],
    ...[noticeRoutes, noticeTemplateRoutes, creditRoutes],
  ]) {
    app.route('/', part(deps));
  }
  return app;
}

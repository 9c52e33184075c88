/** What billing's process counts. */
import { Counter, Gauge } from 'prom-client';
import { registry } from '../sql/metrics.ts';

const registers = [registry];

export const settlementRuns = new Counter({
  name: 'wattledger_settlement_runs_total',
  help: 'Runs of settlement over a project, by what came of them',
  labelNames: ['outcome'],
  registers,
});
export const settlementHeaders = new Counter({
  name: 'wattledger_settlement_headers_total',
  help: 'Point-days settled or corrected',
  registers,
});
export const settlementCorrections = new Counter({
  name: 'wattledger_settlement_corrections_total',
  help: 'Point-days settled anew because what they rest on had changed',
  registers,
});
export const settlementSeconds = new Gauge({
  name: 'wattledger_settlement_last_duration_seconds',
  help: 'How long the last run took that settled something',
  registers,
});
export const settlementBlocked = new Gauge({
  name: 'wattledger_settlement_blocked_projects',
  help: 'Projects in which nothing is charged for now, because what QuestDB shows cannot be trusted',
  registers,
});
export const liveSeconds = new Gauge({
  name: 'wattledger_live_balances_last_duration_seconds',
  help: 'How long the last generation of live balances took',
  registers,
});
export const creditDecided = new Counter({
  name: 'wattledger_credit_decisions_total',
  help: 'Decisions that credit control took by itself, by what was decided',
  labelNames: ['decision'],
  registers,
});
export const noticesSent = new Counter({
  name: 'wattledger_notices_handed_over_total',
  help: 'Notices handed over to a provider, by channel and by what it answered',
  labelNames: ['channel', 'outcome'],
  registers,
});

/** What is counted of report queries in the process that answers them. */
import { Counter, Gauge, Histogram } from 'prom-client';
import { registry } from '../sql/metrics.ts';

const registers = [registry];

export const querySeconds = new Histogram({
  name: 'wattledger_report_query_seconds',
  help: 'Report queries from their turn to their answer, by what came of them',
  labelNames: ['outcome'],
  buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
  registers,
});
export const queriesRunning = new Gauge({
  name: 'wattledger_report_queries_running',
  help: 'Report queries that are being answered',
  registers,
});
export const queriesWaiting = new Gauge({
  name: 'wattledger_report_queries_waiting',
  help: 'Report queries that wait for their turn',
  registers,
});
export const queriesRefused = new Counter({
  name: 'wattledger_report_queries_refused_total',
  help: 'Report queries refused because too many were waiting',
  registers,
});

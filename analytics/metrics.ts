/** What analytics' process counts of the warehouse it keeps; of several projects the worst speaks. */
import { Counter, Gauge } from 'prom-client';
import { registry } from '../sql/metrics.ts';

const registers = [registry];

export const warehousePasses = new Counter({
  name: 'wattledger_warehouse_passes_total',
  help: 'Passes over a project, by what came of them',
  labelNames: ['outcome'],
  registers,
});
export const warehouseSeconds = new Gauge({
  name: 'wattledger_warehouse_last_pass_seconds',
  help: 'How long the last pass took that wrote something',
  registers,
});
export const warehouseWritten = new Counter({
  name: 'wattledger_warehouse_files_written_total',
  help: 'Parquet files written',
  registers,
});
export const warehouseMended = new Counter({
  name: 'wattledger_warehouse_files_mended_total',
  help: 'Parquet files found damaged or gone, and written anew',
  registers,
});

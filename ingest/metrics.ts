/** What ingest's process counts: samples on their way, and the spool that holds them. */
import { Counter, Gauge } from 'prom-client';
import type { Clock } from '../sql/clock.ts';
import { registry } from '../sql/metrics.ts';
import type { Delivery } from './delivery.ts';
import type { Spool } from './spool.ts';

/** Counts what spool and delivery say of themselves, whenever it is asked for. */
export function countSamples({
  spool,
  delivery,
  clock,
}: {
  spool: Pick<Spool, 'stats'>;
  delivery: Pick<Delivery, 'stats'>;
  clock: Clock;
}): void {
  const registers = [registry];
  let acknowledged = { rows: -1, atMs: 0 };
  const counts = (name: string, help: string, value: () => number) =>
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  const shows = (name: string, help: string, value: () => number) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(value());
      },
    });
  counts(
    'wattledger_samples_stored_total',
    'Samples that QuestDB has acknowledged since this process began',
    () => delivery.stats().deliveredRows,
  );
  counts(
    'wattledger_samples_rejected_total',
    'Samples that QuestDB refused; they stand in rejected.txt',
    () => delivery.stats().rejectedRows,
  );
  counts(
    'wattledger_samples_dropped_total',
    'Samples lost because the spool was full or its disk refused',
    () => spool.stats().droppedRecords,
  );
  shows('wattledger_spool_bytes', 'Bytes of the spool on disk', () => spool.stats().bytes);
  shows(
    'wattledger_spool_pending_bytes',
    'Bytes of the spool that QuestDB has not acknowledged',
    () => spool.stats().pendingBytes,
  );
  shows(
    'wattledger_spool_pending_seconds',
    'Since QuestDB last acknowledged something while something waits; 0 when nothing waits',
    () => {
      const rows = delivery.stats().deliveredRows;
      const atMs = clock().getTime();
      if (rows !== acknowledged.rows || spool.stats().pendingBytes === 0) {
        acknowledged = { rows, atMs };
      }
      return (atMs - acknowledged.atMs) / 1000;
    },
  );
}

/** The samples of a run as columns of numbers, some thousand rows at a time, straight from DuckDB's memory. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { question, rowsOf } from '../sql/duckdb.ts';
import { fixedBytes } from '../sql/export/raw.ts';

const CHANNELS = ['active', 'forward', 'volume'] as const;

/** Columns of samples; of `registers` those that were asked for, -1: none. Valid until the next ones come. */
export interface Columns {
  /** Epoch ms. */
  ms: Float64Array;
  meters: Float64Array;
  /** NaN: none. */
  reverse: Float64Array;
  /** By channel. */
  registers: readonly (Float64Array | undefined)[];
}

/**
 * Reads `in_samples`, sorted by time unless they are said to be so. DuckDB's binding ends a stream that fails on
 * its way as if it were through, so the rows are counted before: throws when not all came.
 */
export async function* samplesOf(
  connection: DuckDBConnection,
  { channels, isSorted }: { channels: readonly (0 | 1 | 2)[]; isSorted: boolean },
): AsyncGenerator<Columns> {
  const [counted] = await rowsOf<{ rows: bigint }>(
    connection,
    'SELECT count(*) AS rows FROM in_samples',
  );
  let left = Number(counted?.rows);
  const names = ['ms', 'meter', 'reverse', ...channels.map((channel) => CHANNELS[channel])];
  const samples = `FROM (${await question('interval-samples')})`;
  const order = isSorted ? '' : ' ORDER BY ms';
  const result = await connection.stream(`SELECT ${names.join(', ')} ${samples}${order}`);
  for (;;) {
    const chunk = await result.fetchChunk();
    const count = chunk?.rowCount ?? 0;
    if (!chunk || count === 0) break;
    left -= count;
    const doubles = (column: number) => {
      const { buffer, byteOffset } = fixedBytes(chunk, column, Float64Array.BYTES_PER_ELEMENT);
      return new Float64Array(buffer, byteOffset, count);
    };
    const registers: (Float64Array | undefined)[] = [];
    for (const [nth, channel] of channels.entries()) registers[channel] = doubles(3 + nth);
    yield { ms: doubles(0), meters: doubles(1), reverse: doubles(2), registers };
  }
  if (left !== 0) throw new Error('the samples broke off before their last row');
}

/**
 * An Arrow IPC stream with declared types, its columns copied from DuckDB's vectors as they lie in
 * memory. The schema says what the columns are; the last batch has no rows and says, as its metadata,
 * how many there were, their totals, and the SHA-256 of all bytes before it.
 */
import { createHash } from 'node:crypto';
import type { DuckDBDataChunk } from '@duckdb/node-api';
import {
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Field,
  Float64,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow';
import { endingText } from './ending.ts';
import { fixedBytes, isSet, textsOf, validityOf } from './raw.ts';
import { DIGITS_MAX, type Source, type TypedColumn } from './source.ts';
import { openSums } from './sums.ts';
import type { FileTable } from './table.ts';

/** Rows of a batch, at most; a chunk more or less. */
const BATCH_ROWS = 32_768;
/** Of a stream that ends: continuation mark and a length of zero. */
const END_BYTES = 8;

/** The table as an Arrow IPC stream. */
export async function* arrowFile(table: FileTable, source: Source): AsyncGenerator<Uint8Array> {
  const { columns } = source;
  const schema = new Schema(columns.map(fieldOf), new Map(aboutOf(table)));
  const schemaBytes = encoded(schema, []).subarray(0, -END_BYTES);
  const sums = openSums(source.summed);
  const hash = createHash('sha256');
  let head: Uint8Array | null = schemaBytes;
  let chunks: ColumnPart[][] = columns.map(() => []);
  let rows = 0;

  const batch = (metadata?: Map<string, string>): Buffer => {
    const children = columns.map((column, i) => dataOf(column, chunks[i] ?? [], rows));
    const data = makeData({
      type: new Struct(schema.fields),
      length: rows,
      nullCount: 0,
      children,
    });
    chunks = columns.map(() => []);
    rows = 0;
    const all = encoded(schema, [new RecordBatch(schema, data, metadata)]);
    const bytes = all.subarray(schemaBytes.length);
    const out = Buffer.concat(head ? [head, bytes] : [bytes]);
    head = null;
    return out;
  };

  const expressions = columns.map(({ sql }) => sql);
  const exact = source.summed.map(({ sql }) => sql);
  for await (const chunk of source.select([...expressions, ...exact])) {
    for (const [i, column] of columns.entries()) chunks[i]?.push(partOf(column, chunk, i));
    sums.add(chunk, columns.length);
    rows += chunk.rowCount;
    if (rows < BATCH_ROWS) continue;
    const out = batch().subarray(0, -END_BYTES);
    hash.update(out);
    yield out;
  }
  if (rows > 0 || head) {
    const out = batch().subarray(0, -END_BYTES);
    hash.update(out);
    yield out;
  }
  const closing = sums.closing();
  const { totals, beside } = endingText(table, closing);
  yield batch(
    new Map([
      ['rows', String(closing.rows)],
      ['totals', JSON.stringify(totals)],
      ...beside,
      ['sha256', hash.digest('hex')],
    ]),
  );
}

const aboutOf = ({ title, about }: FileTable): [string, string][] => [
  ['title', title],
  ...about.map(({ name, value }): [string, string] => [name, value]),
];

/** A whole stream of the schema and these batches. */
function encoded(schema: Schema, batches: readonly RecordBatch[]): Uint8Array {
  const writer = new RecordBatchStreamWriter({ autoDestroy: false });
  writer.reset(undefined, schema);
  for (const batch of batches) writer.write(batch);
  writer.finish();
  writer.close();
  return writer.toUint8Array(true);
}

function fieldOf(column: TypedColumn): Field {
  const { name, title, unit, type } = column;
  const said = new Map([
    ['title', title],
    ['type', type],
  ]);
  if (unit !== null) said.set('unit', unit);
  return new Field(name, arrowType(column), true, said);
}

function arrowType({ type, scale }: TypedColumn): DataType {
  switch (type) {
    case 'text':
    case 'id':
      return new Utf8();
    case 'integer':
      return new Int64();
    case 'number':
      return new Float64();
    case 'decimal':
    case 'money':
      return new Decimal(scale, DIGITS_MAX, 128);
    case 'boolean':
      return new Bool();
    case 'day':
      return new DateDay();
    case 'instant':
      return new TimestampMicrosecond('UTC');
  }
}

/** Bytes that a value takes in DuckDB's vector and in Arrow's array. */
const widths = { integer: 8, number: 8, decimal: 16, money: 16, day: 4, instant: 8 } as const;

/** A column's values of one chunk, copied out of DuckDB's memory. */
interface ColumnPart {
  rows: number;
  validity: Uint8Array | null;
  bytes: Uint8Array;
  /** Of texts: where each one ends in `bytes`. */
  ends?: Int32Array;
}

function partOf({ type }: TypedColumn, chunk: DuckDBDataChunk, i: number): ColumnPart {
  const rows = chunk.rowCount;
  const validity = validityOf(chunk, i)?.slice() ?? null;
  if (type === 'text' || type === 'id') return { rows, validity, ...textsOf(chunk, i) };
  const width = type === 'boolean' ? 1 : widths[type];
  return { rows, validity, bytes: fixedBytes(chunk, i, width).slice() };
}

function dataOf(column: TypedColumn, parts: readonly ColumnPart[], length: number): Data {
  const type = arrowType(column);
  const { bitmap: nullBitmap, nullCount } = validityOfAll(parts, length);
  const bytes = joined(parts);
  const common = { length, nullCount, nullBitmap };
  if (type instanceof Utf8) {
    return makeData({ type, ...common, valueOffsets: offsetsOf(parts, length), data: bytes });
  }
  if (type instanceof Bool) return makeData({ type, ...common, data: bitsOf(bytes) });
  const { buffer, byteOffset, byteLength } = bytes;
  if (type instanceof Int64 || type instanceof TimestampMicrosecond) {
    const data = new BigInt64Array(buffer, byteOffset, byteLength / 8);
    return makeData({ type, ...common, data } as Parameters<typeof makeData>[0]); // Both hold these.
  }
  if (type instanceof Float64) {
    return makeData({
      type,
      ...common,
      data: new Float64Array(buffer, byteOffset, byteLength / 8),
    });
  }
  if (type instanceof DateDay) {
    return makeData({ type, ...common, data: new Int32Array(buffer, byteOffset, byteLength / 4) });
  }
  if (type instanceof Decimal) {
    return makeData({ type, ...common, data: new Uint32Array(buffer, byteOffset, byteLength / 4) });
  }
  throw new Error(`no array holds ${type}`);
}

function joined(parts: readonly ColumnPart[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  for (const { bytes } of parts) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}

function offsetsOf(parts: readonly ColumnPart[], length: number): Int32Array {
  const offsets = new Int32Array(length + 1);
  let row = 1;
  let from = 0;
  for (const { ends = new Int32Array(), bytes } of parts) {
    for (let i = 0; i < ends.length; i++) offsets[row++] = from + (ends[i] as number);
    from += bytes.length;
  }
  return offsets;
}

/** How many bits of a byte are set. */
const ONES = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte.toString(2).replaceAll('0', '').length,
);

/** Both keep a bit per row, set where there is a value; chunks that are no whole bytes are shifted in. */
function validityOfAll(parts: readonly ColumnPart[], length: number) {
  if (parts.every(({ validity }) => validity === null)) return { bitmap: null, nullCount: 0 };
  const bitmap = new Uint8Array(Math.ceil(length / 8));
  let valid = 0;
  let at = 0;
  for (const { rows, validity } of parts) {
    let i = 0;
    if (validity && at % 8 === 0) {
      for (; i + 8 <= rows; i += 8, at += 8) {
        const bits = validity[i >> 3] as number;
        bitmap[at >> 3] = bits;
        valid += ONES[bits] as number;
      }
    }
    for (; i < rows; i++, at++) {
      if (validity && !isSet(validity, i)) continue;
      bitmap[at >> 3] = (bitmap[at >> 3] as number) | (1 << (at & 7));
      valid += 1;
    }
  }
  return { bitmap, nullCount: length - valid };
}

function bitsOf(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(bytes.length / 8));
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i]) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
  }
  return bits;
}

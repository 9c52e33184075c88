/** Files as they go out: exact in every type, ended with their reader, and said to be whole only when they are. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { tableFromIPC } from 'apache-arrow';
import { readXlsx } from 'hucre/xlsx';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DuckDBConnection, type Duckdb, openDuckdb, rowsOf } from '../../../sql/duckdb.ts';
import { fileResponse } from '../../../sql/export/file.ts';
import { openSource } from '../../../sql/export/source.ts';
import {
  type FileColumn,
  type FileFormat,
  type FileTable,
  fileFormats,
} from '../../../sql/export/table.ts';
import { openWorkFolder } from '../../../sql/export/work.ts';
import { xlsxFile } from '../../../sql/export/xlsx.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'wattledger-files-'));
let duckdb: Duckdb;
let connection: DuckDBConnection;
beforeAll(async () => {
  duckdb = await openDuckdb({ memory: '500MB' });
  connection = await duckdb.connect();
});
afterAll(() => {
  connection.closeSync();
  duckdb.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const column = (
  name: string,
  type: FileColumn['type'],
  more: Partial<FileColumn> = {},
): FileColumn => ({
  ...{ name, type, unit: null, title: name },
  ...more,
});
const tableOf = (statement: string, columns: FileColumn[]): FileTable => ({
  ...{ name: 'Zähler 表', title: 'Test', columns },
  about: [{ name: 'zone', value: 'Asia/Shanghai' }],
  source: { connection, statement, parameters: {} },
});
const never = () => new AbortController().signal;
const options = () => ({ signal: never(), workFolder: openWorkFolder(dataDir) });
const bytesOf = async (table: FileTable, format: FileFormat) =>
  Buffer.from(await (await fileResponse(table, format, options())).arrayBuffer());

const everyType = (): FileTable =>
  tableOf(
    `SELECT * FROM (VALUES
    ('=1+1', 9007199254740993::BIGINT, 9223372036854775807::BIGINT, 0.1::DOUBLE, 1.234500::DECIMAL(38, 6),
     -105::BIGINT, true, DATE '2026-11-27', TIMESTAMPTZ '2026-11-27 08:00:00.123+08'),
    ('a"b' || chr(10) || '<&>' || chr(1), 7, -1, 'nan'::DOUBLE, 12345678901234567890.123456,
     900719925474, false, DATE '1899-01-01', TIMESTAMPTZ '1969-12-31 23:59:59Z'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
  ) AS t (name, key, n, x, d, m, b, day, seen_at)`,
    [
      column('name', 'text'),
      column('key', 'id'),
      column('n', 'integer', { unit: 'Wh', sum: true }),
      column('x', 'number'),
      column('d', 'decimal', { sum: true }),
      column('m', 'money', { unit: 'CNY', scale: 2, sum: true }),
      column('b', 'boolean'),
      column('day', 'day'),
      column('seen_at', 'instant'),
    ],
  );
const totals = {
  n: '9223372036854775806',
  d: '12345678901234567891.357956',
  m: '9007199253.69',
};

test('CSV is exact, and its last line has the SHA-256 of all before it', async () => {
  const bytes = await bytesOf(everyType(), 'csv');
  const lines = bytes.toString().split('\r\n');
  expect(lines[1]).toBe(
    `"'=1+1",9007199254740993,9223372036854775807,0.1,1.234500,-1.05,true,2026-11-27,2026-11-27T00:00:00.123Z`,
  );
  expect(bytes.toString()).toContain('\r\n,,,,,,,,\r\n');
  for (const [name, total] of Object.entries(totals)) {
    expect(lines).toContain(`# total ${name} = ${total}`);
  }
  const at = bytes.lastIndexOf('# sha256 = ');
  expect(bytes.subarray(at).toString()).toContain(sha256(bytes.subarray(0, at)));
});

test('JSON parses, money has its currency, and the checksum is of all before the last line', async () => {
  const bytes = await bytesOf(everyType(), 'json');
  const body = JSON.parse(bytes.toString());
  expect(body.rowCount).toBe(3);
  expect(body.data[0]).toMatchObject({
    name: '=1+1',
    key: '9007199254740993',
    m: { amount: '-1.05', currency: 'CNY' },
    d: '1.234500',
    seenAt: '2026-11-27T00:00:00.123Z',
  });
  expect(body.data[1]).toMatchObject({ name: 'a"b\n<&>\u0001', x: null });
  expect(bytes.toString()).toContain('"n":9223372036854775807');
  expect(body.totals.m).toEqual({ amount: totals.m, currency: 'CNY' });
  expect(body.sha256).toBe(sha256(bytes.subarray(0, bytes.lastIndexOf(',"sha256"'))));
});

test('Arrow has the declared types, units in its fields, and totals with its last batch', async () => {
  const bytes = await bytesOf(everyType(), 'arrow');
  const table = tableFromIPC(bytes);
  expect(table.schema.fields.map(({ type }) => String(type))).toEqual([
    ...[
      'Utf8',
      'Utf8',
      'Int64',
      'Float64',
      'Decimal[38e+6]',
      'Decimal[38e+2]',
      'Bool',
      'Date32<DAY>',
    ],
    'Timestamp<MICROSECOND, UTC>',
  ]);
  expect(table.schema.fields[2]?.metadata.get('unit')).toBe('Wh');
  expect(table.get(0)?.toJSON()).toMatchObject({
    name: '=1+1',
    key: '9007199254740993',
    n: 9223372036854775807n,
  });
  expect(table.get(2)?.toJSON()).toMatchObject({ name: null, n: null, day: null });
  const closing = table.batches.at(-1)?.metadata;
  expect([closing?.get('rows'), JSON.parse(closing?.get('totals') ?? '')]).toEqual(['3', totals]);
});

test('Parquet keeps every value, and its footer what the file is', async () => {
  const response = await fileResponse(everyType(), 'parquet', options());
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get('content-length')).toBe(String(bytes.length));
  expect(response.headers.get('content-digest')).toBe(
    `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`,
  );
  expect(response.headers.get('x-rows')).toBe('3');
  const file = join(dataDir, 'every.parquet');
  writeFileSync(file, bytes);
  const rows = await rowsOf(
    connection,
    `SELECT n::VARCHAR AS n, m::VARCHAR AS m, seen_at::VARCHAR AS seen FROM read_parquet('${file}')`,
  );
  expect(rows).toEqual([
    { n: '9223372036854775807', m: '-1.05', seen: '2026-11-27 00:00:00.123' },
    { n: '-1', m: '9007199254.74', seen: '1969-12-31 23:59:59' },
    { n: null, m: null, seen: null },
  ]);
  const said = await rowsOf<{ k: string; v: string }>(
    connection,
    `SELECT decode(key) AS k, decode(value) AS v FROM parquet_kv_metadata('${file}')`,
  );
  const closing = said.find(({ k }) => k === 'closing')?.v ?? '';
  expect(JSON.parse(closing)).toEqual({ rows: 3, totals });
  const footer = bytes.readUInt32LE(bytes.length - 8) + 8;
  expect(said.find(({ k }) => k === 'sha256')?.v).toBe(sha256(bytes.subarray(0, -footer)));
});

test('what is known only at the end travels in every format, however long', async () => {
  const names = Array.from({ length: 400 }, (_, i) => `reason ${i}`);
  const table: FileTable = {
    ...everyType(),
    tallies: [{ name: 'known', sql: 'n IS NOT NULL' }],
    closing: ({ rows, tallies }) => ({
      totals: { share: Number(tallies.known) / rows },
      beside: { proof: { difference: { amount: '0.00', currency: 'CNY' } }, names },
    }),
  };
  const json = JSON.parse(String(await bytesOf(table, 'json')));
  expect([json.totals.share, json.proof.difference.amount, json.names]).toEqual([
    2 / 3,
    '0.00',
    names,
  ]);
  const csv = String(await bytesOf(table, 'csv'));
  expect(csv).toContain(`# total share = ${2 / 3}\r\n`);
  expect(csv).toContain('# proof difference = 0.00 CNY\r\n');
  const metadata = tableFromIPC(await bytesOf(table, 'arrow')).batches.at(-1)?.metadata;
  expect([JSON.parse(metadata?.get('totals') ?? '').share, metadata?.get('names 400')]).toEqual([
    String(2 / 3),
    'reason 399',
  ]);
  const about = (await readXlsx(await bytesOf(table, 'xlsx'))).sheets.at(-1);
  expect(about?.rows).toContainEqual(['names 400', 'reason 399']);
  const bytes = await bytesOf(table, 'parquet');
  const file = join(dataDir, 'ending.parquet');
  writeFileSync(file, bytes);
  const [count] = await rowsOf<{ n: bigint }>(
    connection,
    `SELECT count(m) AS n FROM read_parquet('${file}')`,
  );
  const said = await rowsOf<{ k: string; v: string }>(
    connection,
    `SELECT decode(key) AS k, decode(value) AS v FROM parquet_kv_metadata('${file}')`,
  );
  const closing = JSON.parse(said.find(({ k }) => k === 'closing')?.v ?? '');
  expect([count?.n, closing.rows, closing.totals.share, closing['names 400']]).toEqual([
    ...[2n, 3, String(2 / 3), 'reason 399'],
  ]);
});

test('XLSX: another reader finds text, numbers, days, and what is too exact for a number as text', async () => {
  const book = await readXlsx(await bytesOf(everyType(), 'xlsx'));
  const [data, about] = book.sheets;
  const [header, first, second] = data?.rows ?? [];
  expect(header).toContain('n (Wh)');
  expect(first?.slice(0, 7)).toEqual([
    ...['=1+1', '9007199254740993', '9223372036854775807', 0.1, 1.2345, -1.05, true],
  ]);
  expect(first?.[7]).toEqual(new Date('2026-11-27T00:00:00Z'));
  expect(second?.slice(0, 6)).toEqual([
    ...['a"b\n<&>\ufffd', '7', -1, null, '12345678901234567890.123456', 9007199254.74],
  ]);
  expect(second?.[7]).toBe('1899-01-01');
  expect(about?.rows).toContainEqual(['total m', totals.m]);
  expect(about?.rows).toContainEqual(['rows', '3 (complete)']);
});

test('XLSX goes on on the next sheet, says so, and adds up', async () => {
  const table = tableOf('SELECT range AS n FROM range(10000)', [
    column('n', 'integer', { sum: true }),
  ]);
  const parts: Buffer[] = [];
  const source = await openSource(table, never());
  for await (const part of xlsxFile(table, source, { sheetRowsMax: 3001 })) parts.push(part);
  const book = await readXlsx(Buffer.concat(parts));
  expect(book.sheets.map(({ name }) => name)).toEqual([
    ...['Data 1 of 4', 'Data 2 of 4', 'Data 3 of 4', 'Data 4 of 4', 'About'],
  ]);
  const numbers = book.sheets
    .slice(0, -1)
    .flatMap(({ rows }) => rows.slice(1).map(([n]) => Number(n)));
  expect(numbers).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  const about = book.sheets.at(-1)?.rows ?? [];
  expect(about).toContainEqual(['rows of Data 4 of 4', '1000']);
  expect(about).toContainEqual(['total n', '49995000']);
});

test.each(fileFormats)(
  '%s of rows from elsewhere, in portions, is the same file',
  async (format) => {
    const columns = [
      column('name', 'text'),
      column('n', 'integer', { sum: true }),
      column('seen_at', 'instant'),
    ];
    async function* portions() {
      for (let p = 0; p < 3; p++) {
        yield Array.from({ length: 2500 }, (_, i) => [
          `n${p * 2500 + i}`,
          BigInt(p * 2500 + i),
          new Date(i),
        ]);
      }
    }
    const rows: FileTable = {
      ...tableOf('', columns),
      source: { connection, portions: portions() },
    };
    const query = tableOf(
      `SELECT 'n' || range AS name, range AS n, make_timestamp((range % 2500) * 1000) AS seen_at FROM range(7500)`,
      columns,
    );
    const [a, b] = [await bytesOf(rows, format), await bytesOf(query, format)];
    if (format === 'csv' || format === 'json') return expect(a.equals(b)).toBe(true);
    // Batches and row groups are cut otherwise: compared is what a reader finds.
    expect(await read(a, format)).toEqual(await read(b, format));
  },
);

async function read(bytes: Buffer, format: FileFormat): Promise<unknown> {
  if (format === 'arrow')
    return tableFromIPC(bytes)
      .toArray()
      .map((row) => row.toJSON());
  if (format === 'xlsx') return (await readXlsx(bytes)).sheets[0]?.rows;
  const file = join(dataDir, 'read.parquet');
  writeFileSync(file, bytes);
  return rowsOf(
    connection,
    `SELECT name, n, seen_at::VARCHAR AS seen FROM read_parquet('${file}')`,
  );
}

/** Rows without end, that cost something. */
const ENDLESS = `SELECT range AS n, md5(range::VARCHAR) AS name FROM range(4000000000)`;
const endless = () =>
  tableOf(ENDLESS, [column('n', 'integer', { sum: true }), column('name', 'text')]);

test.each(fileFormats)(
  '%s: who has gone ends the statement at once, and nothing is left',
  async (format) => {
    const gone = new AbortController();
    let ended = 0;
    const own = await duckdb.connect();
    const table = { ...endless(), source: { connection: own, statement: ENDLESS, parameters: {} } };
    const answer = fileResponse(table, format, {
      ...options(),
      signal: gone.signal,
      onEnd: () => {
        ended = performance.now();
        own.closeSync();
      },
    }).then((response) => response.arrayBuffer());
    answer.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    const at = performance.now();
    gone.abort(new Error('the client has gone'));
    await expect(answer).rejects.toThrow('the client has gone');
    await expect.poll(() => ended).toBeGreaterThan(0);
    // Its rows would take minutes.
    expect(ended - at).toBeLessThan(15_000);
    expect(work()).toEqual([]);
  },
);

test('a client that takes nothing is cut off, and can see that the file is not whole', async () => {
  const ended: string[] = [];
  const server = await serving(async (request) => {
    const own = await duckdb.connect();
    const table = { ...endless(), source: { connection: own, statement: ENDLESS, parameters: {} } };
    return fileResponse(table, 'csv', {
      ...options(),
      signal: request.signal,
      stallMs: 300,
      onEnd: () => {
        own.closeSync();
        ended.push('ended');
      },
    });
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  socket.pause();
  await expect.poll(() => ended.length).toBe(1);
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  const got = Buffer.concat(chunks).toString('latin1');
  expect(got).toMatch(/transfer-encoding: chunked/i);
  // Neither the last chunk of HTTP nor the line that a whole file ends with.
  expect(got.endsWith('0\r\n\r\n')).toBe(false);
  expect(got).not.toContain('# sha256');
  server.close();
});

test('a statement that fails before its first row is a failure, not half a file', async () => {
  const table = tableOf("SELECT error('no such luck') AS n", [column('n', 'integer')]);
  for (const format of fileFormats) {
    await expect(fileResponse(table, format, options())).rejects.toThrow('no such luck');
  }
  expect(work()).toEqual([]);
});

test.each(fileFormats)(
  '%s: a statement that fails on its way leaves no whole file',
  async (format) => {
    const failing = `SELECT CASE WHEN range = 150000 THEN error('half way') ELSE range END::BIGINT AS n,
    md5(range::VARCHAR) AS name FROM range(3000000)`;
    const table = tableOf(failing, [column('n', 'integer', { sum: true }), column('name', 'text')]);
    const whole = fileResponse(table, format, options()).then((response) => response.arrayBuffer());
    await expect(whole).rejects.toThrow(format === 'parquet' ? 'half way' : 'broke off');
  },
);

test('rows stay in their order, and all of them', async () => {
  const table = tableOf('SELECT range AS n FROM range(300000) ORDER BY hash(range)', [
    column('n', 'integer'),
  ]);
  const lines = (await bytesOf(table, 'csv')).toString().split('\r\n').slice(1, 300_001);
  const wanted = await rowsOf<{ n: bigint }>(
    connection,
    'SELECT range AS n FROM range(300000) ORDER BY hash(range)',
  );
  expect(lines.every((line, i) => line === String(wanted[i]?.n))).toBe(true);
});

test('a name beyond ASCII travels in both spellings', async () => {
  const response = await fileResponse(everyType(), 'csv', options());
  expect(response.headers.get('content-disposition')).toBe(
    `attachment; filename="Z_hler _.csv"; filename*=UTF-8''Z%C3%A4hler%20%E8%A1%A8.csv`,
  );
  await response.body?.cancel();
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0;
// Only root may make a disk that is small enough to be filled.
test.skipIf(!canMount)('a disk that is full is told as such, and the part is removed', async () => {
  const small = join(dataDir, 'small');
  mkdirSync(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small]);
  try {
    const table = endless();
    const workFolder = openWorkFolder(small);
    await expect(
      fileResponse(table, 'parquet', { signal: never(), workFolder }),
    ).rejects.toMatchObject({
      code: 'disk-full',
    });
    expect(readdirSync(join(small, 'exports', 'work'))).toEqual([]);
  } finally {
    execFileSync('umount', [small]);
  }
});

test('what a process before left in the work folder goes', async () => {
  const old = join(dataDir, 'exports', 'work', 'file-old');
  mkdirSync(old, { recursive: true });
  await bytesOf(everyType(), 'parquet');
  expect(existsSync(old)).toBe(false);
  expect(work()).toEqual([]);
});

const work = (): string[] => readdirSync(join(dataDir, 'exports', 'work'));
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function serving(answer: (request: Request) => Promise<Response>): Promise<Server> {
  const server = createServer(getRequestListener(answer));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

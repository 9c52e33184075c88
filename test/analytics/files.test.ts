/** Reports as files: the same rows and totals in every format, and the data behind them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { readXlsx } from 'hucre/xlsx';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rowsOf } from '../../sql/duckdb.ts';
import { openPark, type Park } from './park.ts';

const zone = 'Asia/Shanghai';
let park: Park;
let at: string;
const range = 'from=2026-11-20&to=2026-11-22';
const quantities = [10, 20, 30];

beforeAll(async () => {
  park = await openPark();
  const project = await park.project(zone);
  at = `/projects/${project}/reports`;
  const points: string[] = [];
  for (const [i, name] of ['=1+1', '苏中, "A"', '@c'].entries()) {
    const point = { project_id: project, code: `a${i}`, name, commodity: 'electricity' };
    points.push(await park.insert('points', point));
  }
  await park.writeIntervals(
    project,
    zone,
    points.flatMap((point, i) =>
      ['2026-11-20', '2026-11-21'].map((day) => ({
        point,
        day,
        slot: 3,
        quantity: quantities[i] ?? 0,
      })),
    ),
  );
  await park.export(project, zone, true);
});
afterAll(() => park.close());

const fileOf = async (path: string) => {
  const response = await park.get(`${at}/${path}`);
  if (response.status !== 200) throw new Error(await response.text());
  return Buffer.from(await response.arrayBuffer());
};

test.each([
  ['ranking', '', 120],
  ['intervals', '', 120],
  ['energy', '&by=point&unit=day', 120],
])('%s adds up to the same in five formats', async (name, more, total) => {
  const query = `${name}?${range}${more}&format=`;
  const json = JSON.parse(String(await fileOf(`${query}json`)));
  expect(json.totals.quantity).toBe(total);
  const sum = async (read: string, bytes: Buffer, format: string) => {
    const file = join(park.dataDir, `report.${format}`);
    writeFileSync(file, bytes);
    const connection = await park.duckdb.connect();
    const [row] = await rowsOf<{ n: bigint; q: bigint }>(
      connection,
      `SELECT count(*) AS n, sum(quantity)::BIGINT AS q FROM ${read.replace('$file', `'${file}'`)}`,
    );
    connection.closeSync();
    return [Number(row?.n), Number(row?.q)];
  };
  const rows = json.rowCount;
  expect(rows).toBe(json.data.length);
  const csv = await fileOf(`${query}csv`);
  expect(await sum("read_csv($file, comment = '#', header = true)", csv, 'csv')).toEqual([
    rows,
    total,
  ]);
  const parquet = await fileOf(`${query}parquet`);
  expect(await sum('read_parquet($file)', parquet, 'parquet')).toEqual([rows, total]);
  const arrow = tableFromIPC(await fileOf(`${query}arrow`));
  const summed = [...(arrow.getChild('quantity') ?? [])].reduce((a, b) => a + (b ?? 0n), 0n);
  expect([arrow.numRows, summed]).toEqual([rows, BigInt(total)]);
  const book = await readXlsx(await fileOf(`${query}xlsx`));
  const [data, about] = book.sheets;
  const cells = data?.rows.slice(1) ?? [];
  const column = data?.rows[0]?.findIndex((title) =>
    /^(Energy|Quantity) \(Wh\)$/.test(String(title)),
  );
  expect(column).toBeGreaterThan(0);
  expect(cells.reduce((a, row) => a + Number(row[column ?? 0] ?? 0), 0)).toBe(total);
  expect(cells.flat()).toContain('=1+1');
  expect(about?.name).toBe('About');
  expect(about?.rows).toContainEqual(['total quantity', String(total)]);
});

test.each(['charges', 'entries', 'registers', 'samples'])(
  '%s can be had even when there are none',
  async (name) => {
    const body = JSON.parse(String(await fileOf(`${name}?${range}&format=json`)));
    expect([body.rowCount, body.data]).toEqual([0, []]);
    expect((await fileOf(`${name}?${range}&format=csv`)).toString()).toContain(
      '# rows = 0 (complete)',
    );
    expect(tableFromIPC(await fileOf(`${name}?${range}&format=arrow`)).numRows).toBe(0);
    expect((await readXlsx(await fileOf(`${name}?${range}&format=xlsx`))).sheets.length).toBe(2);
    const page = await park.get(`${at}/${name}?${range}`);
    expect((await page.json()).rowCount).toBe(0);
  },
);

test('a format that there is not is told with those that there are', async () => {
  for (const name of ['energy', 'ranking']) {
    const answer = await park.get(`${at}/${name}?${range}&format=pdf`);
    expect([answer.status, (await answer.json()).code]).toEqual([406, 'format-unknown']);
  }
});

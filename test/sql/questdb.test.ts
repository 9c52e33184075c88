/** What QuestDB promises us: a resend disappears, a conflict stays, nothing is made by accident. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openDuckdb, rowsOf } from '../../sql/duckdb.ts';
import { openQuestdb, type Questdb, QuestdbError } from '../../sql/questdb.ts';

let questdb: Questdb;
let folder: string;
// Meter ids of this run only: the server is shared by all tests.
const meter = (n: number) => `${900_000_000 + (process.pid % 100_000) * 100 + n}`;
const AT = 1_767_225_600_000_000_000n;

beforeAll(async () => {
  questdb = openQuestdb({ url: inject('questdbUrl') });
  folder = await mkdtemp(join(tmpdir(), 'questdb-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sample = (m: string, digest: number, activeWh: number, at = AT) =>
  `samples,project=1,meter=${m},quality=ok digest=${digest}i,active_wh=${activeWh}i ${at}\n`;

async function samplesOf(m: string) {
  await questdb.settled(['samples']);
  return (
    await questdb.exec(`SELECT digest, active_wh FROM samples WHERE meter = '${m}' ORDER BY digest`)
  ).rows;
}

describe('samples', () => {
  test('a batch that is sent three times is kept once', async () => {
    const batch = sample(meter(1), 7, 100) + sample(meter(1), 8, 110, AT + 60_000_000_000n);
    for (let i = 0; i < 3; i++) await questdb.write(batch);
    expect(await samplesOf(meter(1))).toEqual([
      [7, 100],
      [8, 110],
    ]);
  });

  test('two different readings of one instant both stay', async () => {
    await questdb.write(sample(meter(2), 1, 100));
    await questdb.write(sample(meter(2), 2, 999));
    expect(await samplesOf(meter(2))).toEqual([
      [1, 100],
      [2, 999],
    ]);
  });

  test('line protocol makes neither a table nor a column', async () => {
    const typo = (line: string) => questdb.write(line).catch((error: unknown) => error);
    expect(await typo(`sampels,meter=1 active_wh=1i ${AT}\n`)).toBeInstanceOf(QuestdbError);
    expect(await typo(`samples,meter=1 aktive_wh=1i ${AT}\n`)).toBeInstanceOf(QuestdbError);
    const tables = (await questdb.exec('SELECT table_name FROM tables()')).rows.flat();
    expect(tables).not.toContain('sampels');
    expect(
      (await questdb.exec('SELECT "column" FROM table_columns(\'samples\')')).rows.flat(),
    ).not.toContain('aktive_wh');
  });
});

describe('intervals', () => {
  test('a newer version replaces the interval and stays beside the older in interval_versions', async () => {
    const row = (table: string, version: number, quantity: number) =>
      `${table},project=1,point=${meter(3)},quality=measured local_day=20260101i,local_slot=0i,quantity=${quantity}i,version=${version}i ${AT}\n`;
    for (const [version, quantity] of [
      [1, 10],
      [2, 12],
    ] as const) {
      await questdb.write(
        row('interval_versions', version, quantity) + row('intervals', version, quantity),
      );
    }
    await questdb.settled(['intervals', 'interval_versions']);
    const of = async (table: string) =>
      (
        await questdb.exec(
          `SELECT version, quantity FROM ${table} WHERE point = '${meter(3)}' ORDER BY version`,
        )
      ).rows;
    expect(await of('intervals')).toEqual([[2, 12]]);
    expect(await of('interval_versions')).toEqual([
      [1, 10],
      [2, 12],
    ]);
  });

  test('an export is Parquet that DuckDB reads, and a wrong query leaves no file', async () => {
    const file = join(folder, 'intervals.parquet');
    await questdb.exportParquet(
      `SELECT ts, quantity FROM intervals WHERE point = '${meter(3)}'`,
      file,
    );
    const duckdb = await openDuckdb({ memory: '256MB', threads: 1 });
    const connection = await duckdb.connect();
    expect(await rowsOf(connection, `SELECT quantity FROM '${file}'`)).toEqual([{ quantity: 12n }]);
    connection.closeSync();
    duckdb.close();
    await expect(
      questdb.exportParquet('SELECT nothing FROM nowhere', join(folder, 'no')),
    ).rejects.toThrow(QuestdbError);
  });
});

test('a server that is not there is unreachable, not empty', async () => {
  const nobody = openQuestdb({ url: 'http://127.0.0.1:9' });
  await expect(nobody.exec('SELECT 1')).rejects.toMatchObject({ kind: 'unreachable' });
});

/** The one DuckDB of a process: several askers share it, none can hold it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { openReader, type Reader } from '../../analytics/reader.ts';
import { rowsOf } from '../../sql/duckdb.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'wattledger-reader-'));
const clock = () => new Date();
let reader: Reader;
afterEach(() => reader.close());
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const ENDLESS =
  'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 1';

test('who has gone ends its question at once, and others are answered', async () => {
  reader = openReader({ dataDir, clock });
  const gone = new AbortController();
  const begun = performance.now();
  const abandoned = reader.ask((c) => rowsOf(c, ENDLESS), gone.signal);
  setTimeout(() => gone.abort(new Error('the client has gone')), 200);
  const other = reader.ask((c) => rowsOf(c, 'SELECT 1 AS one'));
  await expect(abandoned).rejects.toThrow('the client has gone');
  expect(performance.now() - begun).toBeLessThan(30_000);
  expect(await other).toEqual([{ one: 1 }]);
});

test('more questions than may wait are refused, and the rest are answered in turn', async () => {
  reader = openReader({ dataDir, clock });
  const gone = new AbortController();
  const held = Array.from({ length: 2 }, () =>
    reader.ask((c) => rowsOf(c, ENDLESS), gone.signal).catch(() => 'ended'),
  );
  const waiting = Array.from({ length: 60 }, () => reader.ask((c) => rowsOf(c, 'SELECT 1 AS one')));
  await expect(reader.ask((c) => rowsOf(c, 'SELECT 1'))).rejects.toMatchObject({
    code: 'too-many-requests',
  });
  gone.abort();
  expect(await Promise.all(held)).toEqual(['ended', 'ended']);
  expect((await Promise.all(waiting)).length).toBe(60);
});

test('a question that needs too much memory is refused, not spilled to disk', async () => {
  reader = openReader({ dataDir, clock, memory: '100MB' });
  const greedy = 'SELECT list(r.range) FROM range(40000000) r';
  await expect(reader.ask((c) => rowsOf(c, greedy))).rejects.toMatchObject({
    code: 'range-too-long',
  });
  const [setting] = await reader.ask((c) =>
    rowsOf<{ t: string }>(c, "SELECT current_setting('temp_directory') AS t"),
  );
  expect(setting?.t).toBe('');
});

/** The harness of the bench: what it keeps of a part, and that a real part runs at its smallest. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type BenchOptions, runBench, saveReport } from './bench.ts';
import { intervals } from './intervals.ts';
import { alternate } from './measure.ts';
import type { Part } from './part.ts';
import { judge, tableOf } from './table.ts';

const folder = mkdtempSync(join(tmpdir(), 'wattledger-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = (parts: readonly Part[], said: string[] = []): BenchOptions => ({
  parts,
  quick: true,
  rounds: 1,
  cacheFolder: folder,
  say: (line) => said.push(line),
  signal: new AbortController().signal,
});

test('a run of the smallest park has the documented shape as JSON', async () => {
  const report = await runBench(options([intervals]));
  const saved = JSON.parse(readFileSync(saveReport(report, join(folder, 'results')), 'utf8'));
  expect(saved).toEqual({
    startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    quick: true,
    rounds: 1,
    machine: {
      cpus: expect.any(Number),
      model: expect.any(String),
      memoryGb: expect.any(Number),
      node: process.version,
    },
    parts: [
      {
        name: 'intervals',
        says: intervals.says,
        seconds: expect.any(Number),
        load: [expect.any(Number), expect.any(Number)],
        rows: [
          {
            ...{ what: 'CPU of one day', unit: 's', target: { ratioMax: 1.5 } },
            ...{ against: expect.any(String), note: expect.stringContaining('intervals') },
            ...{ ours: expect.any(Number), floor: expect.any(Number) },
            ...{ ratio: expect.any(Number), isMet: expect.any(Boolean) },
          },
          expect.objectContaining({ what: 'wall time of one day', unit: 's' }),
        ],
      },
    ],
  });
  const [row] = saved.parts[0].rows;
  expect(row.ratio).toBeCloseTo(row.ours / row.floor, 9);
});

test('a part that fails is told, and the next one still runs', async () => {
  const said: string[] = [];
  const fails: Part = {
    name: 'fails',
    says: 'nothing',
    run: () => Promise.reject(new Error('no')),
  };
  const runs: Part = {
    name: 'runs',
    says: 'one figure',
    run: async ({ scratch, kept }) => {
      expect(existsSync(scratch)).toBe(true);
      let made = 0;
      const make = async () => void made++;
      expect(await kept('data-1', make)).toBe(await kept('data-1', make));
      return [{ what: 'times made', unit: '', ours: made, floor: 1, target: { ratioMax: 1 } }];
    },
  };
  const { parts } = await runBench(options([fails, runs], said));
  expect(parts).toMatchObject([
    { name: 'fails', rows: [], failure: 'no' },
    { name: 'runs', rows: [{ ours: 1, ratio: 1, isMet: true }] },
  ]);
  expect(tableOf(parts)).toMatch(
    /fails {2}FAILED: no\n.*runs +times made +1 +1 +1\.00× +≤ 1× +yes/s,
  );
  expect(said.join('\n')).toContain('runs: one figure');
});

test.each([
  ['ratio reached', { ours: 3, floor: 2, target: { ratioMax: 1.5 } }, true],
  ['ratio missed', { ours: 4, floor: 2, target: { ratioMax: 1.5 } }, false],
  [
    'ratio missed, within what may be added',
    { ours: 9, floor: 2, target: { ratioMax: 1.5, addedMax: 8 } },
    true,
  ],
  ['neither', { ours: 11, floor: 2, target: { ratioMax: 1.5, addedMax: 8 } }, false],
  ['at least', { ours: 9_999, target: { min: 10_000 } }, false],
  ['at most', { ours: 1, target: { max: 1 } }, true],
  ['nothing wanted', { ours: 1 }, null],
])('%s', (_, row, isMet) => {
  expect(judge({ what: 'x', unit: 's', ...row }).isMet).toBe(isMet);
});

test('ours and the floor are taken in turn and the medians count', async () => {
  const order: string[] = [];
  const take = (name: string, values: number[]) => async () => {
    order.push(name);
    const value = values.shift() ?? 0;
    return { wallS: value, cpuS: value };
  };
  const taken = await alternate({
    rounds: 3,
    ours: take('ours', [100, 5, 1, 3]),
    floor: take('floor', [100, 2, 9, 4]),
  });
  expect(taken).toEqual({ ours: { wallS: 3, cpuS: 3 }, floor: { wallS: 4, cpuS: 4 } });
  expect(order.join(' ')).toBe('ours floor floor ours ours floor floor ours');
});

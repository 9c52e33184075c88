/** What a page is told and what a file of the same question says, side by side. */
import { expect } from 'vitest';
import { flattened } from '../../sql/export/ending.ts';
import type { Park } from './park.ts';

/** Expects the file in JSON to be the page, and the totals and proofs of the page at the end of the CSV. */
export async function expectPageInFiles(
  park: Park,
  path: string,
  { isOrdered = true }: { isOrdered?: boolean } = {},
): Promise<void> {
  const page = await (await park.get(path)).json();
  const file = await (await park.get(`${path}&format=json`)).json();
  expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
  const { sha256: _, ...told } = file;
  // Data without an order of their own come as the files are read.
  const inOrder = ({ data, ...rest }: { data: unknown[] }) => ({
    ...rest,
    data: isOrdered ? data : data.map((row) => JSON.stringify(row)).sort(),
  });
  expect(inOrder(told)).toEqual(inOrder(page));
  const csv = await (await park.get(`${path}&format=csv`)).text();
  const { data: _d, columns: _c, parameters: _p, totals, zone, ...others } = page;
  // In words of its own, or not at all.
  const { asOf: _a, ageS: _s, asKnownAt: _k, ...rest } = others;
  expect(csv).toContain(`# zone = ${zone}\r\n`);
  const { rowCount, ...beside } = rest;
  expect(csv).toContain(`# rows = ${rowCount} (complete)\r\n`);
  const lines = new Map(
    [...csv.matchAll(/^# (.*) = (.*)\r$/gm)].map(([, name = '', value = '']) => [
      name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
  const wanted = [
    ...flattened(totals).map(([name, value]) => [`total ${name}`, value]),
    ...flattened(beside),
  ];
  for (const [name = '', value = ''] of wanted) {
    // Columns have their currency in a line of its own; names of nested things keep their spelling.
    expect([name, lines.get(name)?.replace(/ CNY$/, '')]).toEqual([
      name,
      value.replace(/ CNY$/, ''),
    ]);
  }
}

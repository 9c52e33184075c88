/** What a file says after its rows: totals that are no sums, and what stands beside them, such as a proof. */
import type { Closing } from './sums.ts';
import type { FileTable } from './table.ts';

/** As names and texts: `{ fee: { amount: '12.34', currency: 'CNY' } }` → `fee = 12.34 CNY`. */
export function flattened(value: unknown, path = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[path, String(value ?? '-')]];
  if ('amount' in value && 'currency' in value && typeof value.amount === 'string') {
    return [[path, `${value.amount} ${value.currency}`]];
  }
  return Object.entries(value).flatMap(([name, part]) => {
    const own = Array.isArray(value) ? String(Number(name) + 1) : name;
    return flattened(part, path ? `${path} ${own}` : own);
  });
}

/** snake_case → camelCase, as JSON names things. */
export const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** The ending of a table as text; the totals of a file are the sums of its columns and these. */
export function endingText(
  { columns, closing: end }: FileTable,
  closing: Closing,
): { totals: Record<string, string | null>; beside: [string, string][] } {
  const { totals = {}, beside = {} } = end?.(closing) ?? {};
  const names = new Map(columns.map(({ name }) => [camel(name), name]));
  const others = Object.entries(totals).flatMap(([name, value]) =>
    flattened(value, names.get(name) ?? name),
  );
  return {
    totals: { ...closing.totals, ...Object.fromEntries(others) },
    beside: flattened(beside),
  };
}

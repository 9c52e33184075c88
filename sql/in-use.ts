/** What stands in the way of retiring a thing: found by the room that retires, told in one shape. */
import type { SQL } from 'drizzle-orm';
import type { Queryable } from './postgres.ts';
import { Problem } from './problem.ts';

/** Names that a refusal tells of each kind; the count is of all. */
const NAMES_TOLD = 5;

const sentences = {
  points: 'points stand there',
  gateways: 'gateways stand there',
  meters: 'meters hang on it',
  installations: 'it is installed, or will be',
  tenancies: 'it has a tenant, or will have',
  parts: 'points are parts of it',
  commands: 'commands to it are open',
} as const;

/** What can stand in the way; a page has words for each. */
export type UseKind = keyof typeof sentences;

/**
 * Throws Problem `in-use` with a fault a kind, `parameters` naming how many and the first of them, when
 * the query finds anything. Its rows: `kind`, `name`.
 */
export async function assertUnused(tx: Queryable, query: SQL): Promise<void> {
  const { rows } = await tx.execute<{ kind: UseKind; name: string }>(query);
  if (rows.length === 0) return;
  const kinds = [...new Set(rows.map(({ kind }) => kind))].sort();
  const faults = kinds.map((kind) => {
    const all = rows.filter((row) => row.kind === kind).map(({ name }) => name);
    const names =
      all.sort().slice(0, NAMES_TOLD).join(', ') + (all.length > NAMES_TOLD ? ' …' : '');
    const message = `${sentences[kind]}: ${names} (${all.length})`;
    return { at: 'json/retired', code: kind, message, parameters: { count: all.length, names } };
  });
  const told = faults.map(({ message }) => message).join('; ');
  throw new Problem('in-use', `It cannot be retired: ${told}.`, { faults });
}

/** What people type into a field of search, against columns: a part of a text, in any case, taken literally. */
import { type SQL, sql } from 'drizzle-orm';

/**
 * Whether one of the columns (separated by commas; null is none) holds what is searched for, in any
 * case. `%` and `_` are themselves, spaces around it are not looked for, an empty text is in every row.
 */
export const matches = (q: string, columns: SQL): SQL =>
  sql`strpos(lower(concat_ws(chr(10), ${columns})), lower(${q.trim()})) > 0`;

/**
 * For LIKE against a text in small letters: those that hold `q` somewhere, `%` and `_` being themselves.
 * An index of trigrams can answer it, which `matches` cannot; 'as-it-is' leaves its letters alone.
 */
export function likePart(q: string, letters: 'small' | 'as-it-is' = 'small'): SQL {
  const literal = `%${q.trim().replace(/[\\%_]/g, '\\$&')}%`;
  return letters === 'small' ? sql`lower(${literal})` : sql`${literal}`;
}

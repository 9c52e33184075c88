/** Pages of a list that runs from the newest id down: the cursor is the last id that was shown. */
import { Problem } from '../sql/problem.ts';
import { idSchema } from '../sql/route.ts';

/** The id in a cursor. Throws Problem `invalid-request` for anything else. */
export function cursorId(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const parsed = idSchema.safeParse(cursor);
  if (!parsed.success) throw new Problem('invalid-request', 'query/cursor: not a cursor');
  return parsed.data;
}

/** The page of rows that were asked for with one more than `limit`. */
export function pageOf<Row extends { id: string }>(rows: readonly Row[], limit: number) {
  const data = rows.slice(0, limit);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

/** Small words of this room's inserts: the one row made, a broken unique key, who acts. */
import type { Context } from 'hono';
import { violatedConstraint } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { RouteEnv } from '../sql/route.ts';

/** The one row of an INSERT … RETURNING. */
export function only<Row>(rows: readonly Row[]): Row {
  const row = rows[0];
  if (row === undefined || rows.length !== 1) throw new Error(`one row expected, ${rows.length}`);
  return row;
}

/** For `.catch` of an insert: a broken unique key becomes Problem `conflict` with this text. */
export function taken(detail: string): (error: unknown) => never {
  return (error) => {
    if (violatedConstraint(error)?.endsWith('_unique')) {
      throw new Problem('conflict', detail, { cause: error });
    }
    throw error;
  };
}

/** Who acts in which request: the part of an audit line that every act shares. */
export const by = (c: Context<RouteEnv>) => ({
  actor: c.get('access').actor,
  traceId: c.get('traceId'),
});

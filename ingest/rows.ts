/** Small words of this room's inserts: the one row made, a broken key, who acts. */
import type { Context } from 'hono';
import type { Actor } from '../sql/permission.ts';
import { violatedConstraint } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { RouteEnv } from '../sql/route.ts';

/** The one row of an INSERT … RETURNING. */
export function only<Row>(rows: readonly Row[]): Row {
  const row = rows[0];
  if (row === undefined || rows.length !== 1) throw new Error(`one row expected, ${rows.length}`);
  return row;
}

/**
 * For `.catch` of a write: a broken constraint becomes the Problem that stands beside a part of its
 * name; anything else is thrown on.
 * @example .catch(broken({ bus_unit: new Problem('conflict', 'The unit is taken.') }))
 */
export function broken(problems: Record<string, Problem>): (error: unknown) => never {
  return (error) => {
    const constraint = violatedConstraint(error) ?? '';
    for (const [part, problem] of Object.entries(problems)) {
      if (constraint.includes(part)) {
        throw new Problem(problem.code, problem.detail, { cause: error });
      }
    }
    throw error;
  };
}

/** Rows of one statement: the widest of ours costs a dozen parameters, of which a statement takes 65,535. */
export const ROWS_AT_ONCE = 1_000;

/** Inserts in their order, some at a time; what the statement gives back, in that order. */
export async function inSlices<Values, Row>(
  all: readonly Values[],
  insert: (some: Values[]) => PromiseLike<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let from = 0; from < all.length; from += ROWS_AT_ONCE) {
    rows.push(...(await insert(all.slice(from, from + ROWS_AT_ONCE))));
  }
  return rows;
}

/** Who tells which of many is refused, and why; by itself it is thrown as it is. */
export type Refuse = (nth: number, problem: Problem) => never;
export const thrown: Refuse = (_, problem) => {
  throw problem;
};

/** Who acts in which request: the part of an audit line that every act shares. */
export const by = (c: Context<RouteEnv>) => ({
  actor: c.get('access').actor,
  traceId: c.get('traceId'),
});

/** The cursor of a list in order of id: the last id shown. */
export function pageOf<Row extends { id: string }>(rows: readonly Row[], limit: number) {
  const data = rows.slice(0, limit);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

/** In which project who acts: what an act of this room takes beside its own words. */
export interface Acting {
  projectId: string;
  actor: Actor;
  traceId: string;
}

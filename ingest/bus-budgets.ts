/** The budgets of a project's buses as they stand in Postgres, and the refusal of a meter that does not fit. */
import { z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { type BusBudget, budgetOf, type SerialLine } from './bus-budget.ts';
import { modelOf } from './models.ts';

export const lineSchema = z
  .object({
    baud: z.union(
      [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200].map((n) => z.literal(n)),
    ),
    parity: z.enum(['none', 'even', 'odd']),
    stopBits: z.union([z.literal(1), z.literal(2)]),
  })
  .openapi('SerialLine', { description: 'How the line behind the gateway is set' });

export const budgetSchema = z
  .object({
    baud: z.number().int(),
    assumed: z.boolean().openapi({ description: 'Nobody has said how the line is set' }),
    busyMsPerMinute: z.number().int(),
    limitMsPerMinute: z.number().int(),
    fits: z.boolean(),
  })
  .openapi('BusBudget', { description: 'Time of the line that the readings need, of each minute' });

/** A line as it is stored: what an older entry left out is as usual. */
export const lineOf = (
  stored: { baud?: number; parity?: string; stopBits?: number } | null,
): SerialLine | null =>
  stored?.baud === undefined
    ? null
    : {
        baud: stored.baud,
        parity: stored.parity === 'even' || stored.parity === 'odd' ? stored.parity : 'none',
        stopBits: stored.stopBits === 2 ? 2 : 1,
      };

interface OnBus {
  id: string;
  model: string;
  seconds: number;
}
interface BusRead {
  line: SerialLine | null;
  meters: OnBus[];
  /** Between two readings where a meter has nothing of its own. */
  usualSeconds: number;
}

/** Each bus with its line and the meters read on it at an instant; of one bus where it is named. */
async function readBuses(
  db: Queryable,
  { projectId, at, busId = null }: { projectId: string; at: Date; busId?: string | null },
): Promise<Map<string, BusRead>> {
  const { rows } = await db.execute<{
    bus_id: string;
    line: Parameters<typeof lineOf>[0];
    id: string | null;
    model: string;
    seconds: number;
    usual_seconds: number;
  }>(sql`
    SELECT b.id::text AS bus_id, b.line, m.id::text, m.model, r.poll_seconds AS usual_seconds,
      coalesce(c.seconds, r.poll_seconds) AS seconds
    FROM buses b JOIN projects r ON r.id = b.project_id
    LEFT JOIN meters m ON m.project_id = b.project_id AND m.bus_id = b.id
      AND m.retired_at IS NULL AND m.unit IS NOT NULL
    LEFT JOIN schedules c ON c.project_id = m.project_id AND c.meter_id = m.id
      AND c.valid_from <= ${at.toISOString()}::timestamptz
      AND (c.valid_to IS NULL OR c.valid_to > ${at.toISOString()}::timestamptz)
    WHERE b.project_id = ${projectId}::bigint
      AND (${busId}::bigint IS NULL OR b.id = ${busId}::bigint)`);
  const found = new Map<string, BusRead>();
  for (const { bus_id: bus, line, id, model, seconds, usual_seconds: usualSeconds } of rows) {
    const read = found.get(bus) ?? { line: lineOf(line), meters: [], usualSeconds };
    found.set(bus, read);
    if (id !== null) read.meters.push({ id, model, seconds });
  }
  return found;
}

const budgetOfBus = ({ line, meters }: Pick<BusRead, 'line' | 'meters'>): BusBudget =>
  budgetOf(
    meters.flatMap(({ model: name, seconds }) => {
      const model = modelOf(name);
      return model ? [{ model, seconds }] : [];
    }),
    line,
  );

/** Budgets by bus, at an instant. */
export async function budgetsOf(
  db: Queryable,
  where: { projectId: string; at: Date; busId?: string },
): Promise<Map<string, BusBudget>> {
  const read = await readBuses(db, where);
  return new Map([...read].map(([id, bus]) => [id, budgetOfBus(bus)]));
}

/**
 * What it would be with one more meter, or with one that is there read otherwise; without a model it stays
 * as it is. Undefined: no such bus.
 */
export async function budgetWith(
  db: Queryable,
  {
    meterId,
    model,
    seconds,
    ...where
  }: {
    projectId: string;
    at: Date;
    busId: string;
    meterId: string | null;
    model: string | null;
    /** Null: as the project's default. */
    seconds: number | null;
  },
): Promise<{ before: BusBudget; after: BusBudget } | undefined> {
  const bus = (await readBuses(db, where)).get(where.busId);
  if (!bus) return undefined;
  if (model === null) return { before: budgetOfBus(bus), after: budgetOfBus(bus) };
  const others = bus.meters.filter(({ id }) => id !== meterId);
  const meters = [...others, { id: '', model, seconds: seconds ?? bus.usualSeconds }];
  return { before: budgetOfBus(bus), after: budgetOfBus({ line: bus.line, meters }) };
}

/**
 * For the end of an act that put a meter on a bus or reads one more often. Throws Problem `bus-overloaded`
 * when the line, as it is stated, cannot carry that; one that nobody has described refuses nothing.
 */
export async function assertFits(
  tx: Tx,
  where: { projectId: string; busId: string; at: Date },
): Promise<void> {
  const budget = (await budgetsOf(tx, where)).get(where.busId);
  if (!budget || budget.fits || budget.assumed) return;
  const percent = Math.round((100 * budget.busyMsPerMinute) / 60_000);
  const limit = Math.round((100 * budget.limitMsPerMinute) / 60_000);
  const told = `Readings would need ${percent} % of the line's time at ${budget.baud} baud; ${limit} % can be used.`;
  const parameters = { percent, limit, baud: budget.baud };
  const fault = { at: 'json/pollSeconds', message: told, code: 'bus-overloaded', parameters };
  throw new Problem('bus-overloaded', told, { faults: [fault] });
}

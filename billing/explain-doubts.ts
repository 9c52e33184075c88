/** Readings that history contradicts, and ratios in doubt: what people decided of them, and what is held back until they do. */
import { type SQL, sql } from 'drizzle-orm';
import { SLOT_MS } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { ExplainedMeter } from './explain-readings.ts';

export const doubtRules = [
  'reversal',
  'reset',
  'spike',
  'replacement',
  'ratio',
  'conflict',
] as const;

export interface Doubt {
  id: string;
  meterId: string;
  rule: (typeof doubtRules)[number];
  /** Of the doubted reading, and of the good one before it. */
  ms: number;
  previousMs: number | null;
  register: bigint | null;
  /** It holds back everything after it, not only its own quarter-hours. */
  breaks: boolean;
  /** Null: nobody has decided yet. */
  decision: 'exclude' | 'new-base' | null;
  /** The reading does not count: a person said so, or it is a spike that waits for one. */
  isLeftOut: boolean;
}

/** Quarter-hours, as [fromMs, toMs), in which nothing is billed before a person has decided. */
export interface Held {
  id: string;
  rule: Doubt['rule'];
  fromMs: number;
  toMs: number;
}

/** Doubts of a point's meters up to an instant that still stand. */
export async function readDoubts(
  db: Queryable,
  {
    projectId,
    pointId,
    before,
    ofMeters,
  }: { projectId: string; pointId: string; before: string; ofMeters: SQL },
): Promise<Doubt[]> {
  const { rows } = await db.execute<{
    id: string;
    meter_id: string;
    rule: Doubt['rule'];
    at: number;
    previous_at: number | null;
    register: string | null;
    breaks: boolean;
    decision: 'exclude' | 'new-base' | 'reopened' | null;
  }>(sql`
    SELECT q.id::text, q.meter_id::text, q.rule, (extract(epoch FROM q.at) * 1000)::float8 AS at,
      (extract(epoch FROM q.previous_at) * 1000)::float8 AS previous_at, q.register::text,
      coalesce((q.detail ->> 'breaks')::boolean, false) AS breaks, d.decision
    FROM quarantines q LEFT JOIN LATERAL (SELECT decision FROM quarantine_decisions d
      WHERE d.project_id = q.project_id AND d.quarantine_id = q.id ORDER BY d.id DESC LIMIT 1) d ON true
    WHERE q.project_id = ${projectId}::bigint AND q.point_id = ${pointId}::bigint
      AND q.meter_id ${ofMeters} AND coalesce(q.previous_at, q.at) < ${before}::timestamptz
      AND d.decision IS DISTINCT FROM 'withdrawn'
    ORDER BY q.at, q.id`);
  return rows.map((row) => {
    const decision = row.decision === 'reopened' ? null : row.decision;
    const isSpike = !row.breaks && row.rule !== 'ratio' && row.rule !== 'conflict';
    return {
      ...{ id: row.id, meterId: row.meter_id, rule: row.rule, breaks: row.breaks, decision },
      ...{ ms: row.at, previousMs: row.previous_at },
      register: row.register === null ? null : BigInt(row.register),
      isLeftOut: row.rule !== 'ratio' && (decision === 'exclude' || (decision === null && isSpike)),
    };
  });
}

/** What undecided doubts hold back of the quarter-hours of these meters. */
export function heldRanges(doubts: readonly Doubt[], meters: readonly ExplainedMeter[]): Held[] {
  return doubts.flatMap((doubt) => {
    const { id, rule, ms, previousMs, breaks } = doubt;
    const meter = meters.find(
      (m) => m.meterId === doubt.meterId && ms >= m.startMs && ms <= m.endMs,
    );
    if (doubt.decision !== null || rule === 'conflict' || !meter) return [];
    const held = (fromMs: number, toMs: number): Held => ({
      ...{ id, rule, fromMs: Math.floor(fromMs / SLOT_MS) * SLOT_MS },
      toMs: Math.ceil(toMs / SLOT_MS) * SLOT_MS,
    });
    if (rule === 'ratio') return held(ms, meter.endMs);
    const from = previousMs ?? ms;
    if (!breaks) return held(from, meter.readings.find((r) => r.ms > ms)?.ms ?? ms + 1);
    // Up to where counting began anew.
    const wall = doubts.find(
      (d) => d.meterId === doubt.meterId && d.decision === 'new-base' && d.ms > ms,
    );
    return held(from, wall?.previousMs ?? wall?.ms ?? meter.endMs);
  });
}

/**
 * What the rules of quality found, kept: raised once, cleared when the data no longer shows it, left alone when
 * a person has said that it is in order. A doubted ratio is a quarantine: it holds the point back.
 */
import { sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import type { Tx } from '../sql/postgres.ts';
import type { DoubtedRatio, Finding } from './quality-rules.ts';
import { rebuildFrom } from './rebuild.ts';

/** A finding of a day that is not over is told anew only when its energy has changed so much. */
const CHANGE_SHARE = 0.25;

interface Kept {
  id: string;
  rule: string;
  point_id: string;
  meter_id: string | null;
  from_ms: string;
  to_ms: string;
  energy: string | null;
  decision: 'cleared' | 'dismissed' | 'reopened' | null;
}

/** Makes the findings of a day equal to `found`; returns how many were raised and cleared. */
export async function keepFindings(
  tx: Tx,
  {
    projectId,
    day,
    found,
    isOver,
  }: { projectId: string; day: LocalDay; found: readonly Finding[]; isOver: boolean },
): Promise<{ raised: number; cleared: number }> {
  const { rows } = await tx.execute<Kept & Record<string, unknown>>(sql`
    SELECT f.id::text, f.rule, f.point_id::text, f.meter_id::text, f.energy::text, d.decision,
      (extract(epoch FROM f.from_at) * 1000)::bigint::text AS from_ms,
      (extract(epoch FROM f.to_at) * 1000)::bigint::text AS to_ms
    FROM quality_findings f LEFT JOIN LATERAL (
      SELECT decision FROM quality_finding_decisions d
      WHERE d.project_id = f.project_id AND d.finding_id = f.id ORDER BY d.id DESC LIMIT 1) d ON true
    WHERE f.project_id = ${projectId}::bigint AND f.local_day = ${day}::date
      AND d.decision IS DISTINCT FROM 'cleared'`);
  const keyOf = (rule: string, point: string, meter: string | null) => `${rule}/${point}/${meter}`;
  const kept = new Map(rows.map((row) => [keyOf(row.rule, row.point_id, row.meter_id), row]));
  const raised: Finding[] = [];
  const cleared = new Map(rows.filter((r) => r.decision !== 'dismissed').map((r) => [r.id, r]));
  for (const finding of found) {
    const before = kept.get(keyOf(finding.rule, finding.pointId, finding.meterId));
    if (before && (before.decision === 'dismissed' || isSame(before, finding, isOver))) {
      cleared.delete(before.id);
      continue;
    }
    raised.push(finding);
  }
  await tx.execute(sql`
    INSERT INTO quality_finding_decisions (project_id, finding_id, decision, decided_by, reason)
    SELECT ${projectId}::bigint, id, 'cleared', 'system', 'the data no longer shows it'
    FROM unnest(${`{${[...cleared.keys()].join()}}`}::bigint[]) AS t (id)`);
  await tx.execute(sql`
    INSERT INTO quality_findings (project_id, rule, point_id, meter_id, local_day, from_at, to_at, energy, detail)
    SELECT ${projectId}::bigint, rule, "pointId", "meterId", ${day}::date, to_timestamp("fromMs" / 1000.0),
      to_timestamp("toMs" / 1000.0), energy, detail
    FROM jsonb_to_recordset(${JSON.stringify(raised)}::jsonb) AS t (rule text, "pointId" bigint,
      "meterId" bigint, "fromMs" bigint, "toMs" bigint, energy bigint, detail jsonb)`);
  return { raised: raised.length, cleared: cleared.size };
}

function isSame(before: Kept, found: Finding, isOver: boolean): boolean {
  const energy = before.energy === null ? null : Number(before.energy);
  if (isOver) {
    return (
      Number(before.from_ms) === found.fromMs &&
      Number(before.to_ms) === found.toMs &&
      energy === found.energy
    );
  }
  return Math.abs((found.energy ?? 0) - (energy ?? 0)) <= CHANGE_SHARE * (energy ?? 0);
}

/**
 * Raises a quarantine for each meter whose own ratio differs from its installation's, unless a person has signed
 * that very ratio, and withdraws those that no longer differ. The points are not billed until someone signs.
 */
export async function keepRatios(
  tx: Tx,
  { projectId, doubted }: { projectId: string; doubted: readonly DoubtedRatio[] },
): Promise<number> {
  const { rows } = await tx.execute<{
    id: string;
    point_id: string;
    meter_id: string;
    at_ms: string;
    said: { ct: number; pt: number };
    ct: number;
    pt: number;
    decision: string | null;
  }>(sql`
    SELECT q.id::text, q.point_id::text, q.meter_id::text, q.detail -> 'said' AS said, i.ct, i.pt,
      (extract(epoch FROM q.at) * 1000)::bigint::text AS at_ms,
      (SELECT decision FROM quarantine_decisions d WHERE d.project_id = q.project_id
        AND d.quarantine_id = q.id ORDER BY d.id DESC LIMIT 1) AS decision
    FROM quarantines q JOIN installations i ON i.project_id = q.project_id AND i.meter_id = q.meter_id
      AND i.point_id = q.point_id AND q.at >= i.valid_from AND (i.valid_to IS NULL OR q.at < i.valid_to)
    WHERE q.project_id = ${projectId}::bigint AND q.rule = 'ratio'`);
  const isOpen = (decision: string | null) => decision === null || decision === 'reopened';
  const settled = rows.filter(
    (r) => isOpen(r.decision) && r.said.ct === r.ct && r.said.pt === r.pt,
  );
  const known = new Set(
    rows
      .filter((r) => r.decision !== 'withdrawn')
      .map((r) => `${r.meter_id}/${r.point_id}/${r.said.ct}/${r.said.pt}`),
  );
  const raised = doubted.filter(
    (d) => !known.has(`${d.meterId}/${d.pointId}/${d.said.ct}/${d.said.pt}`),
  );
  await tx.execute(sql`
    INSERT INTO quarantine_decisions (project_id, quarantine_id, decision, decided_by, reason)
    SELECT ${projectId}::bigint, id, 'withdrawn', 'system', 'the ratios agree'
    FROM unnest(${`{${settled.map((r) => r.id).join()}}`}::bigint[]) AS t (id)`);
  const details = raised.map(({ said, installed, ...d }) => ({
    ...d,
    detail: { breaks: true, said, installed },
  }));
  await tx.execute(sql`
    INSERT INTO quarantines (project_id, meter_id, point_id, rule, at, detail)
    SELECT ${projectId}::bigint, "meterId", "pointId", 'ratio', to_timestamp("atMs" / 1000.0), detail
    FROM jsonb_to_recordset(${JSON.stringify(details)}::jsonb) AS t ("meterId" bigint, "pointId" bigint,
      "atMs" bigint, detail jsonb)`);
  const points = [
    ...settled.map((r) => ({ id: r.point_id, fromMs: Number(r.at_ms) })),
    ...raised.map((d) => ({ id: d.pointId, fromMs: d.atMs })),
  ];
  await rebuildFrom(tx, { projectId, points });
  return raised.length;
}

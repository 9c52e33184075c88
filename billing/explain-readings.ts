/**
 * The readings that a point's local day rests on: what meters said, with what people said instead of it, as it
 * is known now. Bounded: one point, one day, and the nearest reading on each side of it.
 */
import { sql } from 'drizzle-orm';
import { billingRegisters, registerSpans } from '../sql/billing-registers.ts';
import type { Reading, Stretch } from '../sql/boundary.ts';
import type { DaySpan } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import { type Doubt, type Held, heldRanges, readDoubts } from './explain-doubts.ts';

/** Most readings of a day that are looked at: one every five seconds. */
const READINGS_MAX = 20_000;
/** How far around a day its neighbours mostly lie; further away they are looked for one by one. */
const MARGIN_MS = 2 * 3_600_000;
/** Rows asked for when the nearest reading lies further away: some of them may not count. */
const NEAREST_MAX = 20;
const FAR_MS = 400 * 86_400_000;

/** A meter at the point, as its registers are to be understood. */
export interface ExplainedMeter extends Stretch {
  installationId: string;
  meterId: string;
  serial: string;
  model: string;
  channel: string;
  ct: number;
  pt: number;
  basis: 'primary' | 'secondary';
}

/** A correction of a meter that touches the day. */
export interface ExplainedCorrection {
  id: string;
  meterId: string;
  kind: 'error' | 'clock';
  fromMs: number;
  toMs: number;
  /** Parts per million that it counts too much; ms that its samples are moved. */
  value: number;
  reason: string;
  by: string;
}

/** What an edit in force says of quarter-hours, by the slot's start. */
interface ExplainedEdit {
  id: string;
  method: 'set' | 'linear' | 'like-day' | 'profile';
  slots: ReadonlyMap<number, bigint>;
  confidence: number;
  reason: string;
  by: string;
}

export interface DayReadings {
  meters: ExplainedMeter[];
  corrections: ExplainedCorrection[];
  edits: ExplainedEdit[];
  /** What nobody has decided yet: within it nothing is billed. */
  held: Held[];
}

const ms = (column: string) => sql.raw(`(extract(epoch FROM ${column}) * 1000)::float8`);

/** Reads a point-day. Throws Problem `range-too-long` where it holds more than READINGS_MAX readings. */
export async function readDay(
  { db, questdb }: { db: Queryable; questdb: Questdb },
  { projectId, pointId, span }: { projectId: string; pointId: string; span: DaySpan },
): Promise<DayReadings> {
  const [from, to] = [new Date(span.startMs).toISOString(), new Date(span.endMs).toISOString()];
  const of = sql`project_id = ${projectId}::bigint`;
  const there = sql`i.${of} AND i.point_id = ${pointId}::bigint AND i.valid_from < ${to}::timestamptz
    AND (i.valid_to IS NULL OR i.valid_to > ${from}::timestamptz)`;
  const reading = db.execute<{
    id: string;
    meter_id: string;
    serial: string;
    model: string;
    starts: number;
    ends: number | null;
    first_register: string | null;
    last_register: string | null;
    ct: number;
    pt: number;
    basis: 'primary' | 'secondary';
    register_span: string | null;
  }>(sql`
    SELECT i.id::text, i.meter_id::text, m.serial, m.model, ${ms('i.valid_from')} AS starts,
      ${ms('i.valid_to')} AS ends, i.first_register::text, i.last_register::text, i.ct, i.pt, i.basis,
      i.register_span::text
    FROM installations i JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
    WHERE ${there} ORDER BY i.valid_from`);
  const ofMeters = sql`IN (SELECT i.meter_id FROM installations i WHERE ${there})`;
  const inForce = sql`NOT EXISTS (SELECT FROM correction_withdrawals w
    WHERE w.project_id = c.project_id AND w.correction_id = c.id)`;
  const [installed, corrected, noted, doubts, edited] = await Promise.all([
    reading,
    db.execute<{
      id: string;
      meter_id: string;
      kind: 'error' | 'clock';
      starts: number;
      ends: number;
      value: string;
      reason: string;
      made_by: string;
    }>(sql`
      SELECT id::text, meter_id::text, kind, ${ms('valid_from')} AS starts, ${ms('valid_to')} AS ends,
        value::text, reason, made_by
      FROM meter_corrections c WHERE c.${of} AND ${inForce}
        AND meter_id ${ofMeters} ORDER BY id`),
    db.execute<{ meter_id: string; at: number; register: string }>(sql`
      SELECT meter_id::text, ${ms('at')} AS at, register::text FROM manual_readings c
      WHERE c.${of} AND ${inForce} AND meter_id ${ofMeters}`),
    readDoubts(db, { projectId, pointId, before: to, ofMeters }),
    db.execute<{
      id: string;
      method: ExplainedEdit['method'];
      slots: [number, number, number | null][];
      confidence: number;
      reason: string;
      proposed_by: string;
    }>(sql`
      SELECT e.id::text, e.method, e.slots, e.confidence, e.reason, e.proposed_by
      FROM interval_edits e JOIN LATERAL (SELECT decision FROM interval_edit_decisions d
        WHERE d.project_id = e.project_id AND d.edit_id = e.id ORDER BY d.id DESC LIMIT 1) d ON true
      WHERE e.${of} AND e.point_id = ${pointId}::bigint AND d.decision = 'approve'
        AND e.from_at < ${to}::timestamptz AND e.to_at > ${from}::timestamptz ORDER BY e.id`),
  ]);
  const corrections = corrected.rows.map((row) => ({
    ...{ id: row.id, meterId: row.meter_id, kind: row.kind, value: Number(row.value) },
    ...{ fromMs: row.starts, toMs: row.ends, reason: row.reason, by: row.made_by },
  }));
  const meters = await Promise.all(
    installed.rows.map(async (row): Promise<ExplainedMeter> => {
      const [startMs, endMs] = [row.starts, row.ends ?? Number.POSITIVE_INFINITY];
      const name = row.model.replace(/-SIM$/, '');
      const channel = billingRegisters[name as keyof typeof billingRegisters] ?? 'active_wh';
      const own = {
        clocks: corrections.filter((c) => c.kind === 'clock' && c.meterId === row.meter_id),
        manual: noted.rows.filter((r) => r.meter_id === row.meter_id),
        doubts: doubts.filter((d) => d.meterId === row.meter_id),
      };
      const { samples, isFirst, isLast } = await readSamples(questdb, {
        ...{ projectId, meterId: row.meter_id, channel, ...own },
        fromMs: Math.max(span.startMs, startMs),
        toMs: Math.min(span.endMs, endMs),
        within: { startMs, endMs },
      });
      const readings = countedReadings(samples, {
        ...{ startMs, endMs, isFirst, isLast, ...own },
        firstRegister: row.first_register,
        lastRegister: row.last_register,
      });
      return {
        ...{ installationId: row.id, meterId: row.meter_id, serial: row.serial, model: row.model },
        ...{ channel, ct: row.ct, pt: row.pt, basis: row.basis, startMs, endMs, readings },
        multiplier: row.basis === 'primary' ? 1n : BigInt(row.ct) * BigInt(row.pt),
        span: row.register_span
          ? BigInt(row.register_span)
          : registerSpans[channel === 'volume_l' ? 'water' : 'electricity'],
        // What lies before was asked for and is not there.
        isWhole:
          readings.length > 0 && (readings[0] as Reading).ms >= Math.max(span.startMs, startMs),
      };
    }),
  );
  return {
    meters,
    held: heldRanges(doubts, meters),
    corrections: corrections.filter((c) => c.fromMs < span.endMs && c.toMs > span.startMs),
    edits: edited.rows.map((row) => ({
      ...{ id: row.id, method: row.method, confidence: row.confidence, reason: row.reason },
      by: row.proposed_by,
      slots: new Map(row.slots.map(([at, quantity]) => [at, BigInt(quantity)])),
    })),
  };
}

interface Clock {
  fromMs: number;
  toMs: number;
  value: number;
}

/**
 * Good registers of a meter around [fromMs, toMs), at the instant that counts, oldest first; and whether there
 * is none before the first of them, or after the last.
 */
async function readSamples(
  questdb: Questdb,
  {
    projectId,
    meterId,
    channel,
    clocks,
    doubts,
    fromMs,
    toMs,
    within,
  }: {
    projectId: string;
    meterId: string;
    channel: string;
    clocks: readonly Clock[];
    doubts: readonly Doubt[];
    fromMs: number;
    toMs: number;
    within: { startMs: number; endMs: number };
  },
): Promise<{ samples: Reading[]; isFirst: boolean; isLast: boolean }> {
  const of = `project = '${projectId}' AND meter = '${meterId}' AND quality = 'ok' AND ${channel} IS NOT NULL`;
  const iso = (at: number) => new Date(at).toISOString();
  const shiftMs = clocks.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
  const ask = async (range: string) => {
    const { rows } = await questdb.exec(
      `SELECT ts, ${channel} FROM samples WHERE ${of} AND ${range}`,
    );
    return rows.map(([ts, register]): Reading => {
      const read = Date.parse(String(ts));
      const clock = clocks.find((c) => c.fromMs <= read && read < c.toMs);
      return {
        ...{ ms: read + (clock?.value ?? 0), shiftMs: clock?.value ?? 0 },
        ...{ register: BigInt(Number(register)), source: 'sample', opens: false },
      };
    });
  };
  const reach = MARGIN_MS + shiftMs;
  const near = await ask(
    `ts >= '${iso(fromMs - reach)}' AND ts < '${iso(toMs + reach)}' LIMIT ${READINGS_MAX + 1}`,
  );
  if (near.length > READINGS_MAX) {
    const detail = `The day holds more than ${READINGS_MAX} readings of the meter: it is not explained reading by reading.`;
    throw new Problem('range-too-long', detail);
  }
  const leftOut = new Set(doubts.filter((d) => d.isLeftOut).map(keyOf));
  const counts = (reading: Reading) =>
    reading.ms >= within.startMs && reading.ms < within.endMs && !leftOut.has(keyOf(reading));
  const known = near.filter(counts);
  const lacksBefore = within.startMs < fromMs && !known.some((r) => r.ms <= fromMs);
  const lacksAfter = within.endMs > toMs && !known.some((r) => r.ms >= toMs);
  const [before, after] = await Promise.all([
    lacksBefore
      ? ask(
          `ts < '${iso(fromMs - reach)}' AND ts >= '${iso(fromMs - FAR_MS)}' ORDER BY ts DESC LIMIT ${NEAREST_MAX}`,
        )
      : [],
    lacksAfter
      ? ask(
          `ts >= '${iso(toMs + reach)}' AND ts < '${iso(toMs + FAR_MS)}' ORDER BY ts LIMIT ${NEAREST_MAX}`,
        )
      : [],
  ]);
  return {
    samples: [...before, ...near, ...after].filter(counts).sort((a, b) => a.ms - b.ms),
    isFirst: lacksBefore && before.length === 0,
    isLast: lacksAfter && after.length === 0,
  };
}

const keyOf = ({ ms: at, register }: { ms: number; register: bigint | null }) =>
  `${at}/${register}`;

/** Those that count: with registers noted and read by hand, without two for one instant. */
function countedReadings(
  samples: readonly Reading[],
  {
    startMs,
    endMs,
    firstRegister,
    lastRegister,
    isFirst,
    isLast,
    manual,
    doubts,
  }: {
    startMs: number;
    endMs: number;
    isFirst: boolean;
    isLast: boolean;
    firstRegister: string | null;
    lastRegister: string | null;
    manual: readonly { at: number; register: string }[];
    doubts: readonly Doubt[];
  },
): Reading[] {
  const leftOut = new Set(doubts.filter((d) => d.isLeftOut).map(keyOf));
  const openers = new Set(doubts.filter((d) => d.decision === 'new-base').map((d) => d.ms));
  const first = isFirst ? startMs : (samples[0]?.ms ?? startMs);
  const last = isLast ? endMs : (samples.at(-1)?.ms ?? endMs);
  const all: Reading[] = [...samples];
  for (const { at, register } of manual) {
    // Beyond what was read of the samples others may lie in between.
    if (at < first || at > last || at < startMs || at >= endMs) continue;
    all.push({ ms: at, register: BigInt(register), source: 'manual', shiftMs: 0, opens: false });
  }
  const byInstant = new Map<number, Reading[]>();
  for (const reading of all) {
    if (leftOut.has(keyOf(reading))) continue;
    // A register noted at the start takes the place of a reading.
    if (firstRegister !== null && reading.ms === startMs) continue;
    const same = byInstant.get(reading.ms) ?? [];
    byInstant.set(reading.ms, [...same, reading]);
  }
  const counted = [...byInstant.values()].flatMap((same) => {
    const [reading] = same;
    if (!reading || same.some(({ register }) => register !== reading.register)) return [];
    return [{ ...reading, opens: openers.has(reading.ms) }];
  });
  const note = (at: number, register: string): Reading => ({
    ...{ ms: at, register: BigInt(register), source: 'noted', shiftMs: 0, opens: false },
  });
  // Far from the day they do no harm: a boundary lies between the readings next to it.
  if (firstRegister !== null) counted.push(note(startMs, firstRegister));
  if (lastRegister !== null && Number.isFinite(endMs)) counted.push(note(endMs, lastRegister));
  return counted.sort((a, b) => a.ms - b.ms);
}

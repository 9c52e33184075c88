/**
 * What is known of each meter now, kept in memory and written to `meter_states` in one statement every
 * few seconds: newest sample, last failure, clock offset, silence.
 */
import { sql } from 'drizzle-orm';
import type { Db } from '../sql/postgres.ts';
import type { Failure } from './bus.ts';
import type { Sample } from './sample.ts';

/** Times are epoch ms. What is undefined was not heard of since the start and stays as it was. */
interface MeterState {
  projectId: string;
  meterId: string;
  sample?: Sample;
  lastOkMs?: number;
  lastTriedMs?: number;
  failure?: { atMs: number; kind: string };
  silent: boolean;
}

export interface MeterStates {
  heard: (sample: Sample, triedMs: number) => void;
  failed: (failure: Failure) => void;
  /** Marks exactly these meters as silent. */
  setSilent: (meters: readonly { projectId: string; meterId: string }[]) => void;
  /** Newest sample of a meter, epoch ms. */
  lastSampleMs: (meterId: string) => number | undefined;
  /** True when it was silent before, or its last poll failed, and nothing has come since. */
  isFailing: (meterId: string) => boolean;
  /** Meters whose clock, at their newest sample, was off by more than a limit; once off, until it is clearly below. */
  offClock: (limitMs: number) => { projectId: string; meterId: string; offsetMs: number }[];
  /** Reads what an earlier process left. */
  restore: () => Promise<void>;
  /** Writes what changed since the last write; on an error it stays to be written. */
  write: () => Promise<void>;
}

/** Rows per statement; 100,000 meters are 50 of them. */
const ROWS_MAX = 2_000;
/** A clock has to be so far below the limit before it counts as right again: noise is no news. */
const CLOCK_END_SHARE = 0.8;
const INT_MAX = 2 ** 31 - 1;

export function openMeterStates(db: Db): MeterStates {
  const states = new Map<string, MeterState>();
  /** Meters whose clocks were off when they were last asked for: they end clearly below the limit. */
  let wereOff: ReadonlySet<string> = new Set();
  const restored = new Map<string, { projectId: string; atMs: number; offsetMs?: number }>();
  let changed = new Set<string>();

  function change(projectId: string, meterId: string): MeterState {
    const state = states.get(meterId) ?? { projectId, meterId, silent: false };
    states.set(meterId, state);
    changed.add(meterId);
    return state;
  }

  async function write(): Promise<void> {
    const writing = changed;
    changed = new Set();
    const rows = [...writing].flatMap((id) => states.get(id) ?? []);
    try {
      for (let from = 0; from < rows.length; from += ROWS_MAX) {
        await upsert(db, rows.slice(from, from + ROWS_MAX));
      }
    } catch (error) {
      for (const id of writing) changed.add(id);
      throw error;
    }
  }

  return {
    heard: (sample, triedMs) => {
      const state = change(sample.projectId, sample.meterId);
      state.sample = sample;
      state.lastTriedMs = triedMs;
      if (sample.quality === 'ok') state.lastOkMs = sample.atMs;
    },
    failed: ({ meter, at, kind }) => {
      const state = change(meter.projectId, meter.id);
      state.lastTriedMs = at.getTime();
      state.failure = { atMs: at.getTime(), kind };
    },
    setSilent: (meters) => {
      const silent = new Map(meters.map((m) => [m.meterId, m.projectId]));
      for (const [meterId, projectId] of silent) {
        if (!states.get(meterId)?.silent) change(projectId, meterId).silent = true;
      }
      for (const state of [...states.values()]) {
        if (state.silent && !silent.has(state.meterId)) {
          change(state.projectId, state.meterId).silent = false;
        }
      }
    },
    lastSampleMs: (meterId) => states.get(meterId)?.sample?.atMs ?? restored.get(meterId)?.atMs,
    isFailing: (meterId) => {
      const { sample, failure, silent } = states.get(meterId) ?? {};
      return failure ? failure.atMs > (sample?.atMs ?? 0) : silent === true && !sample;
    },
    offClock: (limitMs) => {
      const offsets = new Map(restored);
      for (const [meterId, { projectId, sample }] of states) {
        if (sample)
          offsets.set(meterId, { projectId, atMs: sample.atMs, offsetMs: offsetMs(sample) });
      }
      const off = [...offsets].flatMap(([meterId, { projectId, offsetMs: offset = 0 }]) =>
        Math.abs(offset) > limitMs * (wereOff.has(meterId) ? CLOCK_END_SHARE : 1)
          ? [{ projectId, meterId, offsetMs: offset }]
          : [],
      );
      wereOff = new Set(off.map(({ meterId }) => meterId));
      return off;
    },
    restore: async () => {
      const { rows } = await db.execute<{
        project_id: string;
        meter_id: string;
        at_ms: string | null;
        clock_offset_ms: number | null;
        silent: boolean;
      }>(sql`
        SELECT project_id::text, meter_id::text, silent, clock_offset_ms,
          floor(extract(epoch FROM last_sample_at) * 1000)::bigint::text AS at_ms
        FROM meter_states`);
      for (const row of rows) {
        const { project_id: projectId, meter_id: meterId, silent } = row;
        if (row.at_ms !== null) {
          const offset = row.clock_offset_ms ?? undefined;
          restored.set(meterId, { projectId, atMs: Number(row.at_ms), offsetMs: offset });
        }
        if (silent) states.set(meterId, { projectId, meterId, silent });
      }
    },
    write,
  };
}

async function upsert(db: Db, states: readonly MeterState[]): Promise<void> {
  const rows = states.map(
    ({ projectId, meterId, sample, lastOkMs, lastTriedMs, failure, silent }) => ({
      project: projectId,
      meter: meterId,
      sampled: instant(sample?.atMs),
      ok: instant(lastOkMs),
      tried: instant(lastTriedMs),
      failed: instant(failure?.atMs),
      kind: failure?.kind,
      quality: sample?.quality,
      offset_ms: offsetMs(sample),
      channels: sample?.channels,
      silent,
    }),
  );
  // An older sample never replaces a newer one: history may have been written meanwhile.
  await db.execute(sql`
    INSERT INTO meter_states AS s (project_id, meter_id, last_sample_at, last_ok_at, last_tried_at,
      last_error_at, last_error_kind, quality, clock_offset_ms, channels, silent, updated_at)
    SELECT project, meter, sampled, ok, tried, failed, kind, quality, offset_ms, channels, silent, now()
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (project bigint, meter bigint,
      sampled timestamptz, ok timestamptz, tried timestamptz, failed timestamptz, kind text,
      quality text, offset_ms int, channels jsonb, silent boolean)
    ON CONFLICT (project_id, meter_id) DO UPDATE SET
      last_sample_at = greatest(s.last_sample_at, excluded.last_sample_at),
      last_ok_at = greatest(s.last_ok_at, excluded.last_ok_at),
      last_tried_at = coalesce(excluded.last_tried_at, s.last_tried_at),
      last_error_at = coalesce(excluded.last_error_at, s.last_error_at),
      last_error_kind = coalesce(excluded.last_error_kind, s.last_error_kind),
      quality = CASE WHEN ${isNewer} THEN excluded.quality ELSE s.quality END,
      clock_offset_ms = CASE WHEN ${isNewer} THEN excluded.clock_offset_ms ELSE s.clock_offset_ms END,
      channels = CASE WHEN ${isNewer} THEN excluded.channels ELSE s.channels END,
      silent = excluded.silent,
      updated_at = now()`);
}

const isNewer = sql`(excluded.last_sample_at IS NOT NULL
  AND (s.last_sample_at IS NULL OR excluded.last_sample_at >= s.last_sample_at))`;

const instant = (ms: number | undefined) =>
  ms === undefined ? undefined : new Date(ms).toISOString();

/** The meter's clock minus ours, held within the column's 32 bits (25 days either way). */
function offsetMs(sample: Sample | undefined): number | undefined {
  if (sample?.deviceClockMs === undefined) return undefined;
  return Math.max(-INT_MAX, Math.min(INT_MAX, sample.deviceClockMs - sample.atMs));
}

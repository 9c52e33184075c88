/**
 * What the builder has to do for a project: which points lag behind their newest sample, which days were
 * made dirty. Pure of any database but Postgres, where it reads.
 */
import { sql } from 'drizzle-orm';
import { type DaySpan, daySpan, type LocalDay, SLOT_MS } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import { OPEN_END } from './interval-statement.ts';
import { modelOf } from './models.ts';

/** A meter at a point for a time, with all that its registers need to be understood. */
export interface Installed {
  pointId: string;
  meterId: string;
  /** 0 active, 1 forward, 2 volume: the billing register of the model. */
  channel: 0 | 1 | 2;
  startMs: number;
  /** OPEN_END while it stands. */
  endMs: number;
  firstRegister: string | null;
  lastRegister: string | null;
  multiplier: number;
  span: string;
  step: number;
  rated: string;
  follows: boolean;
}

/** Everything of a project that is built, as Postgres knows it. */
export interface Park {
  projectId: string;
  zone: string;
  /** By point, oldest first. */
  installed: Map<string, Installed[]>;
  /** Scheduled milliseconds between two readings, by meter, covering all time. */
  cadences: Map<string, { starts: number; ends: number; ms: number }[]>;
  defaultCadenceMs: number;
  /** How far each point is built, epoch ms. */
  marks: Map<string, number>;
}

const channelOf = { active_wh: 0, forward_wh: 1, volume_l: 2 } as const;

/** Reads the installations, schedules and marks of a project. */
export async function readPark(
  db: Queryable,
  project: { id: string; zone: string; pollSeconds: number },
): Promise<Park> {
  const of = sql`project_id = ${project.id}::bigint`;
  const ms = (column: string) => sql.raw(`(extract(epoch FROM ${column}) * 1000)::bigint::text`);
  // One after the other: a transaction has one connection.
  const found = await db.execute<Record<string, string | null>>(sql`
      SELECT i.point_id::text, i.meter_id::text, m.model, ${ms('i.valid_from')} AS starts,
        ${ms('i.valid_to')} AS ends, i.first_register::text, i.last_register::text, i.ct::text, i.pt::text,
        i.basis, i.register_span::text, i.rated_per_hour::text
      FROM installations i JOIN meters m ON m.project_id = i.project_id AND m.id = i.meter_id
      WHERE i.${of} ORDER BY i.point_id, i.valid_from`);
  const schedules = await db.execute<{
    meter_id: string;
    starts: string;
    ends: string | null;
    seconds: number;
  }>(sql`
      SELECT meter_id::text, ${ms('valid_from')} AS starts, ${ms('valid_to')} AS ends, seconds
      FROM schedules WHERE ${of} ORDER BY meter_id, valid_from`);
  const marks = await db.execute<{ point_id: string; at: string }>(sql`
      SELECT point_id::text, ${ms('built_to')} AS at FROM interval_marks WHERE ${of}`);
  const installed = new Map<string, Installed[]>();
  for (const row of found.rows) {
    const model = modelOf(row.model ?? '');
    if (!model || !row.point_id || !row.meter_id) continue;
    const ratio = Number(row.ct) * Number(row.pt);
    const multiplier = row.basis === 'primary' ? 1 : ratio;
    const before = installed.get(row.point_id) ?? [];
    before.push({
      pointId: row.point_id,
      meterId: row.meter_id,
      // The models' billing channels are these three; the type of the table is wider.
      channel: channelOf[model.billing as keyof typeof channelOf] ?? 0,
      startMs: Number(row.starts),
      endMs: row.ends == null ? OPEN_END : Number(row.ends),
      firstRegister: row.first_register ?? null,
      lastRegister: row.last_register ?? null,
      multiplier,
      span: row.register_span ?? String(model.registerSpan),
      step: model.registerStep,
      rated: row.rated_per_hour ?? String(model.ratedPerHour * ratio),
      follows: before.length > 0,
    });
    installed.set(row.point_id, before);
  }
  const defaultCadenceMs = project.pollSeconds * 1000;
  return {
    projectId: project.id,
    zone: project.zone,
    installed,
    cadences: cadencesOf(schedules.rows, defaultCadenceMs),
    defaultCadenceMs,
    marks: new Map(marks.rows.map((r) => [r.point_id, Number(r.at)])),
  };
}

/** Schedules by meter, the stretches between them filled with the project's default. */
function cadencesOf(
  rows: readonly { meter_id: string; starts: string; ends: string | null; seconds: number }[],
  defaultMs: number,
): Park['cadences'] {
  const byMeter: Park['cadences'] = new Map();
  for (const { meter_id: meterId, starts, ends, seconds } of rows) {
    const all = byMeter.get(meterId) ?? [{ starts: 0, ends: OPEN_END, ms: defaultMs }];
    const rest = all.pop();
    const [from, to] = [Number(starts), ends === null ? OPEN_END : Number(ends)];
    if (rest && rest.starts < from) all.push({ ...rest, ends: from });
    all.push({ starts: from, ends: to, ms: seconds * 1000 });
    if (to < OPEN_END) all.push({ starts: to, ends: OPEN_END, ms: defaultMs });
    byMeter.set(meterId, all);
  }
  return byMeter;
}

/** The cadence of a meter at an instant. */
export const cadenceAt = ({ cadences, defaultCadenceMs }: Park, meterId: string, atMs: number) =>
  cadences.get(meterId)?.find((c) => c.starts <= atMs && atMs < c.ends)?.ms ?? defaultCadenceMs;

/** A stretch of points that is built in one go. */
export interface Job {
  points: string[];
  fromMs: number;
  /** OPEN_END: to the newest sample. */
  untilMs: number;
  /** A stretch of the past that is built anew, with what follows it left as it is. */
  repair: boolean;
}

/** What an earlier tick of this process saw of a point; spares looking at it again. */
export interface Seen {
  markMs: number | undefined;
  newestSlot: number;
  overdueSlot: number;
}

/** Dirty days that lie so close before a point's mark are built in one stretch with what follows. */
const NEAR_MS = 2 * 86_400_000;
/** Points are built together when what they lack begins in the same stretch of this length. */
const TOGETHER_MS = 6 * 3_600_000;

/** The spans of local days, each asked of the calendar once. */
export function daySpans(zone: string): (day: LocalDay) => DaySpan {
  const known = new Map<LocalDay, DaySpan>();
  return (day) => {
    const span = known.get(day) ?? daySpan(zone, day);
    known.set(day, span);
    return span;
  };
}

export const slotOf = (ms: number): number => Math.floor(ms / SLOT_MS);

/** The newest slot that is called missing when nothing has come, for the meter that stands there now. */
export function overdueSlotOf(park: Park, installed: readonly Installed[], nowMs: number): number {
  const standing = installed.find((i) => i.startMs <= nowMs && nowMs < i.endMs);
  if (!standing) return slotOf(nowMs);
  return slotOf(nowMs - 2 * cadenceAt(park, standing.meterId, nowMs));
}

/** The slot of the newest sample of a point's meters, or undefined before the first. */
export function newestSlotOf(
  installed: readonly Installed[],
  newest: ReadonlyMap<string, number>,
): number | undefined {
  const slots = installed.flatMap((i) => {
    const at = newest.get(i.meterId);
    if (at === undefined || at < i.startMs) return [];
    return slotOf(Math.min(at, i.endMs));
  });
  return slots.length > 0 ? Math.max(...slots) : undefined;
}

/**
 * The jobs of a tick. `dirty` are days by point that the intervals consumer has not dealt with; `newest`
 * is the instant of each meter's newest sample, epoch ms.
 */
export function planJobs(
  park: Park,
  {
    nowMs,
    newest,
    dirty,
    seen,
    spanOf = daySpans(park.zone),
  }: {
    nowMs: number;
    newest: ReadonlyMap<string, number>;
    dirty: ReadonlyMap<string, readonly LocalDay[]>;
    seen: ReadonlyMap<string, Seen>;
    spanOf?: (day: LocalDay) => DaySpan;
  },
): Job[] {
  const groups = new Map<string, Job>();
  const add = (pointId: string, fromMs: number, untilMs: number) => {
    const key = `${untilMs === OPEN_END ? Math.floor(fromMs / TOGETHER_MS) : fromMs}/${untilMs}`;
    const job = groups.get(key) ?? {
      points: [],
      fromMs,
      untilMs,
      repair: untilMs !== OPEN_END,
    };
    job.points.push(pointId);
    job.fromMs = Math.min(job.fromMs, fromMs);
    groups.set(key, job);
  };
  for (const [pointId, installed] of park.installed) {
    const first = installed[0];
    if (!first || first.startMs > nowMs) continue;
    const mark = park.marks.get(pointId) ?? slotOf(first.startMs) * SLOT_MS;
    let forward = lags(pointId) ? mark : undefined;
    const windows: { fromMs: number; untilMs: number }[] = [];
    for (const day of [...(dirty.get(pointId) ?? [])].sort()) {
      const { startMs, endMs } = spanOf(day);
      const last = windows.at(-1);
      if (endMs > mark - NEAR_MS) forward = Math.min(forward ?? mark, startMs);
      else if (last && last.untilMs >= startMs) last.untilMs = endMs;
      else windows.push({ fromMs: startMs, untilMs: endMs });
    }
    for (const { fromMs, untilMs } of windows) add(pointId, fromMs, untilMs);
    if (forward !== undefined) add(pointId, forward, OPEN_END);
  }
  // The oldest first: what breaks early decides what follows.
  return [...groups.values()].sort((a, b) => a.fromMs - b.fromMs);

  function lags(pointId: string): boolean {
    const installed = park.installed.get(pointId) ?? [];
    const mark = park.marks.get(pointId);
    const newestSlot = newestSlotOf(installed, newest);
    const before = seen.get(pointId);
    if (!before || mark !== before.markMs) {
      return newestSlot !== undefined || installed.some((i) => i.firstRegister !== null);
    }
    return (
      (newestSlot ?? 0) > before.newestSlot ||
      overdueSlotOf(park, installed, nowMs) > Math.max(before.overdueSlot, slotOf(mark ?? 0))
    );
  }
}

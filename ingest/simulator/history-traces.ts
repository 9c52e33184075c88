/**
 * What generated samples leave in Postgres: dirty days, so that intervals and settlement find them, and the newest
 * sample of each meter, so that a meter that fell silent shows since when.
 */
import { sql } from 'drizzle-orm';
import { markDirty } from '../../sql/dirty-days.ts';
import { type LocalDay, localDayOf, SLOT_MS } from '../../sql/local-day.ts';
import type { Db } from '../../sql/postgres.ts';
import { meterStates } from '../../sql/schema/index.ts';
import type { BatchRow } from '../delivery.ts';
import type { Sample } from '../sample.ts';
import type { ParkInPostgres } from './history-park.ts';

/** Newest sample by meter id. */
export type Newest = Map<string, Sample>;

/** For the delivery: commits a dirty row for every point-day of a batch that has none yet. */
export function dirtyMarker({ db, park }: { db: Db; park: ParkInPostgres }) {
  const { projectId } = park;
  const meters = new Map(park.meters.map((meter) => [meter.ref.id, meter]));
  const marked = new Set<string>();
  const dayOf = localDays(park.zone);
  return async (rows: readonly BatchRow[]): Promise<void> => {
    const fresh = new Map<string, { pointId: string; localDay: LocalDay }>();
    for (const { meterId, atMs } of rows) {
      const point = meters.get(meterId)?.points.find(({ from, to }) => from <= atMs && atMs < to);
      if (!point) continue;
      const localDay = dayOf(atMs);
      const key = `${point.pointId} ${localDay}`;
      if (!marked.has(key)) fresh.set(key, { pointId: point.pointId, localDay });
    }
    await markDirty(db, { projectId, days: [...fresh.values()], who: 'ingest', why: 'history' });
    for (const key of fresh.keys()) marked.add(key);
  };
}

/** The local day of an instant, asked of the calendar once a quarter-hour. */
function localDays(zone: string): (atMs: number) => LocalDay {
  const known = new Map<number, LocalDay>();
  return (atMs) => {
    const slot = Math.floor(atMs / SLOT_MS);
    const day = known.get(slot) ?? localDayOf(zone, atMs);
    known.set(slot, day);
    return day;
  };
}

/** Writes the newest sample of each meter, unless a newer one is known. */
export async function keepNewest({
  db,
  park,
  newest,
}: {
  db: Db;
  park: ParkInPostgres;
  newest: Newest;
}): Promise<void> {
  const rows = [...newest].map(([meterId, { atMs, quality, channels, deviceClockMs }]) => ({
    projectId: park.projectId,
    meterId,
    lastSampleAt: new Date(atMs),
    lastOkAt: quality === 'ok' ? new Date(atMs) : null,
    quality,
    clockOffsetMs: deviceClockMs === undefined ? null : deviceClockMs - atMs,
    channels,
  }));
  if (rows.length === 0) return;
  await db
    .insert(meterStates)
    .values(rows)
    .onConflictDoUpdate({
      target: [meterStates.projectId, meterStates.meterId],
      set: {
        lastSampleAt: sql`excluded.last_sample_at`,
        lastOkAt: sql`coalesce(excluded.last_ok_at, ${meterStates.lastOkAt})`,
        quality: sql`excluded.quality`,
        clockOffsetMs: sql`excluded.clock_offset_ms`,
        channels: sql`excluded.channels`,
        updatedAt: sql`now()`,
      },
      setWhere: sql`${meterStates.lastSampleAt} IS NULL
        OR ${meterStates.lastSampleAt} < excluded.last_sample_at`,
    });
}

/**
 * The quarter-hours that no interval has been built of yet: what flowed in them so far, from the
 * newest samples in QuestDB, as the table `open_pieces` of the connection.
 */
import type { DuckDBConnection } from '../sql/duckdb.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import type { Answered } from './ask.ts';
import { doubles, list } from './columns.ts';
import type { ReportPlace } from './report.ts';
import { makeTable } from './scope.ts';

/** The current quarter-hour and the one before it, which is built some seconds after its end. */
const OPEN_SLOTS = 2;
/** Rows (meter × quarter-hour) taken from QuestDB at most; beyond, today ends with what is built. */
const ROWS_MAX = 100_000;
/** In place of a power that no sample told; open-pieces.sql knows it. */
const NO_POWER = -1e300;

/** The first quarter-hour that may not be built yet, in quarter-hours since 1970. */
export const openQuarter = (now: Date): number =>
  Math.floor(now.getTime() / SLOT_MS) - OPEN_SLOTS + 1;

type Place = Pick<ReportPlace & Answered, 'questdb' | 'projectId' | 'now' | 'files'>;

/** Makes `open_pieces`; it is empty unless the range holds the current quarter-hour. */
export async function makeOpenPieces(
  connection: DuckDBConnection,
  { place, toQuarter }: { place: Place; toQuarter: number },
): Promise<void> {
  const { files, now } = place;
  const fromQuarter = openQuarter(now);
  const blocks = fromQuarter < toQuarter ? await blocksSince(place, fromQuarter - 1) : [];
  const whole = (pick: (b: Block) => number) => list(blocks.map((b) => BigInt(pick(b))));
  await makeTable(connection, 'open_pieces', 'open-pieces', {
    installations: await files.dimension('installations'),
    meters: list(blocks.map((b) => BigInt(b.meter))),
    quarters: whole((b) => b.quarter),
    first_ms: whole((b) => b.firstMs),
    last_ms: whole((b) => b.lastMs),
    active_first: whole((b) => b.activeFirst),
    active_last: whole((b) => b.activeLast),
    forward_first: whole((b) => b.forwardFirst),
    forward_last: whole((b) => b.forwardLast),
    powers: doubles(blocks.map((b) => b.powerW)),
    from_quarter: BigInt(fromQuarter),
  });
}

/** The first and last good sample of a meter in a quarter-hour. */
interface Block {
  meter: string;
  quarter: number;
  firstMs: number;
  lastMs: number;
  /** Registers as read, Wh; -1: not said. */
  activeFirst: number;
  activeLast: number;
  forwardFirst: number;
  forwardLast: number;
  powerW: number;
}

async function blocksSince(
  { questdb, projectId, now }: Place,
  fromQuarter: number,
): Promise<Block[]> {
  const from = new Date(fromQuarter * SLOT_MS).toISOString();
  const { rows } = await questdb.exec(
    `SELECT meter, timestamp_floor('15m', ts) slot, first(ts), last(ts), first(active_wh),
       last(active_wh), first(forward_wh), last(forward_wh), avg(power_w)
     FROM samples
     WHERE project = '${projectId}' AND quality = 'ok' AND ts >= '${from}'
       AND ts <= '${now.toISOString()}'
     GROUP BY meter, slot LIMIT ${ROWS_MAX + 1}`,
  );
  if (rows.length > ROWS_MAX) return [];
  const register = (value: unknown) => (value === null ? -1 : Number(value));
  return rows.map(([meter, slot, first, last, a0, a1, f0, f1, power]) => ({
    meter: String(meter),
    quarter: Date.parse(String(slot)) / SLOT_MS,
    firstMs: Date.parse(String(first)),
    lastMs: Date.parse(String(last)),
    activeFirst: register(a0),
    activeLast: register(a1),
    forwardFirst: register(f0),
    forwardLast: register(f1),
    powerW: power === null ? NO_POWER : Number(power),
  }));
}

/** The rules of quality: each a question over one local day, with its thresholds from the project's settings. */
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { question, rowsOf } from '../sql/duckdb.ts';
import type { DaySpan } from '../sql/local-day.ts';
import type { QualitySettings } from '../sql/quality-settings.ts';

export const findingRules = [
  'rating',
  'spike',
  'negative',
  'stuck',
  'flat',
  'tou',
  'main-sub',
  'clock',
  'phase',
  'reversed-ct',
  'imbalance',
  'open-relay',
  'gap',
] as const;
export type FindingRule = (typeof findingRules)[number];

/** What a rule saw on a point's day. Energy in base units, null where it says nothing of a quantity. */
export interface Finding {
  rule: FindingRule;
  pointId: string;
  meterId: string | null;
  fromMs: number;
  toMs: number;
  energy: number | null;
  detail: Record<string, unknown>;
}

/** Days of history that make something usual. */
const HISTORY_DAYS_MIN = 5;
/** Quarter-hours of a day that must be known for a rule of whole days. */
const SLOTS_MIN = 80;
/** Below this mean current, before CT, three phases need not be alike. */
const LEAST_A = 2;

/** The questions' parameters, by rule. */
function parametersOf(
  s: QualitySettings,
  { startMs, endMs }: Pick<DaySpan, 'startMs' | 'endMs'>,
): Record<FindingRule, Record<string, DuckDBValue>> {
  const range = { from_ms: BigInt(startMs), to_ms: BigInt(endMs) };
  const least = { least_quantity: BigInt(s.leastQuantity) };
  const usual = { history_days: HISTORY_DAYS_MIN };
  const held = { hours: s.conditionHours };
  return {
    rating: {},
    spike: { spike_factor: s.spikeFactor, ...least, ...usual },
    negative: least,
    stuck: { hours: s.stuckHours, ...least },
    flat: { ...least, ...usual, slots_min: SLOTS_MIN },
    tou: { share: s.touShare, ...range },
    'main-sub': { share: s.lossShare, ...least, ...range, slots_min: SLOTS_MIN },
    clock: { seconds: s.clockSeconds },
    phase: { share: s.phaseVoltageShare, ...held },
    'reversed-ct': { least_w: s.leastPowerW, ...held },
    imbalance: { share: s.imbalanceShare, least_a: LEAST_A, ...held },
    'open-relay': { least_w: s.leastPowerW },
    gap: range,
  };
}

/** Asks every rule about the day that `fillDay` has filled in; `span` may end where nothing is due yet. */
export async function findIn(
  connection: DuckDBConnection,
  {
    settings,
    span,
    folder,
  }: { settings: QualitySettings; span: Pick<DaySpan, 'startMs' | 'endMs'>; folder: string },
): Promise<Finding[]> {
  await fillParts(connection, { folder, fromMs: span.startMs });
  const parameters = parametersOf(settings, span);
  const found: Finding[] = [];
  for (const rule of findingRules) {
    const rows = await rowsOf<{
      point: bigint;
      meter: bigint | null;
      from_ms: bigint;
      to_ms: bigint;
      energy: bigint | null;
      detail: string;
    }>(
      connection,
      `SELECT point, meter, from_ms, to_ms, energy::BIGINT AS energy, detail::JSON::VARCHAR AS detail
       FROM (${await question(`quality-${rule}`)})`,
      parameters[rule],
    );
    for (const row of rows) {
      found.push({
        rule,
        pointId: String(row.point),
        meterId: row.meter === null ? null : String(row.meter),
        fromMs: Number(row.from_ms),
        toMs: Number(row.to_ms),
        energy: row.energy === null ? null : Number(row.energy),
        detail: JSON.parse(row.detail) as Record<string, unknown>, // A struct of the question.
      });
    }
  }
  return found;
}

/** Mains and their parts of both commodities, as the losses know them. */
async function fillParts(
  connection: DuckDBConnection,
  { folder, fromMs }: { folder: string; fromMs: number },
): Promise<void> {
  await connection.run(
    'CREATE OR REPLACE TEMP TABLE parts (main BIGINT, point BIGINT, is_main BOOLEAN, retired_quarter BIGINT)',
  );
  for (const commodity of ['electricity', 'water']) {
    await connection.run(`INSERT INTO parts ${await question('loss-parts')}`, {
      ...{ points: join(folder, 'points.parquet'), commodity, main: null },
      from_quarter: BigInt(Math.floor(fromMs / 900_000)),
    });
  }
}

/** A meter that says another ratio than its installation has. */
export interface DoubtedRatio {
  pointId: string;
  meterId: string;
  atMs: number;
  said: { ct: number; pt: number };
  installed: { ct: number; pt: number };
}

/** The ratios that `fillDay` has found to differ. */
export async function doubtedRatios(connection: DuckDBConnection): Promise<DoubtedRatio[]> {
  const rows = await rowsOf<Record<string, bigint>>(connection, await question('quality-ratio'));
  return rows.map((r) => ({
    pointId: String(r.point),
    meterId: String(r.meter),
    atMs: Number(r.at_ms),
    said: { ct: Number(r.said_ct), pt: Number(r.said_pt) },
    installed: { ct: Number(r.ct), pt: Number(r.pt) },
  }));
}

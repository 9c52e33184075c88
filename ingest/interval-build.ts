/**
 * One stretch of some points: samples fetched, the statement run, the result compared with what is
 * current. Nothing is written here; see interval-publish.ts.
 */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { question, rowsOf } from '../sql/duckdb.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { type Amendments, amendBuilt, type Refuted, readAmendments } from './amendments.ts';
import {
  between,
  type Chain,
  cadenceRows,
  dayRows,
  fetchSamples,
  judgements,
  least,
  named,
} from './interval-inputs.ts';
import { type Job, type Park, slotOf } from './interval-plan.ts';
import { fillInputs, fillTable, OPEN_END, runIntervals } from './interval-statement.ts';
import { difference, type Found, type Quarantine, quarantinesOf, type Rule } from './quarantine.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How far around a stretch samples are fetched; wider for points that have too few of them there. */
const MARGINS_MS = [2 * HOUR_MS, DAY_MS, 8 * DAY_MS, 70 * DAY_MS, Number.POSITIVE_INFINITY];
/** Occupied slots wanted before a stretch: one to begin with, one that newer samples may still judge. */
const SLOTS_BEFORE = 2;
/** And after it: the first sample there is judged by the two after it. */
const SLOTS_AFTER = 3;
/** A stretch as built, before anything of it is written. The table `changed` holds its new versions. */
export interface BuiltStretch {
  runs: number;
  /** Rows of `changed`. */
  changed: number;
  raised: Found[];
  withdrawn: Quarantine[];
  rollovers: Found[];
  /** Estimates that what was measured contradicts now. */
  refuted: Refuted[];
  /** Where each point's mark was when this began, and where it belongs now; epoch ms. */
  marks: { pointId: string; before: number | undefined; after: number }[];
}

interface Deps {
  db: Queryable;
  questdb: Questdb;
  connection: DuckDBConnection;
  /** A folder of its own for the exports. */
  folder: string;
  park: Park;
  job: Job;
  at: Date;
}

/** Builds a stretch into the temporary table `changed` and tells what else was found. */
export async function buildStretch(deps: Deps): Promise<BuiltStretch> {
  const { connection, db, park, job } = deps;
  const built: BuiltStretch = {
    runs: 0,
    changed: 0,
    raised: [],
    withdrawn: [],
    rollovers: [],
    refuted: [],
    marks: [],
  };
  await connection.run(`CREATE OR REPLACE TEMP TABLE changed (point BIGINT, slot BIGINT, local_day INTEGER,
    local_slot INTEGER, quantity BIGINT, reverse_quantity BIGINT, quality VARCHAR, gap_s INTEGER,
    version INTEGER)`);
  const quarantines = await quarantinesOf(db, { projectId: park.projectId, pointIds: job.points });
  const meterIds = job.points.flatMap((id) => park.installed.get(id) ?? []).map((i) => i.meterId);
  const amendments = await readAmendments(db, {
    ...{ projectId: park.projectId, pointIds: job.points, meterIds },
  });
  let points = job.points;
  for (const marginMs of MARGINS_MS) {
    if (points.length === 0) break;
    points = await buildWith(deps, { points, marginMs, quarantines, amendments, built });
  }
  const [count] = await rowsOf<{ n: bigint }>(connection, 'SELECT count(*) AS n FROM changed');
  built.changed = Number(count?.n ?? 0);
  return built;
}

/** One run with samples of that margin; returns the points that need a wider one. */
async function buildWith(
  deps: Deps,
  {
    points,
    marginMs,
    quarantines,
    amendments,
    built,
  }: {
    points: readonly string[];
    marginMs: number;
    quarantines: readonly Quarantine[];
    amendments: Amendments;
    built: BuiltStretch;
  },
): Promise<string[]> {
  const { connection, park, job, at } = deps;
  const nowMs = at.getTime();
  const fetchFrom = Math.max(0, slotOf(job.fromMs - marginMs) * SLOT_MS || 0);
  const wanted = job.repair ? job.untilMs + marginMs : job.untilMs;
  const fetchUntil = wanted > nowMs ? OPEN_END : wanted;
  const chains = points
    .flatMap((id) => park.installed.get(id) ?? [])
    .filter((i) => i.startMs < fetchUntil && i.endMs > fetchFrom && i.startMs <= nowMs)
    .map((i, inst) => ({
      ...i,
      inst,
      whole: fetchFrom <= i.startMs,
      final: fetchUntil === OPEN_END || i.endMs <= fetchUntil,
    }));
  await fetchSamples(deps, { chains, fetchFrom, fetchUntil, amendments });
  await fillInputs(connection, {
    installations: chains.map((c) => ({
      ...c,
      point: c.pointId,
      meter: c.meterId,
      starts: c.startMs,
      ends: c.endMs,
    })),
    cadences: cadenceRows(park, chains),
    days: dayRows(park, { chains, fetchFrom, untilMs: Math.min(fetchUntil, nowMs) }),
    ...judgements(chains, quarantines),
  });
  const [fromMs, untilMs] = [job.fromMs, job.repair ? job.untilMs : OPEN_END];
  await runIntervals(connection, { nowMs, fromMs, untilMs });
  built.runs++;
  const reaches = await readReaches(connection);
  const lacking = new Set(
    chains.filter((c) => lacks(c, reaches.get(c.inst), job)).map((c) => c.pointId),
  );
  const ready = chains.filter((c) => !lacking.has(c.pointId));
  const accepted = points.filter((id) => !lacking.has(id));
  const lasts = newestOf(ready, reaches);
  await fillScope(deps, { accepted, lasts, fetchUntil });
  const installed = accepted.flatMap((id) => park.installed.get(id) ?? []);
  built.refuted.push(...(await amendBuilt(connection, amendments, { installed, quarantines })));
  await collectChanges(deps, { accepted, fetchFrom, fetchUntil });
  const found = await readFound(connection, ready);
  const known = quarantines.filter((q) => isJudged(q, { ready, reaches, fetchFrom, fetchUntil }));
  const { raised, withdrawn } = difference(
    known,
    found.filter((f) => f.rule !== 'rollover') as Found[], // all others are rules
    quarantines,
  );
  built.raised.push(...raised);
  built.withdrawn.push(...withdrawn);
  built.rollovers.push(...(found.filter((f) => f.rule === 'rollover') as Found[]));
  // A break that comes or goes in the past changes whatever follows it.
  const backs = new Map<string, number>();
  for (const q of [...raised, ...withdrawn]) {
    if (!q.breaks) continue;
    const at = slotOf(q.previousMs ?? q.atMs) * SLOT_MS;
    backs.set(q.pointId, Math.min(at, backs.get(q.pointId) ?? at));
  }
  for (const pointId of accepted) {
    const before = park.marks.get(pointId);
    const last = lasts.get(pointId);
    const back = backs.get(pointId);
    const reached = last === undefined ? before : slotOf(last) * SLOT_MS;
    const after = job.repair ? Math.min(before ?? Infinity, back ?? Infinity) : reached;
    if (after !== undefined && Number.isFinite(after)) built.marks.push({ pointId, before, after });
  }
  return [...lacking];
}

/** The instant of the newest reading of each point that the statement took. */
function newestOf(chains: readonly Chain[], reaches: ReadonlyMap<number, Reach>) {
  const lasts = new Map<string, number>();
  for (const { pointId, inst } of chains) {
    const last = reaches.get(inst)?.lastMs;
    if (last !== undefined) lasts.set(pointId, Math.max(last, lasts.get(pointId) ?? last));
  }
  return lasts;
}

interface Reach {
  firstMs: number;
  lastMs: number;
  slotsBefore: number;
  slotsAfter: number;
}

async function readReaches(connection: DuckDBConnection): Promise<Map<number, Reach>> {
  const rows = await rowsOf<Record<string, number | bigint>>(
    connection,
    "SELECT inst, first_at, last_at, slots_before, slots_after FROM built WHERE kind = 'reach'",
  );
  return new Map(
    rows.map((r) => [
      Number(r.inst),
      {
        firstMs: Number(r.first_at),
        lastMs: Number(r.last_at),
        slotsBefore: Number(r.slots_before),
        slotsAfter: Number(r.slots_after),
      },
    ]),
  );
}

/** True when a wider margin would say more about this chain. */
function lacks(chain: Chain, reach: Reach | undefined, job: Job): boolean {
  const stands = chain.startMs < job.untilMs && chain.endMs > job.fromMs;
  if (!stands) return false;
  if (!chain.whole && (reach?.slotsBefore ?? 0) < SLOTS_BEFORE) return true;
  return job.repair && !chain.final && (reach?.slotsAfter ?? 0) < SLOTS_AFTER;
}

/** The slots of each point that this run has the last word on, as the table `in_scope`. */
async function fillScope(
  { connection, job, at }: Deps,
  {
    accepted,
    lasts,
    fetchUntil,
  }: {
    accepted: readonly string[];
    lasts: ReadonlyMap<string, number>;
    fetchUntil: number;
  },
): Promise<void> {
  const isFinal = fetchUntil === OPEN_END;
  const scope = accepted.map((point) => {
    const end = job.repair ? job.untilMs : Math.max(job.fromMs, lasts.get(point) ?? 0);
    return {
      point,
      first_slot: slotOf(job.fromMs),
      end_slot: isFinal && !job.repair ? slotOf(at.getTime()) + 1 : slotOf(end),
    };
  });
  await fillTable(connection, {
    name: 'in_scope',
    columns: { point: 'BIGINT', first_slot: 'BIGINT', end_slot: 'BIGINT' },
    rows: scope,
  });
}

/** Adds to `changed` what differs from the intervals that are current. */
async function collectChanges(
  { connection, questdb, folder, park, job }: Deps,
  {
    accepted,
    fetchFrom,
    fetchUntil,
  }: { accepted: readonly string[]; fetchFrom: number; fetchUntil: number },
): Promise<void> {
  if (accepted.length === 0) return;
  const file = join(folder, 'current.parquet');
  const starts = least(accepted.map((id) => park.installed.get(id)?.[0]?.startMs ?? 0));
  await questdb.exportParquet(
    `SELECT ts, point, local_day, local_slot, quantity, reverse_quantity, quality, gap_s, version FROM intervals
     WHERE project = '${park.projectId}'${named('point', accepted)}${between(
       Math.min(job.fromMs, Math.max(fetchFrom, starts - SLOT_MS)),
       fetchUntil,
     )}`,
    file,
  );
  await connection.run(`CREATE OR REPLACE TEMP VIEW in_current AS
    SELECT epoch_us(ts) // 1000 // ${SLOT_MS} AS slot, point::BIGINT AS point, local_day, local_slot, quantity,
      reverse_quantity, quality, gap_s, version FROM '${file}'`);
  await connection.run(`INSERT INTO changed BY NAME (${await question('changed-intervals')})`);
}

/** Verdicts, conflicts and rollovers of these chains. */
async function readFound(connection: DuckDBConnection, chains: readonly Chain[]) {
  const chainOf = new Map(chains.map((c) => [c.inst, c]));
  const verdicts = await rowsOf<Record<string, number | bigint | string | boolean | null>>(
    connection,
    `SELECT inst, rule, breaks, at_ms, register, previous_ms, previous_register FROM built
     WHERE kind IN ('verdict', 'rollover') ORDER BY at_ms`,
  );
  const conflicts = await rowsOf<Record<string, number | bigint | string | boolean | null>>(
    connection,
    `SELECT inst, 'conflict' AS rule, false AS breaks, ms AS at_ms, register, NULL AS previous_ms,
       NULL AS previous_register FROM (${await question('conflicts')})`,
  );
  return [...verdicts, ...conflicts].flatMap((row) => {
    const chain = chainOf.get(Number(row.inst));
    if (!chain) return [];
    return {
      pointId: chain.pointId,
      meterId: chain.meterId,
      rule: row.rule as Rule | 'rollover', // the statement's own words
      breaks: row.breaks === true,
      atMs: Number(row.at_ms),
      previousMs: row.previous_ms === null ? null : Number(row.previous_ms),
      register: String(row.register),
      previousRegister: row.previous_register === null ? null : String(row.previous_register),
    };
  });
}

/** True when this run has looked at the reading of a quarantine and would have found it again. */
function isJudged(
  q: Quarantine,
  {
    ready,
    reaches,
    fetchFrom,
    fetchUntil,
  }: {
    ready: readonly Chain[];
    reaches: ReadonlyMap<number, Reach>;
    fetchFrom: number;
    fetchUntil: number;
  },
): boolean {
  // Not a matter of single readings: the rules of quality raise and withdraw it.
  if (q.rule === 'ratio') return false;
  const chain = ready.find(
    (c) =>
      c.meterId === q.meterId &&
      c.pointId === q.pointId &&
      q.atMs >= c.startMs &&
      q.atMs <= c.endMs,
  );
  if (!chain) return false;
  if (q.rule === 'conflict') return q.atMs >= fetchFrom && q.atMs < fetchUntil;
  const reach = reaches.get(chain.inst);
  if (!reach) return false;
  return (chain.whole || q.atMs > reach.firstMs) && (chain.final || q.atMs <= reach.lastMs);
}

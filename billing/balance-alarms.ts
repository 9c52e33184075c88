/**
 * What a balance means: all is well, below alarm 1, below alarm 2, in arrears. Alarms say how it stands;
 * events say that it went down, once, and are what customers are told of.
 */
import { sql } from 'drizzle-orm';
import { type Alarming, syncAlarms } from '../sql/alarms.ts';
import { type EventKind, tell } from '../sql/events.ts';
import { formatMinor } from '../sql/money.ts';
import type { Tx } from '../sql/postgres.ts';
import type { ProjectTerms } from './project.ts';

/** An account's live balance and thresholds, minor units. */
export interface JudgedRow extends Record<string, unknown> {
  account_id: string;
  live: string;
  alarm1: string;
  alarm2: string;
  hours_left: string | null;
  /** False for an account that is closed or holds no point: nothing is said of it. */
  held: boolean;
}

/** From well to worst. */
const levels = ['well', 'alarm1', 'alarm2', 'arrears'] as const;
type Level = (typeof levels)[number];
const severities = { alarm1: 'notice', alarm2: 'warning', arrears: 'critical' } as const;

/**
 * A balance has to be so far above a threshold before it counts as back above it, minor units: what
 * rounding at settlement or a corrected minute can move is no news to anybody.
 */
export const BACK_ABOVE_MINOR = 50n;

/** Brings alarms in line with balances, and tells of each account that went down a level. */
export async function tellBalances(
  tx: Tx,
  { project, at, rows }: { project: ProjectTerms; at: Date; rows: readonly JudgedRow[] },
): Promise<void> {
  const projectId = project.id;
  const before = await openLevels(tx, projectId);
  const open: Record<Exclude<Level, 'well'>, Alarming[]> = { alarm1: [], alarm2: [], arrears: [] };
  const events: Parameters<typeof tell>[1] = [];
  for (const row of rows) {
    if (!row.held) continue;
    const was = before.get(row.account_id) ?? 'well';
    const level = levelOf(row, was);
    if (level === 'well') continue;
    const balance = formatMinor(BigInt(row.live), project.currency);
    const threshold =
      level === 'arrears' ? {} : { threshold: formatMinor(BigInt(row[level]), project.currency) };
    const detail = { balance, currency: project.currency, ...threshold };
    open[level].push({
      ...{ subjectKind: 'account', subjectId: row.account_id, severity: severities[level], detail },
    });
    if (levels.indexOf(level) > levels.indexOf(was)) {
      const hours = row.hours_left === null ? {} : { hoursLeft: row.hours_left };
      const kind: EventKind = `balance.${level}`;
      events.push({ projectId, kind, subjectId: row.account_id, payload: { ...detail, ...hours } });
    }
  }
  for (const level of ['alarm1', 'alarm2', 'arrears'] as const) {
    await syncAlarms(tx, { projectId, kind: `account.${level}`, at, subjects: open[level] });
  }
  await tell(tx, events);
}

/** How a balance stands, given how it stood: it comes back only when it is clearly above. */
function levelOf(row: JudgedRow, was: Level): Level {
  const live = BigInt(row.live);
  const down = plainLevel(row, live);
  if (levels.indexOf(down) >= levels.indexOf(was)) return down;
  // Zero is zero: who has paid what was owed is not in arrears, however little is left.
  const up = live >= 0n && was === 'arrears' ? 'alarm2' : was;
  const careful = plainLevel(row, live - BACK_ABOVE_MINOR);
  const cautious = levels.indexOf(careful) > levels.indexOf(up) ? up : careful;
  return levels.indexOf(cautious) > levels.indexOf(down) ? cautious : down;
}

function plainLevel({ alarm1, alarm2 }: JudgedRow, live: bigint): Level {
  if (live < 0n) return 'arrears';
  if (live <= BigInt(alarm2)) return 'alarm2';
  return live <= BigInt(alarm1) ? 'alarm1' : 'well';
}

/** The worst level that each account's open alarms say. */
async function openLevels(tx: Tx, projectId: string): Promise<Map<string, Level>> {
  const found = await tx.execute<{ kind: string; account_id: string }>(sql`
    SELECT kind, subject_id AS account_id FROM alarms
    WHERE project_id = ${projectId}::bigint AND cleared_at IS NULL AND subject_kind = 'account'
      AND kind IN ('account.alarm1', 'account.alarm2', 'account.arrears')`);
  const worst = new Map<string, Level>();
  for (const level of levels) {
    for (const row of found.rows) {
      if (row.kind === `account.${level}`) worst.set(row.account_id, level);
    }
  }
  return worst;
}

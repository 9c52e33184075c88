/** What a meter's billing register stood at between two readings. */
import { Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import { modelOf } from './models.ts';

/** Further apart than this, two readings say nothing of the time between them. */
const BRIDGE_DAYS_MAX = 31;
const DAY_MS = 86_400_000;

/** As `registerKnownAt`. Throws Problem `conflict` when it is not known. */
export async function registerAt(
  questdb: Questdb,
  asked: Parameters<typeof registerKnownAt>[1],
): Promise<bigint> {
  const register = await registerKnownAt(questdb, asked);
  if (register !== null) return register;
  throw new Problem(
    'conflict',
    `What the meter stood at on ${new Date(asked.atMs).toISOString()} is not known: it needs a reading before and one after.`,
  );
}

/**
 * The register on the line between the readings around an instant, base units before CT/PT, half up; null when
 * there is none on one side, or it went back between them.
 */
export async function registerKnownAt(
  questdb: Questdb,
  {
    projectId,
    meterId,
    model,
    atMs,
    noted,
  }: {
    projectId: string;
    meterId: string;
    model: string;
    atMs: number;
    /** A register that was read off before it, as good as a reading. */
    noted?: { ms: number; register: bigint };
  },
): Promise<bigint | null> {
  const column = modelOf(model)?.billing ?? 'active_wh';
  const of = `project = '${projectId}' AND meter = '${meterId}' AND quality = 'ok' AND ${column} IS NOT NULL`;
  const at = (ms: number) => new Date(ms).toISOString();
  const near = async (range: string, order: string) => {
    const { rows } = await questdb.exec(
      `SELECT ts, ${column} FROM samples WHERE ${of} AND ${range} ORDER BY ts ${order} LIMIT 1`,
    );
    const [ts, register] = rows[0] ?? [];
    return ts == null
      ? undefined
      : { ms: BigInt(Date.parse(String(ts))), register: BigInt(Number(register)) };
  };
  const reach = BRIDGE_DAYS_MAX * DAY_MS;
  const read = await near(`ts <= '${at(atMs)}' AND ts > '${at(atMs - reach)}'`, 'DESC');
  const before =
    noted && noted.ms > (Number(read?.ms) || 0) ? { ...noted, ms: BigInt(noted.ms) } : read;
  const after = await near(`ts >= '${at(atMs)}' AND ts < '${at(atMs + reach)}'`, 'ASC');
  if (!before || !after || after.register < before.register) return null;
  const span = after.ms - before.ms;
  if (span === 0n) return before.register;
  const flow = after.register - before.register;
  return before.register + (2n * flow * (BigInt(atMs) - before.ms) + span) / (2n * span);
}

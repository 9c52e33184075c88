/** Looks at billing's open transactions again and again: which of them wait for a lock, and on what relation. */
import pg from 'pg';

export interface Waits {
  /** How often a transaction was seen open. */
  open: number;
  /** How often one of them waited, by relation, or by the kind of lock where no relation tells. */
  on: Map<string, number>;
}

const LOOK_MS = 10;

/**
 * Who waits for a row holds its tuple lock or queues for it: that names the relation. Else, who waits for a transaction
 * to end is told by the first relation that his statement writes. Locks are read only for who waits.
 */
const LOOK = `
  SELECT a.wait_event_type = 'Lock' AS waits,
    coalesce(w.relation::regclass::text,
      substring(a.query FROM '(?:UPDATE|INSERT INTO) (\\w+)'), w.locktype, a.wait_event) AS what
  FROM pg_stat_activity a
  LEFT JOIN LATERAL (
    SELECT l.relation, l.locktype FROM pg_locks l
    WHERE a.wait_event_type = 'Lock' AND l.pid = a.pid AND (NOT l.granted OR l.locktype = 'tuple')
    ORDER BY l.relation NULLS LAST LIMIT 1) w ON true
  WHERE a.datname = current_database() AND a.usename = $1 AND a.xact_start IS NOT NULL`;

export async function watchLocks(ownerUrl: string): Promise<{ end: () => Promise<Waits> }> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  const waits: Waits = { open: 0, on: new Map() };
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const { rows } = await client.query<{ waits: boolean | null; what: string | null }>(LOOK, [
        'wattledger_billing',
      ]);
      waits.open += rows.length;
      for (const { waits: isWaiting, what } of rows) {
        if (isWaiting && what) waits.on.set(what, (waits.on.get(what) ?? 0) + 1);
      }
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  })();
  return {
    end: async () => {
      isOver = true;
      await watching;
      await client.end();
      return waits;
    },
  };
}

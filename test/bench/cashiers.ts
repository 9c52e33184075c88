/**
 * 50 cashiers sell at once over HTTP, each with a key, a shift and accounts of his own, against bare inserts of the same
 * rows by as many askers over a pool as large as web's. Meanwhile a watcher counts who waits for a lock, and on what.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { verifyLedger } from '../../billing/verify.ts';
import { openPostgres, POOL_MAX } from '../../sql/postgres.ts';
import { type Answered, openCounter } from './cashiers/counter.ts';
import { openFloor } from './cashiers/floor.ts';
import { enterCounters, FLOOR, OURS, ZONE } from './cashiers/park.ts';
import { type Waits, watchLocks } from './cashiers/waits.ts';
import { cpuSecondsOf, median, percentile } from './measure.ts';
import type { BenchContext, Part, Row } from './part.ts';
import { type RunningWeb, startWeb } from './web.ts';

export const cashiers: Part = {
  name: 'cashiers',
  says: '50 cashiers selling at once over HTTP, against bare inserts of the same rows',
  run: measure,
};

const CASHIERS = 50;
const ACCOUNTS_EACH = 2;
const ROUNDS_MAX = 5;

/** What one round of one side came to. */
interface Round {
  wallS: number;
  cpuS: number;
  latencies: number[];
}

async function measure(context: BenchContext): Promise<Row[]> {
  const salesEach = context.quick ? 2 : 20;
  const rounds = context.quick ? 1 : Math.min(context.rounds, ROUNDS_MAX);
  const web = await startWeb(context, {
    ...{ warehouse: mkdtempSync(join(context.scratch, 'warehouse-')), zone: ZONE },
    projectIds: [OURS, FLOOR],
  });
  const owner = new pg.Client({ connectionString: web.urls.owner });
  await owner.connect();
  try {
    const hands = await enterCounters(owner, { cashiers: CASHIERS, accountsEach: ACCOUNTS_EACH });
    const counter = openCounter(web.address, hands);
    const floor = openFloor(web.urls.billing, hands);
    try {
      await counter.openShifts();
      // Once to each account: what the first sale makes (ledger accounts, code that is compiled) is not measured.
      const answers = await counter.sellAll(ACCOUNTS_EACH);
      await floor.sellAll(ACCOUNTS_EACH);
      const taken = { ours: [] as Round[], floor: [] as Round[] };
      const waits: Waits[] = [];
      for (let round = 0; round < rounds && !context.signal.aborted; round++) {
        const takeOurs = async () => {
          const watch = await watchLocks(web.urls.owner);
          const sold = await spent(owner, web.pid, () => counter.sellAll(salesEach));
          waits.push(await watch.end());
          answers.push(...sold.made);
          taken.ours.push({ ...sold, latencies: sold.made.map(({ ms }) => ms) });
        };
        const takeFloor = async () => {
          const sold = await spent(owner, process.pid, () => floor.sellAll(salesEach));
          taken.floor.push({ ...sold, latencies: sold.made });
        };
        for (const take of round % 2 ? [takeFloor, takeOurs] : [takeOurs, takeFloor]) await take();
        const [ours, bare] = [taken.ours.at(-1), taken.floor.at(-1)];
        context.say(
          `${CASHIERS * salesEach} sales in ${ours?.wallS.toFixed(2)} s, bare ${bare?.wallS.toFixed(2)} s; ${told(waits.slice(-1))}`,
        );
      }
      answers.push(...(await counter.sellTwiceAtOnce()));
      await prove(owner, web, answers);
      return rowsOf({ ...taken, sales: CASHIERS * salesEach, waits });
    } finally {
      counter.close();
      await floor.close();
    }
  } finally {
    await owner.end();
    await web.stop();
  }
}

/** What an act takes of the wall clock, and of a process and the backends of the database. */
async function spent<Made>(
  owner: pg.Client,
  pid: number,
  act: () => Promise<Made[]>,
): Promise<{ made: Made[]; wallS: number; cpuS: number }> {
  const used = async () => {
    const { rows } = await owner.query<{ pid: number }>(
      // Not who looks on: that is the owner.
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database()
         AND backend_type = 'client backend' AND usename <> current_user`,
    );
    return new Map([pid, ...rows.map((row) => row.pid)].map((each) => [each, cpuSecondsOf(each)]));
  };
  const before = await used();
  const began = performance.now();
  const made = await act();
  const wallS = (performance.now() - began) / 1000;
  let cpuS = 0;
  for (const [each, seconds] of await used()) cpuS += seconds - (before.get(each) ?? 0);
  return { made, wallS, cpuS };
}

/** Throws unless every request is booked once, receipts have no gap and the ledger proves itself. */
async function prove(
  owner: pg.Client,
  { urls }: RunningWeb,
  answers: readonly Answered[],
): Promise<void> {
  const { rows } = await owner.query<Record<string, string>>(
    `SELECT count(*) AS sales, count(DISTINCT transaction_id) AS booked,
       min(substr(receipt, 2)::bigint) AS first, max(substr(receipt, 2)::bigint) AS last,
       (SELECT last_number FROM document_series WHERE series = 'receipt') AS series,
       (SELECT count(*) FROM transactions WHERE project_id = $1 AND kind = 'sale') AS posted,
       (SELECT count(*) FROM idempotency_keys WHERE project_id = $1 AND route LIKE '%/sales') AS keys,
       (SELECT count(*) FROM audit WHERE project_id = $1 AND action = 'sale.posted') AS logged,
       (SELECT sum(amount) FROM entries WHERE project_id = $1) AS sum
     FROM sales WHERE project_id = $1`,
    [OURS],
  );
  const { first, sum, ...counts } = rows[0] ?? {};
  const receipts = new Set(answers.map(({ receipt }) => receipt)).size;
  const requests = new Set(answers.map(({ key }) => key)).size;
  const all = { ...counts, receipts: String(receipts), requests: String(requests) };
  if (first !== '1' || sum !== '0' || new Set(Object.values(all)).size !== 1) {
    throw new Error(`not each once and without a gap: ${JSON.stringify({ first, sum, ...all })}`);
  }
  const postgres = openPostgres({ url: urls.billing });
  const books = { projectId: OURS, currency: 'CNY' };
  const proof = await verifyLedger(postgres.db, books).finally(() => postgres.close());
  const faults = proof.checks.filter((check) => check.faults > 0);
  if (faults.length > 0) throw new Error(`the ledger does not hold: ${JSON.stringify(faults)}`);
}

function rowsOf({
  ours,
  floor,
  sales,
  waits,
}: {
  ours: readonly Round[];
  floor: readonly Round[];
  sales: number;
  waits: readonly Waits[];
}): Row[] {
  const each = (rounds: readonly Round[], figure: 'wallS' | 'cpuS') =>
    (1000 * median(rounds.map((round) => round[figure]))) / sales;
  const p95 = (rounds: readonly Round[]) =>
    percentile(
      rounds.flatMap(({ latencies }) => latencies),
      0.95,
    );
  const wall = { ours: each(ours, 'wallS'), floor: each(floor, 'wallS') };
  const against = `bare inserts of the same rows, ${POOL_MAX} connections as web has`;
  return [
    {
      ...{ what: 'a sale, 50 at once', unit: 'ms', ...wall, against, target: { ratioMax: 5 } },
      note: `${(1000 / wall.ours).toFixed(0)} sales/s, bare ${(1000 / wall.floor).toFixed(0)}; no gap in receipts, each request booked once`,
    },
    {
      ...{ what: 'CPU a sale', unit: 'ms', ours: each(ours, 'cpuS'), floor: each(floor, 'cpuS') },
      note: 'web and PostgreSQL, without who asks; bare: who inserts and PostgreSQL',
    },
    { what: 'p95 of an answer, 50 at once', unit: 'ms', ours: p95(ours), floor: p95(floor) },
    {
      ...{ what: 'time of sales in lock waits', unit: '%', ours: shareOf(waits) },
      ...{ target: { max: WAITS_PERCENT_MAX }, note: told(waits) },
    },
  ];
}

/** A row is hot when sales spend more of their time waiting for it. */
const WAITS_PERCENT_MAX = 10;

const shareOf = (waits: readonly Waits[]): number => {
  const open = waits.reduce((sum, each) => sum + each.open, 0);
  const waiting = waits.reduce(
    (sum, { on }) => sum + [...on.values()].reduce((a, b) => a + b, 0),
    0,
  );
  return open === 0 ? 0 : (100 * waiting) / open;
};

/** `document_series 34 %, audit 1 %`: of the time that transactions were open. */
function told(waits: readonly Waits[]): string {
  const open = waits.reduce((sum, each) => sum + each.open, 0);
  const on = new Map<string, number>();
  for (const each of waits) {
    for (const [what, count] of each.on) on.set(what, (on.get(what) ?? 0) + count);
  }
  const shares = [...on]
    .sort(([, a], [, b]) => b - a)
    .map(([what, count]) => `${what} ${((100 * count) / open).toFixed(1)} %`);
  return `lock waits: ${shares.join(', ') || 'none'} (${open} looks at open transactions)`;
}

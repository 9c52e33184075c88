/**
 * Ingest: 200 gateways × 32 meters on loopback, their whole block read, decoded, spooled and
 * acknowledged by a real QuestDB. One process of ours against one of the libraries, in turn.
 */
import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { IngestFigures, IngestMessage, IngestPlan } from './ingest/plan.ts';
import { cpuSecondsOf, median } from './measure.ts';
import type { BenchContext, BenchDatabases, Part, Row } from './part.ts';

/** What is wanted of one process: 100,000 meters every ten seconds. */
const RATE_MIN = 10_000;
/** So often that the buses are never idle: what can be had. */
const FULL_PERIOD_S = 0.1;
/** A measured process that has told its figures may take this long to end. */
const END_MS = 10_000;

export const ingest: Part = {
  name: 'ingest',
  says: '200 gateways × 32 meters read, spooled and acknowledged, against the libraries',
  run: measure,
};

/** Figures of one run, and what the others on the machine took meanwhile. */
interface Run extends IngestFigures {
  answersCpuS: number;
  questdbCpuS: number;
}

async function measure(context: BenchContext): Promise<Row[]> {
  const { quick, rounds, say } = context;
  const size = quick ? { gateways: 4, metersEach: 4 } : { gateways: 200, metersEach: 32 };
  const [warmS, measureS] = quick ? [0.5, 1] : [3, 8];
  const databases = await context.databases();
  const { projectId, meterIds } = await enterPark(databases.urls.owner, size);
  const answers = fork(
    join(import.meta.dirname, 'ingest/answers.ts'),
    [String(size.gateways)],
    child,
  );
  try {
    const ports = await new Promise<number[]>((resolve, reject) => {
      answers.once('message', (message) => resolve(message as number[])); // it sends nothing else
      answers.once('exit', () => reject(new Error('the gateways ended')));
    });
    let nth = 0;
    const run = async (who: 'ours' | 'floor', periodS: number): Promise<Run> => {
      const folder = join(context.scratch, String(++nth));
      mkdirSync(folder);
      const told = await runProcess(
        who,
        {
          ...{ databaseUrl: databases.urls.ingest, questdbUrl: databases.questdbUrl },
          ...{ projectId, meterIds, ports, metersEach: size.metersEach },
          ...{ periodS, folder, warmS, measureS },
        },
        { answersPid: answers.pid ?? 0, databases, signal: context.signal },
      );
      const rate = told.samples / told.wallS;
      const cost = (told.cpuS / told.samples) * 1e6;
      say(
        `${who} every ${periodS} s: ${rate.toFixed(0)} samples/s, ${cost.toFixed(1)} µs CPU each`,
      );
      return told;
    };
    const full: Run[] = [];
    const paced: Run[] = [];
    const floor: Run[] = [];
    const pacedS = quick ? FULL_PERIOD_S : (size.gateways * size.metersEach) / RATE_MIN;
    for (let round = 0; round < rounds; round++) {
      if (round % 2 === 0) full.push(await run('ours', FULL_PERIOD_S));
      floor.push(await run('floor', FULL_PERIOD_S));
      if (round % 2 === 1) full.push(await run('ours', FULL_PERIOD_S));
      paced.push(await run('ours', pacedS));
    }
    return rowsOf({ full, paced, floor, quick });
  } finally {
    answers.disconnect();
  }
}

const child: ForkOptions = {
  execArgv: ['--import', 'tsx'],
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
};

/** Runs one measured process to its end; throws when it lost a sample or failed a poll. */
async function runProcess(
  who: 'ours' | 'floor',
  plan: IngestPlan,
  others: { answersPid: number; databases: BenchDatabases; signal: AbortSignal },
): Promise<Run> {
  const process = fork(
    join(import.meta.dirname, `ingest/${who}.ts`),
    [JSON.stringify(plan)],
    child,
  );
  const end = () => process.kill();
  others.signal.addEventListener('abort', end);
  const ended = new Promise((resolve) => process.once('exit', resolve));
  try {
    const figures = await listen(process, others);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, END_MS).unref())]);
    return figures;
  } finally {
    others.signal.removeEventListener('abort', end);
    if (process.exitCode === null) end();
  }
}

async function listen(
  process: ChildProcess,
  { answersPid, databases }: { answersPid: number; databases: BenchDatabases },
): Promise<Run> {
  const others = () => [cpuSecondsOf(answersPid), cpuSecondsOf(databases.questdbPid)] as const;
  let before = others();
  let after = others();
  const figures = await new Promise<IngestFigures>((resolve, reject) => {
    process.on('message', (message) => {
      const told = message as IngestMessage; // our own process, our own words
      if (told.kind === 'begins') before = others();
      else if (told.kind === 'ends') after = others();
      else resolve(told.figures);
    });
    process.once('exit', (code) => reject(new Error(`a measured process ended with ${code}`)));
  });
  const { total, totalAcknowledged, failed } = figures;
  if (failed > 0 || totalAcknowledged !== total) {
    throw new Error(`${failed} polls failed; ${totalAcknowledged} of ${total} acknowledged`);
  }
  return { ...figures, answersCpuS: after[0] - before[0], questdbCpuS: after[1] - before[1] };
}

const middle = (runs: readonly Run[], figure: (run: Run) => number) => median(runs.map(figure));
const costUs = ({ cpuS, samples }: Run) => (cpuS / samples) * 1e6;
const perS = ({ samples, wallS }: Run) => samples / wallS;

function rowsOf({
  full,
  paced,
  floor,
  quick,
}: Record<'full' | 'paced' | 'floor', Run[]> & { quick: boolean }): Row[] {
  const share = (runs: readonly Run[], figure: (run: Run) => number) =>
    `${(100 * middle(runs, (run) => figure(run) / run.wallS)).toFixed(0)} %`;
  const usage = (runs: readonly Run[]) =>
    `of a core: ours ${share(runs, (r) => r.cpuS)}, gateways ${share(runs, (r) => r.answersCpuS)}, ` +
    `QuestDB ${share(runs, (r) => r.questdbCpuS)}`;
  const skipped = middle(paced, (run) => run.skipped);
  return [
    {
      ...{ what: 'samples a second, buses never idle', unit: '/s' },
      ...{ ours: middle(full, perS), floor: middle(floor, perS) },
      target: quick ? undefined : { min: RATE_MIN },
      against: 'modbus-serial and @questdb/nodejs-client, same registers, same columns, no spool',
      note: usage(full),
    },
    {
      ...{ what: 'CPU a sample, buses never idle', unit: 'µs' },
      ...{ ours: middle(full, costUs), floor: middle(floor, costUs) },
      target: { ratioMax: 0.7 },
      note: `peak memory ${middle(full, (r) => r.peakMb).toFixed(0)} MB, the libraries ${middle(floor, (r) => r.peakMb).toFixed(0)} MB`,
    },
    {
      ...{ what: `samples a second of ${RATE_MIN} asked for`, unit: '/s' },
      ours: middle(paced, perS),
      target: quick ? undefined : { min: 0.995 * RATE_MIN },
      note: `${skipped} slots skipped from the start; ${usage(paced)}`,
    },
    {
      ...{ what: `CPU a sample at ${RATE_MIN} a second`, unit: 'µs' },
      ...{ ours: middle(paced, costUs), floor: middle(floor, costUs) },
      target: { ratioMax: 0.7 },
      note: 'the floor reads as fast as it can, which costs it least',
    },
  ];
}

/** A project whose meters stand at points, as if entered by hand; set-based, in seconds. */
async function enterPark(
  ownerUrl: string,
  { gateways, metersEach }: { gateways: number; metersEach: number },
): Promise<{ projectId: string; meterIds: string[] }> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      `WITH g AS (INSERT INTO groups (name) VALUES ('Bench') RETURNING id),
        e AS (INSERT INTO legal_entities (group_id, name) SELECT id, 'Bench' FROM g RETURNING group_id, id)
       INSERT INTO projects (group_id, legal_entity_id, name, zone, currency, poll_seconds)
       SELECT group_id, id, 'Bench', 'Asia/Shanghai', 'CNY', 10 FROM e RETURNING id::text`,
    );
    const projectId = rows[0]?.id ?? '';
    const meters = await client.query<{ id: string }>(
      `INSERT INTO meters (project_id, serial, model) SELECT $1, 'S' || n, 'DTSY1352-SIM'
       FROM generate_series(1, $2::int) n RETURNING id::text`,
      [projectId, gateways * metersEach],
    );
    await client.query(
      `WITH p AS (INSERT INTO points (project_id, code, name, commodity)
         SELECT project_id, serial, serial, 'electricity' FROM meters WHERE project_id = $1
         RETURNING project_id, id, code)
       INSERT INTO installations (project_id, point_id, meter_id, valid_from)
       SELECT p.project_id, p.id, m.id, now() - interval '1 day'
       FROM p JOIN meters m ON m.project_id = p.project_id AND m.serial = p.code`,
      [projectId],
    );
    await client.query(
      `INSERT INTO interval_marks (project_id, point_id, built_to)
       SELECT project_id, id, date_trunc('hour', now()) FROM points WHERE project_id = $1`,
      [projectId],
    );
    await client.query('ANALYZE');
    return { projectId, meterIds: meters.rows.map(({ id }) => id) };
  } finally {
    await client.end();
  }
}

/**
 * Commands: a batch to 1,000 meters on 40 gateways, each confirmed by reading back, while the meters are
 * polled. Against the bare frames of the same commands, one after the other on each bus, all buses at once.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { chosenMeters, digestOf } from '../../ingest/batch-select.ts';
import { beginBatch } from '../../ingest/batches.ts';
import { sampleOf } from '../../ingest/blocks.ts';
import { createCollector } from '../../ingest/collect.ts';
import { createCommander } from '../../ingest/commander.ts';
import { loadConfiguration } from '../../ingest/configuration.ts';
import { createConnection } from '../../ingest/connection.ts';
import type { Ask } from '../../ingest/frame.ts';
import { listen } from '../../ingest/listen.ts';
import { createRelays } from '../../ingest/relays.ts';
import { type Db, openPostgres } from '../../sql/postgres.ts';
import { enterPark } from './commands/park.ts';
import { median } from './measure.ts';
import type { BenchContext, Part, Row } from './part.ts';

export const commands: Part = {
  name: 'commands',
  says: 'a batch of 1,000 commands on 40 gateways proven by reading back, against their bare frames',
  run: measure,
};

const TARGET = { ratioMax: 1.5 };
/** A line of 9,600 baud takes longer than this for a request and its answer. */
const LATENCY_MS = 20;
const POLL_S = 10;
/** Between two looks at how many are confirmed. */
const LOOK_MS = 50;
const DEADLINE_MS = 120_000;
const TICK_MS = 1_000;

async function measure({ quick, rounds, databases, say, signal }: BenchContext): Promise<Row[]> {
  const size = quick ? { gateways: 4, metersEach: 5 } : { gateways: 40, metersEach: 25 };
  const { gateways, metersEach } = size;
  const { urls } = await databases();
  const args = [gateways, metersEach, LATENCY_MS].map(String);
  const meters = fork(join(import.meta.dirname, 'commands/meters.ts'), args, {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const ports = await new Promise<number[]>((resolve, reject) => {
      meters.once('message', (message) => resolve(message as number[])); // it sends nothing else
      meters.once('exit', () => reject(new Error('the gateways ended')));
    });
    const park = await enterPark(urls.owner, { ports, metersEach, pollS: POLL_S });
    const taken = { ours: [] as number[], floor: [] as number[], polls: [] as number[] };
    for (let round = 0; round < rounds && !signal.aborted; round++) {
      // In turn, so that what the machine does meanwhile falls on both.
      const isFloorFirst = round % 2 === 0;
      if (isFloorFirst) taken.floor.push(await bareFrames(ports, metersEach, 0));
      const { wallS, polls } = await batch(urls.ingest, { ...park, round });
      taken.ours.push(wallS);
      taken.polls.push(polls);
      if (!isFloorFirst) taken.floor.push(await bareFrames(ports, metersEach, 1));
      say(`${wallS.toFixed(2)} s, bare frames ${taken.floor.at(-1)?.toFixed(2)} s, ${polls} polls`);
    }
    const count = gateways * metersEach;
    return [
      {
        ...{ what: `${count} meters on ${gateways} gateways commanded and proven`, unit: 's' },
        ...{ ours: median(taken.ours), floor: median(taken.floor), target: TARGET },
        against: 'the same reads and writes, one after the other on each bus, nothing else',
        note: `${LATENCY_MS} ms an answer; ${median(taken.polls)} polls meanwhile, every ${POLL_S} s a meter`,
      },
    ];
  } finally {
    meters.disconnect();
  }
}

/** Begins a batch and waits until every meter is confirmed; the collector polls all the while. */
async function batch(
  url: string,
  { projectId, meterIds, round }: { projectId: string; meterIds: string[]; round: number },
): Promise<{ wallS: number; polls: number }> {
  const clock = () => new Date();
  const postgres = openPostgres({ url });
  const { db } = postgres;
  const failures: unknown[] = [];
  const onError = (error: unknown) => failures.push(error);
  let polls = 0;
  const commander = createCommander({
    ...{ db, clock, onError, relays: createRelays(), onReading: () => {} },
    enter: (busId, errand) => collector.enter(busId, errand),
  });
  const collector = createCollector({
    ...{ clock, random: () => 0.5, onFailure: ({ kind }) => failures.push(kind) },
    onReading: (reading) => {
      polls++;
      commander.heard(sampleOf(reading));
    },
  });
  const listening = listen({
    ...{ url, channel: 'wattledger_commands' },
    onNotice: () => void commander.tick().catch(onError),
  });
  const { buses } = await loadConfiguration(db, clock());
  await collector.apply(buses);
  commander.apply(buses);
  await commander.tick();
  const timer = setInterval(() => void commander.tick().catch(onError), TICK_MS);
  try {
    const name = round % 2 === 0 ? ('trip' as const) : ('guarantee-supply' as const);
    const choice = { projectId, function: name, arguments: {}, meterIds };
    const selection = { ...choice, at: clock() };
    const digest = digestOf(selection, await chosenMeters(db, selection));
    const before = polls;
    const began = performance.now();
    const id = await db.transaction((tx) =>
      beginBatch(
        tx,
        { ...selection, digest, canary: 0, goesOn: true, reason: 'bench' },
        { actor: { kind: 'system', id: 'bench', name: 'Bench' }, traceId: 'bench' },
      ),
    );
    while ((await confirmedOf(db, id)) < meterIds.length) {
      if (performance.now() - began > DEADLINE_MS)
        throw new Error('not all were confirmed in time');
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    const wallS = (performance.now() - began) / 1000;
    if (failures.length > 0) throw new Error(`${failures.length} failures: ${String(failures[0])}`);
    return { wallS, polls: polls - before };
  } finally {
    clearInterval(timer);
    await listening.close();
    await collector.stop();
    await commander.idle();
    await postgres.close();
  }
}

async function confirmedOf(db: Db, batchId: string): Promise<number> {
  const { rows } = await db.execute<{ n: number }>(sql`
    SELECT count(*)::int AS n FROM commands c
    JOIN command_states s ON s.project_id = c.project_id AND s.command_id = c.id
    WHERE c.batch_id = ${batchId}::bigint AND s.state = 'confirmed'`);
  return rows[0]?.n ?? 0;
}

/** Who is there, what stands, the write, the read-back: as a command to a relay has them. */
const framesOf = (unit: number, tripped: number): Ask[] => [
  { kind: 'read', unit, address: 0x0200, words: 1 },
  { kind: 'read', unit, address: 0x0043, words: 3 },
  { kind: 'read', unit, address: 0x0057, words: 2 },
  { kind: 'read', unit, address: 0x0224, words: 1 },
  { kind: 'write', unit, address: 0x0057, values: [1, tripped] },
  { kind: 'read', unit, address: 0x0057, words: 2 },
  { kind: 'read', unit, address: 0x0224, words: 1 },
];

/** Seconds that the bare frames take, all buses at once. */
async function bareFrames(
  ports: readonly number[],
  metersEach: number,
  tripped: number,
): Promise<number> {
  const timeouts = { connectTimeoutMs: 3_000, requestTimeoutMs: 2_000 };
  const began = performance.now();
  await Promise.all(
    ports.map(async (port) => {
      const bus = createConnection({ framing: 'tcp', host: '127.0.0.1', port, ...timeouts });
      await bus.open();
      for (let unit = 1; unit <= metersEach; unit++) {
        for (const frame of framesOf(unit, tripped)) {
          const { outcome } = await bus.ask(frame);
          if (outcome !== 'words' && outcome !== 'written') throw new Error(`bare: ${outcome}`);
        }
      }
      bus.close();
    }),
  );
  return (performance.now() - began) / 1000;
}

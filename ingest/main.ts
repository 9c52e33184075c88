/**
 * The process of the ingest room: reads every meter, decodes, spools, delivers to QuestDB, keeps the
 * meters' states and tells of lost contact. Configuration is looked at every two seconds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AlarmKind, projectsAlarmed, raiseAlarms, syncAlarms } from '../sql/alarms.ts';
import { systemClock as clock } from '../sql/clock.ts';
import { openDuckdb } from '../sql/duckdb.ts';
import { roomEnvironment } from '../sql/env.ts';
import { openLog } from '../sql/log.ts';
import { publishMetrics } from '../sql/metrics.ts';
import { openPostgres } from '../sql/postgres.ts';
import { openQuestdb } from '../sql/questdb.ts';
import { messageOf } from '../sql/refusal.ts';
import { advanceBatches } from './batches.ts';
import { type Reading, takeReading } from './blocks.ts';
import { createCollector } from './collect.ts';
import { createCommander } from './commander.ts';
import { type Configuration, configurationMark, loadConfiguration } from './configuration.ts';
import { judgeContact } from './contact.ts';
import { startDelivery } from './delivery.ts';
import { lateMarker } from './dirty.ts';
import { estimateWaiting } from './estimate-waiting.ts';
import { createIntervalBuilder } from './intervals.ts';
import { listen } from './listen.ts';
import { openMeterStates } from './meter-states.ts';
import { countSamples } from './metrics.ts';
import { syncLoss, syncOverload } from './point-alarms.ts';
import { runQuality } from './quality.ts';
import { createRelays } from './relays.ts';
import { openSpool } from './spool.ts';
import { createTestReader } from './test-reader.ts';
import { startTicks } from './ticks.ts';
import { spoolTroubles } from './trouble.ts';

const CONFIGURATION_MS = 2_000;
/** Dated schedules come into force by time alone: looked up this often without any change. */
const CONFIGURATION_MAX_MS = 60_000;
const STATES_MS = 3_000;
/** Postgres tells of new commands; this is for what comes by time, and when it did not. */
const COMMANDS_MS = 1_000;
const CONTACT_MS = 10_000;
/** A meter's own tariff periods are a cross-check only: minutes matter, seconds do not. */
const CLOCK_LIMIT_MS = 2 * 60_000;
const STATISTICS_MS = 60_000;
/** Intervals are at most this much older than the sample that ends them. */
const INTERVALS_MS = 10_000;
/** Days without a register are counted in days: an hour later does no harm. */
const ESTIMATES_MS = 3_600_000;
const QUALITY_MS = 60_000;
const STOP_MS = 5_000;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

const env = roomEnvironment('ingest', process.env);
const log = openLog({ room: 'ingest', level: env.logLevel });
const postgres = openPostgres({
  url: env.databaseUrl,
  onError: (error) => log.warn({ err: error }, 'a connection to Postgres broke'),
});
const { db } = postgres;
const questdb = openQuestdb({ url: env.questdbUrl });

const spool = await openSpool({
  dir: join(env.dataFolder, 'spool'),
  clock,
  bootId: existsSync(BOOT_ID) ? readFileSync(BOOT_ID, 'utf8').trim() : '',
  onAlarm: (alarm) => {
    log.error({ alarm }, `spool: ${alarm.kind}`);
    if (alarm.kind === 'corrupt') void tell('spool', { ...alarm });
  },
});
const delivery = startDelivery({
  spool,
  write: questdb.write,
  beforeRelease: lateMarker(db),
  rejectedFile: join(env.dataFolder, 'spool', 'rejected.txt'),
  random: Math.random,
  onAlarm: (alarm) => {
    log.warn({ alarm }, `delivery to QuestDB: ${alarm.kind}`);
    if (alarm.kind === 'rejected') void tell('delivery', { ...alarm });
  },
});

const duckdb = await openDuckdb({ memory: '2GB', threads: 2 });
const intervals = createIntervalBuilder({
  ...{ db, questdb, duckdb, clock },
  folder: join(env.dataFolder, 'intervals'),
});

const states = openMeterStates(db);
const dropped = new Map<string, number>();
function take(reading: Reading): void {
  const { sample, kept } = takeReading(reading, spool);
  if (!kept) dropped.set(sample.meterId, (dropped.get(sample.meterId) ?? 0) + 1);
  states.heard(sample, clock().getTime());
  commander.heard(sample);
}
const collector = createCollector({
  clock,
  random: Math.random,
  onReading: take,
  onFailure: (failure) => {
    log.debug({ meter: failure.meter.id, kind: failure.kind }, 'a poll gave no sample');
    states.failed(failure);
  },
});

const relays = createRelays();
const commander = createCommander({
  ...{ db, clock, onReading: take, relays },
  enter: (busId, errand) => collector.enter(busId, errand),
  onError: (error) => log.error({ err: error }, 'a command was not dealt with'),
});
const testReader = createTestReader({
  ...{ db, clock },
  enter: (busId, errand) => collector.enter(busId, errand),
  onError: (error) => log.error({ err: error }, 'a test-read was not dealt with'),
});
const listening = listen({
  url: env.databaseUrl,
  channel: 'wattledger_commands',
  onNotice: () => {
    void commander.tick().catch(() => {});
    void testReader.tick().catch(() => {});
  },
});

let configuration: Configuration = { buses: [], unreadable: [] };
let mark = '';
let loadedAtMs = 0;
/** When each meter began to be read by this process. */
const since = new Map<string, number>();

/** Puts a changed configuration in force. */
async function configure(): Promise<void> {
  const at = clock();
  const found = await configurationMark(db);
  if (found === mark && at.getTime() - loadedAtMs < CONFIGURATION_MAX_MS) return;
  const loaded = await loadConfiguration(db, at);
  await collector.apply(loaded.buses);
  commander.apply(loaded.buses);
  if (found !== mark) {
    const meters = loaded.buses.reduce((sum, bus) => sum + bus.meters.length, 0);
    log.info({ buses: loaded.buses.length, meters }, 'configuration in force');
    for (const { meterId, why } of loaded.unreadable) log.warn({ meter: meterId, why }, 'not read');
  }
  for (const { meters } of loaded.buses) {
    for (const { id } of meters) if (!since.has(id)) since.set(id, at.getTime());
  }
  configuration = loaded;
  mark = found;
  loadedAtMs = at.getTime();
}

/** Goes on with batches whose canary is confirmed; stops those whose canary has failed. */
async function advance(): Promise<void> {
  await advanceBatches(db, clock());
}

/** What is judged here, also for a project whose last bus was taken away: its alarms end. */
const judged: readonly AlarmKind[] = [
  ...(['meter.silent', 'gateway.silent', 'meter.clock', 'relay.differs'] as const),
  ...(['point.overload', 'point.loss'] as const),
];

/** Raises and clears the alarms of silence, of clocks that are off, of overload and of loss. */
async function judge(): Promise<void> {
  const at = clock();
  const contact = judgeContact(configuration.buses, {
    nowMs: at.getTime(),
    lastSampleMs: states.lastSampleMs,
    isFailing: states.isFailing,
    sinceMs: (meterId) => since.get(meterId) ?? at.getTime(),
  });
  states.setSilent(contact.silent);
  const projects = new Set([...projectsOf(configuration), ...(await projectsAlarmed(db, judged))]);
  const lost = new Map(contact.byProject.map((each) => [each.projectId, each]));
  const read = configuration.buses.flatMap(({ meters }) => meters.map(({ id }) => id));
  const offClock = states.offClock(CLOCK_LIMIT_MS);
  for (const projectId of projects) {
    const { meters = [], gateways = [] } = lost.get(projectId) ?? {};
    await syncAlarms(db, { projectId, kind: 'meter.silent', at, subjects: meters });
    await syncAlarms(db, { projectId, kind: 'gateway.silent', at, subjects: gateways });
    const subjects = offClock
      .filter((meter) => meter.projectId === projectId)
      .map(({ meterId, offsetMs: clockOffsetMs }) => ({
        ...{ subjectKind: 'meter', subjectId: meterId, severity: 'notice' as const },
        detail: { clockOffsetMs },
      }));
    await syncAlarms(db, { projectId, kind: 'meter.clock', at, subjects });
    const differing = relays.differing(projectId, read);
    await syncAlarms(db, { projectId, kind: 'relay.differs', at, subjects: differing });
    await syncOverload(db, { projectId, at });
    await syncLoss(db, { projectId, at });
  }
}

/** Samples that could not be kept or delivered stay an alarm until a person has seen to them. */
async function tell(subjectId: string, detail: Record<string, unknown>): Promise<void> {
  const subjects = [{ subjectKind: 'ingest', subjectId, severity: 'critical' as const, detail }];
  try {
    for (const projectId of projectsOf(configuration)) {
      await raiseAlarms(db, { projectId, kind: 'spool.rejected', at: clock(), subjects });
    }
  } catch (error) {
    log.error({ err: error, subjects }, 'an alarm could not be raised');
  }
}

/** Raises and clears the alarms about ingest itself: they concern every project that is read. */
async function watch(): Promise<void> {
  const subjects = spoolTroubles(spool.stats(), delivery.stats());
  const projects = await projectsAlarmed(db, ['spool.filling']);
  for (const projectId of new Set([...projectsOf(configuration), ...projects])) {
    await syncAlarms(db, { projectId, kind: 'spool.filling', at: clock(), subjects });
  }
}

const projectsOf = ({ buses }: Configuration) => new Set(buses.map(({ projectId }) => projectId));

async function tellStatistics(): Promise<void> {
  const buses = Object.fromEntries(collector.stats());
  log.info({ spool: spool.stats(), delivery: delivery.stats(), buses }, 'statistics');
  if (dropped.size > 0) {
    log.error({ samples: Object.fromEntries(dropped) }, 'samples were dropped, by meter');
    dropped.clear();
  }
}

/** Builds what lags behind its samples or was made dirty. */
async function buildIntervals(): Promise<void> {
  const built = await intervals.tick();
  const { failures, ...done } = built;
  if (done.runs > 0) log.info(done, 'intervals built');
  if (failures.length > 0) log.error({ failures }, 'points whose intervals could not be built');
}

/** Runs the rules of quality over the days that are due. */
async function judgeQuality(): Promise<void> {
  const folder = join(env.dataFolder, 'quality');
  const done = await runQuality({ db, questdb, duckdb, clock, folder });
  if (done.days > 0) log.info(done, 'rules of quality ran');
}

const lookedAt = new Map<string, number>();

/** Estimates the days of points that have been silent for long. */
async function estimate(): Promise<void> {
  const points = await estimateWaiting({ db, questdb, clock, lookedAt });
  if (points > 0) log.info({ points }, 'silent points estimated');
}

const ticks = startTicks({
  onError: (name, error) => log.error({ err: error }, `${name} failed: ${messageOf(error)}`),
});

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  log.info('stopping');
  await ticks.stop();
  await listening.close();
  await collector.stop();
  await commander.idle().catch((error) => log.warn({ err: error }, 'commands were not settled'));
  await spool.flush();
  // What QuestDB has not acknowledged by then stays in the spool.
  await Promise.race([delivery.stop(), new Promise((resolve) => setTimeout(resolve, STOP_MS))]);
  await spool.close();
  duckdb.close();
  await states.write().catch((error) => log.warn({ err: error }, 'states were not written'));
  await postgres.close();
  process.exit(0);
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

countSamples({ spool, delivery, clock });
publishMetrics({
  room: 'ingest',
  dataDir: env.dataFolder,
  clock,
  onError: (error) => log.warn({ err: error }, 'metrics were not written'),
});

await states.restore();
await relays.restore(db);
await configure();
ticks.every(CONFIGURATION_MS, 'configuration', configure);
ticks.every(COMMANDS_MS, 'commands', commander.tick);
ticks.every(COMMANDS_MS, 'batches of commands', advance);
ticks.every(COMMANDS_MS, 'test-reads', testReader.tick);
ticks.every(STATES_MS, 'meter states', states.write);
ticks.every(CONTACT_MS, 'contact', judge);
ticks.every(CONTACT_MS, 'alarms of ingest', watch);
ticks.every(STATISTICS_MS, 'statistics', tellStatistics);
ticks.every(INTERVALS_MS, 'intervals', buildIntervals);
ticks.every(ESTIMATES_MS, 'estimates', estimate);
ticks.every(QUALITY_MS, 'quality', judgeQuality);
process.send?.('ready');

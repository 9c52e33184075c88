/**
 * One bus: its meters one at a time, each on its own aligned schedule, over one connection. A silent
 * meter is tried less and less, a missed slot is skipped and counted, no poll is ever queued up. Errands
 * (commands) go before polls, one between two of them.
 */
import type { MeterRef, Reading } from './blocks.ts';
import { type BusStats, createBusStats } from './bus-stats.ts';
import { type Connection, createConnection, type Endpoint } from './connection.ts';
import type { Framing } from './frame.ts';
import type { Gate } from './gate.ts';
import { models } from './models.ts';
import { GAP_MS, pollMeter } from './poll.ts';
import { nextDueMs, slotsBetween } from './schedule.ts';

export interface MeterConfig extends MeterRef {
  /** Modbus address, 1–247. */
  readonly unit: number;
  /** Interval between readings. */
  readonly seconds: number;
}

export interface BusConfig {
  readonly id: string;
  readonly projectId: string;
  readonly gatewayId: string;
  readonly endpoint: Endpoint;
  readonly meters: readonly MeterConfig[];
}

/** A poll that gave no sample. `kind`: timeout, closed, unreachable:ECONNREFUSED, exception:2, violation:crc … */
export interface Failure {
  readonly meter: MeterConfig;
  readonly bus: BusConfig;
  readonly at: Date;
  readonly kind: string;
}

export interface BusHooks {
  clock: () => Date;
  /** In [0, 1), for jitter. */
  random: () => number;
  /** Bounds connection attempts over all buses. */
  gate: Gate;
  onReading: (reading: Reading & { meter: MeterConfig }) => void;
  onFailure: (failure: Failure) => void;
}

/** The bus as an errand has it, for itself alone until its run is over. */
export interface Line {
  readonly framing: Framing;
  /** Opens the connection where it is not. */
  reach: () => Promise<boolean>;
  ask: Connection['ask'];
  /** The silence that the line needs between two frames. */
  gap: () => Promise<void>;
  /** Leaves the line to others until `work` is over, whose result it is; then it is this errand's again. */
  aside: <T>(work: Promise<T>) => Promise<T>;
}

export interface Errand {
  /** Must not throw. */
  run: (line: Line) => Promise<void>;
  /** The bus ended before its turn came: nothing of it was run. */
  abandon: () => void;
}

export interface Bus {
  /** Runs an errand before the next poll. */
  enter: (errand: Errand) => void;
  /** Other meters or intervals, in force at once; the endpoint stays. */
  update: (config: BusConfig) => void;
  stats: () => BusStats;
  /** Ends after the request that is open. */
  stop: () => Promise<void>;
}

/** Errands that stand aside at a time: enough to fill the line while what they wait for is written. */
const ASIDE_MAX = 4;
/** Failures in a row from which on a meter is tried less often. */
const SILENT_AFTER = 3;
/** However long it has been silent, it is tried this often at the least. */
const SILENT_PERIOD_MAX_S = 240;
const RETRY_PAUSE_MS = 150;
const RECONNECT_FIRST_MS = 1_000;
const RECONNECT_MAX_MS = 30_000;

interface Turn {
  meter: MeterConfig;
  dueMs: number;
  failures: number;
}

/** Starts polling. @see createCollector, which runs all buses. */
export function startBus(initial: BusConfig, hooks: BusHooks): Bus {
  const { clock, random, gate, onReading, onFailure } = hooks;
  let config = initial;
  const connection = createConnection(config.endpoint);
  const stats = createBusStats();
  let turns = new Map<string, Turn>();
  let stopped = false;
  let wake = () => {};
  let connectFailures = 0;
  let reconnectAtMs = 0;
  let unreachable = '';
  const errands: Errand[] = [];
  /** Errands that stood aside and may have the line again. */
  const returning: (() => void)[] = [];
  let asideCount = 0;
  /** Ends the turn of the errand that has the line. */
  let handBack = () => {};
  const line: Line = {
    framing: config.endpoint.framing,
    reach,
    ask: connection.ask,
    gap: async () => {
      const ms = GAP_MS[config.endpoint.framing];
      if (ms > 0) await new Promise<void>((resolve) => setTimeout(resolve, ms));
    },
    aside: async (work) => {
      asideCount++;
      handBack();
      try {
        return await work;
      } finally {
        await new Promise<void>((resolve) => {
          returning.push(resolve);
          wake();
        });
        asideCount--;
      }
    },
  };

  /** Whether an errand may have the line now. */
  const hasErrand = () =>
    returning.length > 0 || (errands.length > 0 && asideCount < ASIDE_MAX && !stopped);

  /** The line to one errand, until it is over or stands aside; those that come back go first. */
  async function takeErrand(): Promise<void> {
    if (!hasErrand()) return;
    const goOn = returning.shift();
    await new Promise<void>((resolve) => {
      handBack = resolve;
      if (goOn) goOn();
      else
        void errands
          .shift()
          ?.run(line)
          .finally(() => handBack());
    });
  }

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  function update(next: BusConfig): void {
    config = next;
    const known = turns;
    turns = new Map(config.meters.map((meter) => [meter.id, turnOf(meter, known.get(meter.id))]));
    wake();
  }

  /** The turn that the meter had, where it is still the same device: it may be in progress. */
  function turnOf(meter: MeterConfig, known: Turn | undefined): Turn {
    const same = known?.meter.unit === meter.unit && known.meter.model === meter.model;
    const turn = known && same ? known : { meter, dueMs: 0, failures: 0 };
    const keepsDue = turn === known && turn.meter.seconds === meter.seconds;
    turn.meter = meter;
    if (!keepsDue) reschedule(turn);
    return turn;
  }

  async function run(): Promise<void> {
    while (!stopped) {
      await takeErrand();
      if (stopped) break;
      const turn = earliest(turns);
      const waitMs = turn ? turn.dueMs - clock().getTime() : Number.POSITIVE_INFINITY;
      if (turn && waitMs > periodMs(turn)) {
        // The clock went back: the slot it waited for is a stranger's now.
        reschedule(turn);
      } else if (!turn || waitMs > 0) {
        // Whoever has come meanwhile found nobody to wake.
        if (!hasErrand()) await pause(Math.min(waitMs, IDLE_MS));
      } else {
        await take(turn);
      }
    }
    connection.close();
    for (const errand of errands.splice(0)) errand.abandon();
    while (asideCount > 0) {
      if (hasErrand()) await takeErrand();
      else await pause(IDLE_MS);
    }
  }

  async function take(turn: Turn): Promise<void> {
    const { meter, dueMs } = turn;
    const startedMs = clock().getTime();
    const outcome = await tryTwice(turn);
    if (stopped) return;
    const at = clock();
    if (outcome.outcome === 'read') {
      stats.read({ delayMs: startedMs - dueMs, durationMs: at.getTime() - startedMs });
      hearFrom(turn);
      onReading({ meter, at: new Date(outcome.atMs), blocks: outcome.blocks });
    } else {
      stats.failed(outcome.kind);
      // A gateway that cannot be reached says nothing about the meters behind it.
      if (outcome.kind !== unreachable) turn.failures++;
      onFailure({ meter, bus: config, at, kind: outcome.kind });
    }
    reschedule(turn);
    stats.skipped(slotsBetween(cadenceOf(meter), dueMs, turn.dueMs));
  }

  /** When the first one answers after all were silent, the others are asked again at once. */
  function hearFrom(turn: Turn): void {
    const wereSilent = [...turns.values()].every(({ failures }) => failures > 0);
    turn.failures = 0;
    if (!wereSilent) return;
    for (const other of turns.values()) {
      other.failures = Math.min(other.failures, 1);
      if (other !== turn) reschedule(other);
    }
  }

  function reschedule(turn: Turn): void {
    turn.dueMs = nextDueMs(cadenceOf(turn.meter), clock().getTime(), everyOf(turn));
  }

  /** A meter that was well a moment ago is asked a second time, another one is not. */
  async function tryTwice(turn: Turn) {
    const first = await tryOnce(turn.meter);
    const isWorthIt = first.outcome === 'failed' && first.isTransient && turn.failures === 0;
    if (!isWorthIt || stopped) return first;
    await pause(RETRY_PAUSE_MS * (0.5 + random()));
    return stopped ? first : tryOnce(turn.meter);
  }

  async function tryOnce(meter: MeterConfig) {
    if (!(await reach())) {
      return { outcome: 'failed', kind: unreachable, isTransient: false } as const;
    }
    const { framing } = config.endpoint;
    return pollMeter(connection, models[meter.model], { unit: meter.unit, framing, clock });
  }

  /** Opens the connection where it is not, with growing pauses between failed attempts. */
  async function reach(): Promise<boolean> {
    if (connection.isOpen()) return true;
    if (stopped) return false;
    if (clock().getTime() < reconnectAtMs && connectFailures > 0) return false;
    const connected = await gate.enter(() => connection.open());
    stats.connected(connected);
    if (connected.outcome === 'connected') {
      connectFailures = 0;
      return true;
    }
    unreachable = `unreachable:${connected.reason}`;
    const backoffMs = Math.min(RECONNECT_MAX_MS, RECONNECT_FIRST_MS * 2 ** connectFailures);
    connectFailures++;
    reconnectAtMs = clock().getTime() + backoffMs * (0.5 + random() / 2);
    return false;
  }

  update(initial);
  const running = run();
  return {
    enter: (errand) => {
      if (stopped) return errand.abandon();
      errands.push(errand);
      wake();
    },
    update,
    stats: () => stats.snapshot([...turns.values()].filter((t) => t.failures > 0).length),
    stop: async () => {
      stopped = true;
      wake();
      connection.close();
      await running;
    },
  };
}

const IDLE_MS = 60_000;

const cadenceOf = ({ seconds, id }: MeterConfig) => ({ seconds, meterId: id });

/** Each how many slots a meter is tried: 1 while it answers, up to once in four minutes else. */
function everyOf({ failures, meter }: Turn): number {
  if (failures < SILENT_AFTER) return 1;
  const most = Math.max(1, Math.floor(SILENT_PERIOD_MAX_S / meter.seconds));
  return Math.min(most, 2 ** Math.min(failures - SILENT_AFTER + 1, 16));
}

const periodMs = (turn: Turn) => turn.meter.seconds * 1000 * everyOf(turn);

function earliest(turns: ReadonlyMap<string, Turn>): Turn | undefined {
  let first: Turn | undefined;
  for (const turn of turns.values()) if (!first || turn.dueMs < first.dueMs) first = turn;
  return first;
}

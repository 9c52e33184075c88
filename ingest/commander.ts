/**
 * Which command goes out when: each meter's in order, one at a time, on its bus between two polls. A meter
 * that does not answer is tried less and less until the command has expired; one that was sent and not
 * confirmed is read until it is known what became of it.
 */
import { commandFunctionOf, isSupplyFunction } from '../sql/command-functions.ts';
import type { Db } from '../sql/postgres.ts';
import { suppliedBy } from '../sql/supply.ts';
import type { Reading } from './blocks.ts';
import type { BusConfig, Errand, Line, MeterConfig } from './bus.ts';
import { commandMapOf } from './command-maps.ts';
import { planOf } from './command-plan.ts';
import { runCommand, type Step, type Verdict } from './command-run.ts';
import {
  expireUnsent,
  markSent,
  type OpenCommand,
  observeSupply,
  openCommands,
  settleCommands,
  unobservedSupply,
} from './command-store.ts';
import { models } from './models.ts';
import { pollMeter } from './poll.ts';
import type { Relays } from './relays.ts';
import type { Sample } from './sample.ts';
import { together } from './together.ts';

export interface Commander {
  /** The buses in force, whenever they change. */
  apply: (buses: readonly BusConfig[]) => void;
  /** Looks for open commands and hands out what may go. */
  tick: () => Promise<void>;
  /** A reading has come of a meter: what waits for it is tried at once, its supply is looked at. */
  heard: (sample: Sample) => void;
  /** Resolves when nothing is on the line or being written. */
  idle: () => Promise<void>;
}

export interface CommanderParts {
  db: Db;
  clock: () => Date;
  /** Puts an errand on a bus; false when it does not run. */
  enter: (busId: string, errand: Errand) => boolean;
  /** What `read-now` reads is a reading like any other. */
  onReading: (reading: Reading & { meter: MeterConfig }) => void;
  onError: (error: unknown) => void;
  /** Told what goes out to the supply of a meter, and what came of it. */
  relays: Relays;
}

/** Pauses after a try that settled nothing: doubled each time, between these. */
const RETRY_FIRST_MS = 2_000;
const RETRY_MAX_MS = 60_000;
/** What a clock waits for comes by minutes. */
const WAIT_MS = 15_000;
/** Between two looks at what is open, while it changes. */
const LOOK_PAUSE_MS = 100;
/** Commands that are written in one commit at most. */
const TOGETHER_MAX = 500;
/** What a run came to waits this long for others; a crash meanwhile leaves it `sent`, and reading resolves it. */
const SETTLE_LINGER_MS = 50;
/** Supply that no sample has shown by then is looked for no longer. */
const OBSERVED_WITHIN_MS = 3_600_000;

interface Waiting {
  commandId: string;
  tries: number;
  notBeforeMs: number;
}

export function createCommander(parts: CommanderParts): Commander {
  const { db, clock, enter, onReading, onError, relays } = parts;
  let meters = new Map<string, { busId: string; meter: MeterConfig }>();
  const mark = together((items: Parameters<typeof markSent>[1]) => markSent(db, items), {
    most: TOGETHER_MAX,
  });
  const settled = together(
    (items: Parameters<typeof settleCommands>[1]) => settleCommands(db, items),
    { most: TOGETHER_MAX, lingerMs: SETTLE_LINGER_MS },
  );
  /** By meter what is in work. */
  const inFlight = new Map<string, { commandId: string; work: Promise<void> }>();
  const waiting = new Map<string, Waiting>();
  /** By meter: a confirmed command whose effect no sample has shown yet. */
  const unseen = new Map<
    string,
    { projectId: string; id: string; supply: 'on' | 'off'; sinceMs: number }
  >();
  let running: Promise<void> | undefined;
  let again = false;

  async function tick(): Promise<void> {
    if (running) {
      again = true;
      return running;
    }
    running = lookUntilQuiet().finally(() => {
      running = undefined;
    });
    return running;
  }

  /** Every step of every command asks for another look: they are taken together. */
  async function lookUntilQuiet(): Promise<void> {
    await look();
    while (again) {
      again = false;
      await new Promise((done) => setTimeout(done, LOOK_PAUSE_MS));
      await look();
    }
  }

  let hasRestored = false;
  /** What an earlier process confirmed and did not see any more. */
  async function restore(now: Date): Promise<void> {
    const sinceMs = now.getTime() - OBSERVED_WITHIN_MS;
    for (const { function: name, meterId, ...command } of await unobservedSupply(
      db,
      new Date(sinceMs),
    )) {
      const { supply } = commandFunctionOf(name);
      if (supply) unseen.set(meterId, { ...command, supply, sinceMs: now.getTime() });
    }
    hasRestored = true;
  }

  async function look(): Promise<void> {
    const now = clock();
    if (!hasRestored) await restore(now);
    const busy = new Map(inFlight);
    const inWork = [...busy.values()].map(({ commandId }) => commandId);
    // What was in work when it was asked may be open again by now, and goes before any later one of its meter.
    const open = (await openCommands(db, { at: now, inWork })).filter(
      ({ meterId }) => !busy.has(meterId) && !inFlight.has(meterId),
    );
    const ended = unsentAtEnd(open, now);
    await expireUnsent(db, ended, now);
    for (const { job } of ended) relays.failed(idsOf(job));
    const over = new Set(ended.map(({ job }) => job.id));
    const seen = new Set<string>();
    for (const command of open) {
      if (over.has(command.id) || seen.has(command.meterId)) continue;
      seen.add(command.meterId);
      handOut(command, now.getTime());
    }
    for (const meterId of [...waiting.keys()]) if (!seen.has(meterId)) waiting.delete(meterId);
  }

  function handOut(command: OpenCommand, nowMs: number): void {
    const { meterId, id } = command;
    const place = meters.get(meterId);
    const pause = waiting.get(meterId);
    // Not on any bus: it expires, or stays unknown until the meter is read again.
    if (!place || (pause?.commandId === id && pause.notBeforeMs > nowMs)) return;
    let finish = () => {};
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const end = () => {
      inFlight.delete(meterId);
      finish();
    };
    inFlight.set(meterId, { commandId: id, work });
    const errand: Errand = {
      run: async (line) => {
        const steps: Step[] = [];
        try {
          const verdict = await onLine(line, command, { meter: place.meter, steps });
          // The line is free again while this is written.
          void settle(command, verdict, steps).catch(onError).finally(end);
        } catch (error) {
          onError(error);
          postpone(command, RETRY_FIRST_MS);
          end();
        }
      },
      abandon: end,
    };
    if (!enter(place.busId, errand)) end();
  }

  async function onLine(
    line: Line,
    command: OpenCommand,
    { meter, steps }: { meter: MeterConfig; steps: Step[] },
  ): Promise<Verdict> {
    const model = models[meter.model];
    const { unit, zone } = meter;
    const { serial, ratio } = command;
    if (clock() >= command.expiresAt && command.state === 'requested') {
      return { state: 'expired', outcome: expiry(command), after: null };
    }
    if (command.function === 'read-now') return await readNow(line, { command, meter, steps });
    const map = commandMapOf(model);
    const target = { model, map, serial, zone, ratio };
    const plan = planOf(command.function, command.arguments, target);
    if (!plan) return { state: 'refused', outcome: 'function-unsupported', after: null };
    return await runCommand(line, command, {
      plan,
      model,
      map,
      unit,
      serial,
      clock,
      steps,
      send: async (before) => {
        const marking = mark({ job: command, before, at: clock(), steps });
        // Nothing of this command is on the line while it is written; another one's readings may be.
        const sent = plan.isTimed ? await marking : await line.aside(marking);
        if (sent.outcome === 'sent') {
          steps.length = 0;
          command.sentAt = clock();
          command.state = 'sent';
          if (isSupplyFunction(command.function)) relays.sent(idsOf(command));
        }
        return sent;
      },
    });
  }

  async function readNow(
    line: Line,
    { meter, steps }: { command: OpenCommand; meter: MeterConfig; steps: Step[] },
  ): Promise<Verdict> {
    if (!(await line.reach())) return { state: 'requested', outcome: 'unreachable' };
    const { unit } = meter;
    const read = await pollMeter(line, models[meter.model], { unit, framing: line.framing, clock });
    const result = read.outcome === 'read' ? 'ok' : read.kind;
    steps.push({ at: clock(), kind: 'read', address: null, result, detail: null });
    if (read.outcome === 'failed') return { state: 'requested', outcome: read.kind };
    onReading({ meter, at: new Date(read.atMs), blocks: read.blocks });
    return { state: 'confirmed', outcome: null, after: { at: new Date(read.atMs).toISOString() } };
  }

  async function settle(command: OpenCommand, verdict: Verdict, steps: Step[]): Promise<void> {
    const at = clock();
    const { meterId, projectId, id } = command;
    if (verdict.state === 'unknown' || verdict.state === 'requested') postponeBy(command, verdict);
    else waiting.delete(meterId);
    // Tried in vain again, as the last time: told once.
    if (verdict.state === command.state && verdict.outcome === command.outcome) return;
    await settled({ job: command, verdict, at, steps });
    const { function: name } = command;
    const { supply } = commandFunctionOf(name);
    if (isSupplyFunction(name) && verdict.state === 'confirmed') {
      relays.confirmed({ projectId, ...idsOf(command), function: name, atMs: at.getTime() });
    } else if (verdict.state === 'refused' || verdict.state === 'expired') {
      relays.failed(idsOf(command));
    }
    if (verdict.state !== 'confirmed') return;
    if (supply) unseen.set(meterId, { projectId, id, supply, sinceMs: at.getTime() });
    else if (isSupplyFunction(name)) unseen.delete(meterId);
  }

  function postponeBy(command: OpenCommand, { state, outcome }: Verdict): void {
    if (outcome === 'price-boundary') postpone(command, WAIT_MS);
    // Reading has shown that it did not happen: it may go again.
    else if (state === 'requested' && outcome === 'not-executed') waiting.delete(command.meterId);
    else {
      const tries = triesOf(command);
      postpone(command, Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** tries));
    }
  }

  const triesOf = ({ meterId, id }: OpenCommand): number => {
    const pause = waiting.get(meterId);
    return pause?.commandId === id ? pause.tries : 0;
  };

  function postpone(command: OpenCommand, ms: number): void {
    const tries = Math.min(triesOf(command) + 1, 10);
    const notBeforeMs = clock().getTime() + ms;
    waiting.set(command.meterId, { commandId: command.id, tries, notBeforeMs });
  }

  function heard(sample: Sample): void {
    const { meterId, atMs, channels } = sample;
    relays.heard(sample);
    const pause = waiting.get(meterId);
    if (pause && pause.tries > 0) waiting.set(meterId, { ...pause, notBeforeMs: 0 });
    const expected = unseen.get(meterId);
    if (!expected || atMs <= expected.sinceMs) return;
    if (suppliedBy(channels) === expected.supply) {
      unseen.delete(meterId);
      const { projectId, id } = expected;
      void observeSupply(db, { projectId, id, at: new Date(atMs) }).catch(onError);
    } else if (atMs - expected.sinceMs > OBSERVED_WITHIN_MS) unseen.delete(meterId);
  }

  return {
    apply: (buses) => {
      meters = new Map(
        buses.flatMap((bus) => bus.meters.map((meter) => [meter.id, { busId: bus.id, meter }])),
      );
    },
    tick,
    heard,
    idle: async () => {
      await running;
      await Promise.all([...inFlight.values()].map(({ work }) => work));
    },
  };
}

const idsOf = ({ meterId, id: commandId }: OpenCommand) => ({ meterId, commandId });

/** Requested commands that are out of time, or overtaken by a newer one of their kind for the same meter. */
function unsentAtEnd(
  open: readonly OpenCommand[],
  now: Date,
): { job: OpenCommand; outcome: string }[] {
  const newest = new Map<string, number>();
  const keyOf = ({ meterId, function: name }: OpenCommand) => {
    const { kind } = commandFunctionOf(name);
    return kind === null ? null : `${meterId}/${kind}`;
  };
  for (const command of open) {
    const key = keyOf(command);
    if (key !== null) newest.set(key, Math.max(newest.get(key) ?? 0, command.sequence));
  }
  return open.flatMap((job) => {
    if (job.state !== 'requested') return [];
    if (now >= job.expiresAt) return [{ job, outcome: expiry(job) }];
    const key = keyOf(job);
    const isOvertaken = key !== null && job.sequence < (newest.get(key) ?? 0);
    return isOvertaken ? [{ job, outcome: 'superseded' }] : [];
  });
}

/** Out of time because nobody answered, or for another reason. */
const expiry = ({ outcome, attempts }: OpenCommand): string => {
  if (attempts > 0) return 'not-executed';
  return outcome !== null && NO_ANSWER.has(outcome) ? 'no-answer' : 'expired';
};
const NO_ANSWER: ReadonlySet<string> = new Set(['timeout', 'closed', 'unreachable']);

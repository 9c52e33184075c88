/**
 * One command on the line: who is there, what stands there, the durable `sent`, the frames, the read-back.
 * Never throws for what a meter does; what it could not find out it says is unknown.
 */
import type { CommandFunction } from '../sql/command-functions.ts';
import type { Line } from './bus.ts';
import type { CommandMap } from './command-maps.ts';
import { isNumber, type Plan, type Seen, type Write } from './command-plan.ts';
import type { Block } from './decode.ts';
import type { MeterModel, Read } from './models.ts';
import { hexOf } from './words.ts';

/** A frame or a decision, as it is kept. */
export interface Step {
  at: Date;
  kind: string;
  address: number | null;
  result: string;
  detail: Record<string, unknown> | null;
}

export interface Job {
  projectId: string;
  id: string;
  meterId: string;
  function: CommandFunction;
  state: 'requested' | 'sent' | 'unknown';
  attempts: number;
  before: Seen | null;
  sentAt: Date | null;
  expiresAt: Date;
}

/** What a run came to. `later`: nothing is settled, try again after a while. */
export type Verdict =
  | { state: 'confirmed'; outcome: string | null; after: Seen }
  | { state: 'refused' | 'expired'; outcome: string; after: Seen | null }
  | { state: 'unknown'; outcome: string }
  | { state: 'requested'; outcome: string };

export type Sent = { outcome: 'sent' } | { outcome: 'gone' } | { outcome: 'refused'; why: string };

export interface RunContext {
  plan: Plan;
  model: MeterModel;
  map: CommandMap;
  unit: number;
  serial: string;
  clock: () => Date;
  /** Makes `sent` durable; says why not when it may not be sent (any more). Throws when it cannot know. */
  send: (before: Seen) => Promise<Sent>;
  steps: Step[];
}

/** Times that a command may be sent: again only after reading showed that it had not happened. */
export const SENDS_MAX = 3;
/** Writes of one run that go step by step (a clock). */
const STEPS_MAX = 30;
/** Relays need a moment. */
const READ_BACK_TRIES = 4;
const READ_BACK_PAUSE_MS = 120;
/** Exceptions that say no; all others leave open whether the meter acted. */
const NO: ReadonlySet<number> = new Set([1, 2, 3, 4]);

type Got = { outcome: 'seen'; seen: Seen } | { outcome: 'failed'; why: string; exception?: number };

/** Carries out a command that was not sent, or finds out what became of one that was. */
export async function runCommand(line: Line, job: Job, context: RunContext): Promise<Verdict> {
  const reached = await line.reach();
  if (!reached) return notNow(job, 'unreachable');
  const stranger = await strangerAt(line, context);
  if (stranger?.certain && job.state === 'requested') {
    return { state: 'refused', outcome: stranger.why, after: null };
  }
  if (stranger) return notNow(job, stranger.why);
  const stands = await look(line, context);
  if (stands.outcome === 'failed') {
    const isNo = stands.exception !== undefined && NO.has(stands.exception);
    if (job.state === 'requested' && isNo) {
      return { state: 'refused', outcome: stands.why, after: null };
    }
    return notNow(job, stands.why);
  }
  return job.state === 'requested'
    ? await carryOut(line, job, { ...context, seen: stands.seen })
    : resolve(job, { ...context, seen: stands.seen });
}

const notNow = ({ state }: Job, outcome: string): Verdict => ({
  state: state === 'requested' ? 'requested' : 'unknown',
  outcome,
});

async function carryOut(
  line: Line,
  job: Job,
  { seen: first, ...context }: RunContext & { seen: Seen },
): Promise<Verdict> {
  const { plan, clock } = context;
  let seen = first;
  let isSent = false;
  const before = job.attempts > 0 && job.before ? job.before : first;
  for (let step = 0; step < STEPS_MAX; step++) {
    const nowMs = clock().getTime();
    const intent = plan.intend(seen, { nowMs, attempts: job.attempts });
    if (intent.do === 'refuse') return { state: 'refused', outcome: intent.why, after: seen };
    // What was done so far stands; the rest comes when it may.
    if (intent.do === 'wait') return { state: 'requested', outcome: intent.why };
    if (intent.do === 'nothing') return judged(plan, seen, { before, job, nowMs });
    if (!isSent) {
      const sent = await context.send(before);
      // Withdrawn or expired in the last moment: whoever did that has said so.
      if (sent.outcome === 'gone') return { state: 'requested', outcome: 'gone' };
      if (sent.outcome === 'refused') {
        return { state: 'refused', outcome: sent.why, after: seen };
      }
      isSent = true;
      // Others had the line meanwhile, and may have lost it: nothing has gone out.
      if (!(await line.reach())) return { state: 'requested', outcome: 'unreachable' };
    }
    const refusal = await write(line, intent.writes, context);
    const after = await readBack(line, { ...context, before: seen });
    if (refusal !== undefined && NO.has(refusal)) {
      return {
        state: 'refused',
        outcome: `exception:${refusal}`,
        after: after.outcome === 'seen' ? after.seen : null,
      };
    }
    if (after.outcome === 'failed') return { state: 'unknown', outcome: after.why };
    if (after.judgement !== 'partly') {
      return verdictOf(after.judgement, after.seen, { acknowledged: refusal === undefined });
    }
    seen = after.seen;
  }
  return { state: 'requested', outcome: 'too-many-steps' };
}

function judged(
  plan: Plan,
  seen: Seen,
  { before, job, nowMs }: { before: Seen; job: Job; nowMs: number },
): Verdict {
  const sentMs = job.sentAt?.getTime() ?? null;
  const judgement = plan.judge(seen, { before, sentMs, nowMs });
  return verdictOf(judgement, seen, { acknowledged: false });
}

function verdictOf(
  judgement: ReturnType<Plan['judge']>,
  seen: Seen,
  { acknowledged }: { acknowledged: boolean },
): Verdict {
  switch (judgement) {
    case 'done':
      return { state: 'confirmed', outcome: acknowledged ? null : 'read-back', after: seen };
    case 'pending':
      return { state: 'unknown', outcome: 'relay-not-following' };
    case 'differs':
      // Reading it again tells no more, and other commands wait behind it: a person decides what it was.
      return { state: 'refused', outcome: 'differs', after: seen };
    default:
      // Acknowledged and not there: the meter says yes and means no. Else it may never have arrived.
      return acknowledged
        ? { state: 'refused', outcome: 'not-taken', after: seen }
        : { state: 'unknown', outcome: 'not-acknowledged' };
  }
}

/** A command that was sent, held against what the meter shows; it is never sent again from here. */
function resolve(job: Job, { plan, clock, seen }: RunContext & { seen: Seen }): Verdict {
  const nowMs = clock().getTime();
  const sentMs = job.sentAt?.getTime() ?? null;
  const judgement = plan.judge(seen, { before: job.before, sentMs, nowMs });
  const isOver = nowMs >= job.expiresAt.getTime();
  if (judgement === 'done') return { state: 'confirmed', outcome: 'read-back', after: seen };
  if (judgement === 'differs') return { state: 'refused', outcome: 'differs', after: seen };
  if (judgement === 'pending') {
    return isOver
      ? { state: 'refused', outcome: 'relay-not-following', after: seen }
      : { state: 'unknown', outcome: 'relay-not-following' };
  }
  if (isOver || job.attempts >= SENDS_MAX) {
    return { state: 'expired', outcome: 'not-executed', after: seen };
  }
  return { state: 'requested', outcome: 'not-executed' };
}

/** Sends the frames one after the other; the code of an exception ends it, so does silence. */
async function write(
  line: Line,
  writes: readonly Write[],
  { unit, serial, steps, clock }: RunContext,
): Promise<number | undefined> {
  for (const frame of writes) {
    await line.gap();
    const outcome = await line.ask({ ...frame, unit });
    const isOther = outcome.outcome === 'masked' && isNumber(serial) && outcome.number !== serial;
    steps.push({
      at: clock(),
      kind: 'write',
      address: frame.address,
      result: isOther ? 'other-meter' : resultOf(outcome),
      detail: {
        sent:
          frame.kind === 'write' ? hexOf(frame.values) : Buffer.from(frame.bytes).toString('hex'),
      },
    });
    if (outcome.outcome === 'exception') return outcome.code;
    if (outcome.outcome !== 'written' && outcome.outcome !== 'masked') return SILENT;
  }
  return undefined;
}

/** Stands for "no answer", which is no exception of Modbus. */
const SILENT = -1;

type ReadBack =
  | { outcome: 'seen'; seen: Seen; judgement: ReturnType<Plan['judge']> }
  | { outcome: 'failed'; why: string };

async function readBack(
  line: Line,
  { before, ...context }: RunContext & { before: Seen },
): Promise<ReadBack> {
  const sentMs = context.clock().getTime();
  let last: ReadBack = { outcome: 'failed', why: 'unreachable' };
  for (let tried = 0; tried < READ_BACK_TRIES; tried++) {
    if (tried > 0) await new Promise((done) => setTimeout(done, READ_BACK_PAUSE_MS));
    if (!(await line.reach())) return { outcome: 'failed', why: 'unreachable' };
    const got = await look(line, context);
    if (got.outcome === 'failed') return { outcome: 'failed', why: got.why };
    const nowMs = context.clock().getTime();
    const judgement = context.plan.judge(got.seen, { before, sentMs, nowMs });
    last = { outcome: 'seen', seen: got.seen, judgement };
    if (judgement !== 'pending') break;
  }
  return last;
}

async function look(line: Line, context: RunContext): Promise<Got> {
  const blocks: Block[] = [];
  for (const read of context.plan.reads) {
    const got = await readOnce(line, read, context);
    if (got.outcome !== 'words') return got;
    blocks.push({ address: read.address, words: got.words });
  }
  return { outcome: 'seen', seen: context.plan.tell(blocks) };
}

async function readOnce(line: Line, read: Read, { unit, steps, clock }: RunContext) {
  await line.gap();
  const outcome = await line.ask({ kind: 'read', unit, ...read });
  const result = resultOf(outcome);
  const detail = outcome.outcome === 'words' ? { words: hexOf(outcome.words) } : null;
  steps.push({ at: clock(), kind: 'read', address: read.address, result, detail });
  if (outcome.outcome === 'words') return outcome;
  const exception = outcome.outcome === 'exception' ? { exception: outcome.code } : {};
  return { outcome: 'failed', why: result, ...exception } as const;
}

/**
 * Whether another device answers at this address: by the code of its model and by the number it holds.
 * What it does not tell is not held against it.
 */
async function strangerAt(
  line: Line,
  context: RunContext,
): Promise<{ why: string; certain: boolean } | undefined> {
  const { model, map, serial } = context;
  if (model.code) {
    const got = await readOnce(line, { address: model.code.address, words: 1 }, context);
    if (got.outcome === 'words' && got.words[0] !== model.code.value) {
      return { why: 'wrong-model', certain: true };
    }
    if (got.outcome === 'failed' && got.exception === undefined) {
      return { why: got.why, certain: false };
    }
  }
  if (map.number && isNumber(serial)) {
    const got = await readOnce(line, map.number, context);
    if (got.outcome === 'words' && hexOf(got.words) !== serial) {
      return { why: 'wrong-meter', certain: true };
    }
    if (got.outcome === 'failed' && got.exception === undefined) {
      return { why: got.why, certain: false };
    }
  }
  return undefined;
}

const resultOf = (outcome: Awaited<ReturnType<Line['ask']>>): string => {
  switch (outcome.outcome) {
    case 'words':
    case 'written':
    case 'masked':
      return 'ok';
    case 'exception':
      return `exception:${outcome.code}`;
    case 'violation':
      return `violation:${outcome.kind}`;
    default:
      return outcome.outcome;
  }
};

/**
 * Carries out test-reads on the bus connections that poll: who asks stands in another process, so a question
 * is a row, and so is its answer. What is read here is shown to who asked and becomes no sample.
 */
import { sql } from 'drizzle-orm';
import { channelFields } from '../sql/channels.ts';
import { isZone } from '../sql/local-day.ts';
import type { Db } from '../sql/postgres.ts';
import type { Errand, Line } from './bus.ts';
import { commandMapOf } from './command-maps.ts';
import { decode } from './decode.ts';
import { type MeterModel, modelOf } from './models.ts';
import { pollMeter } from './poll.ts';
import { hexOf } from './words.ts';

export interface TestReader {
  /** Looks for open questions and hands them to their buses. */
  tick: () => Promise<void>;
  /** Resolves when nothing is on a line or being written. */
  idle: () => Promise<void>;
}

/** What a test-read came to. */
export type TestAnswer =
  | {
      outcome: 'read';
      /** From the first frame to the last answer. */
      durationMs: number;
      /** What was read, as it came: the first address and its words in hexadecimal. */
      registers: { address: number; words: string }[];
      channels: Record<string, number>;
      /** `ok`, or the rule that the reading breaks: implausible:model when another model answers. */
      quality: string;
      /** The meter's own clock, minus ours. */
      clockOffsetMs: number | null;
      /** The number that the meter holds; null where its model does not tell it. */
      number: string | null;
    }
  /** timeout, unreachable, closed, exception:2, violation:crc … */
  | { outcome: 'failed'; durationMs: number; why: string };

/** Questions that are looked at in one tick. */
const OPEN_MAX = 50;

interface Question extends Record<string, unknown> {
  project_id: string;
  id: string;
  bus_id: string;
  unit: number;
  model: string;
  zone: string;
}

/** A reader over buses that run elsewhere: `enter` puts an errand on a bus, false when it does not run. */
export function createTestReader({
  db,
  clock,
  enter,
  onError,
}: {
  db: Db;
  clock: () => Date;
  enter: (busId: string, errand: Errand) => boolean;
  onError: (error: unknown) => void;
}): TestReader {
  const inFlight = new Map<string, Promise<void>>();

  async function tick(): Promise<void> {
    const { rows } = await db.execute<Question>(sql`
      SELECT t.project_id::text, t.id::text, t.bus_id::text, t.unit, t.model, r.zone
      FROM test_reads t JOIN projects r ON r.id = t.project_id
      WHERE t.started_at IS NULL AND t.expires_at > ${clock().toISOString()}::timestamptz
      ORDER BY t.id LIMIT ${OPEN_MAX}`);
    for (const question of rows) if (!inFlight.has(question.id)) handOut(question);
  }

  function handOut(question: Question): void {
    let finish = () => {};
    const work = new Promise<void>((resolve) => {
      finish = () => {
        inFlight.delete(question.id);
        resolve();
      };
    });
    inFlight.set(question.id, work);
    const errand: Errand = {
      run: async (line) => {
        try {
          if (!(await begin(question))) return finish();
          const answer = await answerOn(line, question);
          void write(question, answer).catch(onError).finally(finish);
        } catch (error) {
          onError(error);
          finish();
        }
      },
      abandon: finish,
    };
    // A bus that was entered a moment ago runs with the next configuration: it is tried again until then.
    if (!enter(question.bus_id, errand)) finish();
  }

  /** False when it has expired or was begun: a question goes on the line once at most. */
  async function begin({ project_id: projectId, id }: Question): Promise<boolean> {
    const at = clock().toISOString();
    const { rowCount } = await db.execute(sql`
      UPDATE test_reads SET started_at = ${at}::timestamptz
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint AND started_at IS NULL
        AND expires_at > ${at}::timestamptz`);
    return rowCount === 1;
  }

  async function answerOn(line: Line, { unit, model: name, zone }: Question): Promise<TestAnswer> {
    const model = modelOf(name);
    const startedMs = clock().getTime();
    const durationMs = () => Math.max(0, clock().getTime() - startedMs);
    if (!model) return { outcome: 'failed', durationMs: 0, why: 'unknown-model' };
    if (!(await line.reach())) {
      return { outcome: 'failed', durationMs: durationMs(), why: 'unreachable' };
    }
    const readFromMs = clock().getTime();
    const read = await pollMeter(line, model, { unit, framing: line.framing, clock });
    if (read.outcome === 'failed') {
      return { outcome: 'failed', durationMs: durationMs(), why: read.kind };
    }
    const tookMs = Math.max(0, clock().getTime() - readFromMs);
    const { atMs, blocks } = read;
    const { channels, quality, deviceClockMs } = decode(model, blocks, {
      zone: isZone(zone) ? zone : 'UTC',
      atMs,
    });
    return {
      outcome: 'read',
      durationMs: tookMs,
      registers: blocks.map(({ address, words }) => ({ address, words: hexOf(words) })),
      channels: channelFields(channels),
      quality,
      clockOffsetMs: deviceClockMs === undefined ? null : deviceClockMs - atMs,
      number: await numberAt(line, model, unit),
    };
  }

  async function write({ project_id: projectId, id }: Question, answer: TestAnswer): Promise<void> {
    await db.execute(sql`
      UPDATE test_reads SET answered_at = ${clock().toISOString()}::timestamptz,
        answer = ${JSON.stringify(answer)}::jsonb
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
  }

  return {
    tick,
    idle: async () => {
      await Promise.all(inFlight.values());
    },
  };
}

const DIGITS = /^\d{12}$/;

/** The number that the meter says it has, where its model keeps one and it is one. */
async function numberAt(line: Line, model: MeterModel, unit: number): Promise<string | null> {
  const { number } = commandMapOf(model);
  if (!number) return null;
  await line.gap();
  const outcome = await line.ask({ kind: 'read', unit, ...number });
  const digits = outcome.outcome === 'words' ? hexOf(outcome.words) : '';
  return DIGITS.test(digits) ? digits : null;
}

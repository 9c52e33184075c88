/**
 * The outbox's way out. Before a message is handed over, its row says `unconfirmed`, durably: a process
 * that dies before the answer leaves it so, and nothing is sent again that may have arrived unless the
 * other side was asked, knows a second copy by its id, or a person says so.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { Clock } from '../sql/clock.ts';
import type { Log } from '../sql/log.ts';
import type { Db, Queryable } from '../sql/postgres.ts';
import { noticesSent } from './metrics.ts';
import type { NoticeChannel } from './notice-addresses.ts';
import type { Channel, Handover, Message, Whereabouts } from './notice-channel.ts';
import type { NoticeKindName } from './notice-kinds.ts';
import type { NoticeState } from './notice-outbox.ts';
import { isUrgent, readNoticeSettings } from './notice-settings.ts';
import { quietUntil } from './quiet-hours.ts';

export type Channels = Partial<Record<NoticeChannel, Channel>>;

/** Messages under way at once. */
const UNDER_WAY_MAX = 20;
/** Messages in one round; the next one is seconds away. */
const ROUND_MAX = 500;
/** Tries before it is given up. */
export const TRIES_MAX = 8;
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 3_600_000;
/** A row that was claimed and never answered is looked at again after this; longer than any answer takes. */
const CLAIM_MS = 120_000;
/** How long a provider's records may take to show a message that it has taken. */
const RECORD_MS = 600_000;
/** For how long delivery is asked for. */
const ASK_MS = 72 * 3_600_000;
/** What could not be sent for so long is of no use to anybody. */
const LIFE_MS = 24 * 3_600_000;

export interface SendDeps {
  db: Db;
  channels: Channels;
  clock: Clock;
  log: Pick<Log, 'info' | 'warn'>;
  /** Called after a message was handed over and before its answer is written. */
  failpoint?: (place: 'notice-handed-over') => void;
}

/** Waits longer with each try: 30 s, 1 min, 2 min … an hour. */
export const waitMs = (tries: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, tries - 1));

interface Row extends Record<string, unknown> {
  project_id: string;
  id: string;
  kind: NoticeKindName;
  channel: NoticeChannel;
  recipient: string;
  language: string;
  subject: string | null;
  body: string;
  parameters: Record<string, string>;
  provider_code: string | null;
  state: 'queued' | 'unconfirmed' | 'sent';
  attempts: number;
  tries: number;
  queued_at: string;
  tried_at: string | null;
  provider_id: string | null;
  zone: string;
}

/** Sends and asks for all that is due. Returns how many rows it dealt with. */
export async function sendDue(deps: SendDeps): Promise<number> {
  const { db, clock } = deps;
  await giveUpLate(db, clock());
  let done = 0;
  while (done < ROUND_MAX) {
    const rows = await claim(db, clock());
    if (rows.length === 0) break;
    await Promise.all(rows.map((row) => dealWith(deps, row)));
    done += rows.length;
  }
  return done;
}

/** Takes rows that are due: what is queued counts as handed over from now on. */
async function claim(db: Db, at: Date): Promise<Row[]> {
  const now = sql`${at.toISOString()}::timestamptz`;
  const claimed = await db.execute<Row>(sql`
    WITH due AS (
      SELECT project_id, id, state FROM notices WHERE next_try_at <= ${now}
      ORDER BY next_try_at LIMIT ${UNDER_WAY_MAX} FOR UPDATE SKIP LOCKED)
    UPDATE notices n SET
      state = CASE WHEN d.state = 'queued' THEN 'unconfirmed' ELSE d.state END,
      reason = CASE WHEN d.state = 'queued' THEN 'no-answer-yet' ELSE n.reason END,
      attempts = n.attempts + (d.state = 'queued')::int, tries = n.tries + 1,
      tried_at = CASE WHEN d.state = 'queued' THEN ${now} ELSE n.tried_at END,
      next_try_at = ${new Date(at.getTime() + CLAIM_MS).toISOString()}::timestamptz
    FROM due d JOIN projects p ON p.id = d.project_id
    WHERE n.project_id = d.project_id AND n.id = d.id
    RETURNING n.project_id::text, n.id::text, n.kind, n.channel, n.recipient, n.language, n.subject,
      n.body, n.parameters, n.provider_code, d.state, n.attempts, n.tries, n.queued_at, n.tried_at,
      n.provider_id, p.zone`);
  return claimed.rows;
}

/** What waited for longer than it is worth. */
async function giveUpLate(db: Queryable, at: Date): Promise<void> {
  const now = sql`${at.toISOString()}::timestamptz`;
  const oldest = new Date(at.getTime() - LIFE_MS).toISOString();
  await db.execute(sql`
    WITH late AS (
      UPDATE notices SET state = 'failed', reason = 'too-late', next_try_at = NULL
      WHERE state = 'queued' AND next_try_at <= ${now} AND queued_at < ${oldest}::timestamptz
      RETURNING project_id, id)
    INSERT INTO notice_steps (project_id, notice_id, at, act, outcome)
    SELECT project_id, id, ${now}, 'gave-up', 'too-late' FROM late`);
}

async function dealWith(deps: SendDeps, row: Row): Promise<void> {
  const channel = deps.channels[row.channel];
  if (row.state === 'queued') {
    if (!channel) return await withhold(deps, row, 'no-channel');
    return await hand(deps, row, channel);
  }
  if (channel?.ask) return await ask(deps, row, { ask: channel.ask });
  if (row.state === 'unconfirmed' && channel?.isRepeatable) {
    // The receiver knows a second copy by its id: it is sent again, and says which try it is.
    return await note(deps, row, {
      ...{ act: 'gave-up', outcome: 'no-answer', state: 'queued', reason: 'no-answer' },
      nextTryAt: await hour(deps, row, deps.clock().getTime()),
    });
  }
  // Nobody can be asked: it stays as it is until a person decides.
  const { state } = row;
  await note(deps, row, { act: 'gave-up', outcome: 'nobody-to-ask', state, nextTryAt: null });
}

const messageOf = (row: Row): Message => ({
  ...{ id: row.id, projectId: row.project_id, kind: row.kind, attempt: row.attempts },
  ...{ recipient: row.recipient, language: row.language, subject: row.subject, body: row.body },
  ...{ parameters: row.parameters, providerCode: row.provider_code },
  queuedAt: new Date(row.queued_at),
});

async function hand(deps: SendDeps, row: Row, channel: Channel): Promise<void> {
  const { clock, failpoint } = deps;
  const came = await channel.send(messageOf(row), clock());
  failpoint?.('notice-handed-over');
  noticesSent.inc({ channel: row.channel, outcome: came.outcome });
  const nowMs = clock().getTime();
  switch (came.outcome) {
    case 'taken':
      return await note(deps, row, {
        ...{ act: 'sent', outcome: came.proof, reason: null, providerId: came.providerId },
        ...{ state: came.isDelivered ? 'delivered' : 'sent', proof: came.proof, sent: true },
        nextTryAt: came.isDelivered || !channel.ask ? null : nowMs + FIRST_WAIT_MS,
        tries: 0,
      });
    case 'refused':
      return await refused(deps, row, came);
    case 'unknown':
      return await note(deps, row, {
        ...{ act: 'sent', outcome: `no answer: ${came.reason}`, state: 'unconfirmed' },
        reason: came.reason,
        nextTryAt: channel.ask || channel.isRepeatable ? nowMs + waitMs(row.tries) : null,
      });
    case 'unable':
      return await withhold(deps, row, came.reason);
  }
}

async function refused(
  deps: SendDeps,
  row: Row,
  { reason, mayWorkLater }: Extract<Handover, { outcome: 'refused' }>,
): Promise<void> {
  const goesOn = mayWorkLater && row.tries < TRIES_MAX;
  await note(deps, row, {
    ...{ act: 'sent', outcome: reason, reason, state: goesOn ? 'queued' : 'failed' },
    nextTryAt: goesOn ? await hour(deps, row, deps.clock().getTime() + waitMs(row.tries)) : null,
  });
}

/** Asks where a message is that was handed over. */
async function ask(
  deps: SendDeps,
  row: Row,
  { ask: question }: { ask: NonNullable<Channel['ask']> },
): Promise<void> {
  const triedAt = new Date(row.tried_at ?? row.queued_at);
  const said: Whereabouts = await question(
    { ...messageOf(row), providerId: row.provider_id, triedAt },
    deps.clock(),
  );
  const nowMs = deps.clock().getTime();
  const again = nowMs - triedAt.getTime() < ASK_MS ? nowMs + waitMs(row.tries) : null;
  const { state } = row;
  const act = 'asked';
  switch (said.outcome) {
    case 'delivered':
      return await note(deps, row, {
        ...{ act, outcome: said.proof, proof: said.proof, state: 'delivered', nextTryAt: null },
        reason: null,
        sent: state === 'unconfirmed',
      });
    case 'failed':
      return await note(deps, row, {
        ...{ act, outcome: said.reason, reason: said.reason, state: 'failed', nextTryAt: null },
      });
    case 'waiting':
      return await note(deps, row, {
        ...{ act, outcome: 'waiting', reason: null, state: 'sent', nextTryAt: again },
        sent: state === 'unconfirmed',
      });
    case 'absent':
      if (state === 'unconfirmed' && nowMs - triedAt.getTime() >= RECORD_MS) {
        // It is on no record after all this time: it was never taken, and is sent now.
        return await note(deps, row, {
          ...{ act, outcome: 'not-on-record', reason: 'not-on-record', state: 'queued' },
          nextTryAt: await hour(deps, row, nowMs),
        });
      }
      return await note(deps, row, { act, outcome: 'not-on-record', state, nextTryAt: again });
    case 'unknown':
      return await note(deps, row, { act, outcome: said.reason, state, nextTryAt: again });
  }
}

/** The hour at which it may go out, from an instant on: not in quiet hours. */
async function hour({ db }: SendDeps, row: Row, fromMs: number): Promise<number> {
  const settings = await readNoticeSettings(db, row.project_id);
  const { quiet } = settings;
  if (!quiet || isUrgent(settings, row.kind)) return fromMs;
  return quietUntil(row.zone, quiet, fromMs) ?? fromMs;
}

const withhold = (deps: SendDeps, row: Row, reason: string): Promise<void> =>
  note(deps, row, {
    ...{ act: 'withheld', outcome: reason, reason, state: 'withheld', nextTryAt: null },
    // It never left: it was not tried.
    attempts: row.attempts - (row.state === 'queued' ? 1 : 0),
  });

/** Writes what came of a try with its step, unless somebody else has dealt with the row meanwhile. */
async function note(
  { db, clock }: SendDeps,
  row: Row,
  came: {
    act: 'sent' | 'asked' | 'withheld' | 'gave-up';
    outcome: string;
    state: NoticeState;
    nextTryAt: number | null;
    reason?: string | null;
    providerId?: string | null;
    proof?: string;
    sent?: boolean;
    tries?: number;
    attempts?: number;
  },
): Promise<void> {
  const now = sql`${clock().toISOString()}::timestamptz`;
  const next = came.nextTryAt === null ? null : new Date(came.nextTryAt).toISOString();
  const parts: SQL[] = [sql`state = ${came.state}`, sql`next_try_at = ${next}::timestamptz`];
  if (came.reason !== undefined) parts.push(sql`reason = ${came.reason}`);
  if (came.providerId !== undefined) parts.push(sql`provider_id = ${came.providerId}`);
  if (came.proof !== undefined) parts.push(sql`proof = ${came.proof}`);
  if (came.tries !== undefined) parts.push(sql`tries = ${came.tries}`);
  if (came.attempts !== undefined) parts.push(sql`attempts = ${came.attempts}`);
  if (came.sent) parts.push(sql`sent_at = coalesce(sent_at, ${now})`);
  if (came.state === 'delivered') parts.push(sql`delivered_at = ${now}`);
  const was = row.state === 'queued' ? 'unconfirmed' : row.state;
  await db.execute(sql`
    WITH noted AS (
      UPDATE notices SET ${sql.join(parts, sql`, `)}
      WHERE project_id = ${row.project_id}::bigint AND id = ${row.id}::bigint
        AND state = ${was} AND attempts = ${row.attempts} AND tries = ${row.tries}
      RETURNING project_id, id)
    INSERT INTO notice_steps (project_id, notice_id, at, act, outcome)
    SELECT project_id, id, ${now}, ${came.act}, ${came.outcome} FROM noted`);
}

/**
 * What a person makes of a line that no rule knew: claimed for an account (a sale with its receipt), matched with what
 * was booked, sent back, a fee; or a match that was wrong released. Undone by the next act, never taken away.
 */
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import { localDayOf } from '../sql/local-day.ts';
import { formatMinor } from '../sql/money.ts';
import type { Db, Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import { candidatesFor } from './bank-candidates.ts';
import { bookedTarget } from './bank-import.ts';
import {
  type ActKind,
  addAct,
  type HeldLine,
  holdBank,
  legsOfMove,
  lineAsItStands,
  standsAgainst,
  stateAfter,
  type Target,
  targetColumn,
} from './bank-line.ts';
import { bankLineOf, type ShownBankLine } from './bank-list.ts';
import type { Candidate, CandidateKind } from './bank-match.ts';
import type { Channel } from './channel.ts';
import type { LedgerCode } from './chart.ts';
import type { By } from './fields.ts';
import { post } from './ledger.ts';
import { holdAccount } from './open-account.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { bookSale, SALE_MINOR_MAX } from './sale.ts';

export type NewAct =
  | { kind: 'claim'; accountId: string; note: string | null }
  | { kind: 'match'; target: { kind: CandidateKind; id: string }; reason: string | null }
  | { kind: 'return' | 'fee' | 'release'; reason: string };

interface Acting {
  project: ProjectTerms;
  line: HeldLine;
  by: By;
  now: Date;
}

/**
 * Acts on a line once per key. Throws Problem `not-found`, `conflict` when the line does not stand so that it could be
 * done (or what it is matched with does not fit), `account-closed`, `invalid-amount`, `month-closed`.
 */
export async function actOnLine(
  db: Db,
  {
    projectId,
    lineId,
    act,
    key,
    by,
    clock,
  }: {
    projectId: string;
    lineId: string;
    act: NewAct;
    key: string | undefined;
    by: By;
    clock: Clock;
  },
): Promise<Answer<ShownBankLine>> {
  const route = `POST /bank-lines/${lineId}/acts`;
  const given = { projectId, route, key, actorId: by.actor.id, request: act };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    await holdBank(tx, projectId);
    const line = await lineAsItStands(tx, { projectId, id: lineId });
    assertMay(line, act);
    const acting = { project, line, by, now: clock() };
    if (act.kind === 'claim') await claim(tx, acting, act);
    else await move(tx, acting, act);
    const body = await bankLineOf(tx, { project, id: lineId });
    await record(tx, {
      ...{ projectId, ...by, action: `bank-line.${act.kind}` },
      ...{ subjectKind: 'bank-line', subjectId: lineId },
      detail: { ...act, amount: body.amount, from: stateAfter[line.kind], to: body.state },
    });
    return { status: 201, body };
  });
}

function assertMay(line: HeldLine, { kind }: NewAct): void {
  const state = stateAfter[line.kind];
  if (kind === 'release') {
    if (state === 'unidentified') {
      throw new Problem('conflict', 'The line is unidentified: there is nothing to release.');
    }
    if (state === 'claimed') {
      throw new Problem('conflict', 'The line is claimed: reverse its sale, that frees it.');
    }
    return;
  }
  if (state !== 'unidentified') {
    throw new Problem('conflict', `The line is ${state}: only an unidentified one can be taken.`);
  }
  if ((kind === 'claim' || kind === 'return') && line.amountMinor < 0n) {
    throw new Problem('conflict', 'Money that went out is not claimed or sent back.');
  }
  if (kind === 'fee' && line.amountMinor > 0n) {
    throw new Problem('conflict', 'Money that came in is no fee.');
  }
}

async function claim(
  tx: Tx,
  { project, line, by, now }: Acting,
  { accountId, note }: Extract<NewAct, { kind: 'claim' }>,
): Promise<void> {
  const projectId = project.id;
  const { amountMinor } = line;
  const { name: accountName } = await holdAccount(tx, { projectId, accountId, alone: false });
  if (amountMinor > SALE_MINOR_MAX) {
    throw new Problem('invalid-amount', 'A sale is above zero and below ten million.');
  }
  const channel: Channel = line.source === 'bank' ? 'transfer' : 'online';
  const amount = { amount: formatMinor(amountMinor, project.currency), currency: project.currency };
  const reference = line.order ?? line.reference;
  const { body, transactionId } = await bookSale(tx, {
    ...{
      project,
      accountId,
      accountName,
      amountMinor,
      soldAt: now,
      price: null,
      shiftId: null,
      by,
      now,
    },
    sale: { channel, amount, soldAt: null, reference, note, quantity: null },
    place: { code: 'unidentified', accountId: null },
    idempotencyKey: `bank-line/${line.id}/${line.ordinal + 1}`,
  });
  const target = { saleId: body.id };
  await addAct(tx, {
    projectId,
    line,
    kind: 'claim',
    target,
    reason: note,
    transactionId,
    by,
    now,
  });
}

async function move(
  tx: Tx,
  { project, line, by, now }: Acting,
  act: Exclude<NewAct, { kind: 'claim' }>,
): Promise<void> {
  const { id: projectId, currency } = project;
  const { source, amountMinor } = line;
  let target: Target = {};
  let isPayout = false;
  if (act.kind === 'match') {
    const candidate = await chosen(tx, { project, line, target: act.target, now });
    const id = await bookedTarget(tx, { project, candidate, by, now });
    target = { [targetColumn[candidate.kind]]: id };
    isPayout = candidate.kind === 'payout';
  }
  const from = sideOf(standsAgainst(source, line));
  const to = sideOf(standsAgainst(source, { kind: act.kind, isPayout }));
  const legs = legsOfMove(amountMinor, from, to);
  const transactionId =
    legs.length === 0
      ? null
      : await post(tx, {
          ...{ projectId, currency, legs },
          head: {
            ...{ kind: 'transfer', accountId: null, postedAt: now },
            accountingDate: localDayOf(project.zone, now.getTime()),
            cause: { bankLine: line.id, act: act.kind, reason: act.reason },
            idempotencyKey: `bank-line/${line.id}/${line.ordinal + 1}`,
          },
        });
  const kind: ActKind = act.kind;
  await addAct(tx, {
    ...{ projectId, line, kind, target, reason: act.reason, transactionId, by, now },
  });
}

/** The side of a line that no account has claimed. */
function sideOf(code: LedgerCode | 'wallet'): LedgerCode {
  if (code === 'wallet') throw new Error('a claimed line is undone by reversing its sale');
  return code;
}

/** What a person chose, of the same amount and currency. Throws Problem `conflict`. */
async function chosen(
  tx: Tx,
  {
    project,
    line,
    target,
    now,
  }: {
    project: ProjectTerms;
    line: HeldLine;
    target: { kind: CandidateKind; id: string };
    now: Date;
  },
): Promise<Candidate> {
  const candidates = await candidatesOf(tx, { project, line, now });
  const candidate = candidates.find(({ kind, id }) => kind === target.kind && id === target.id);
  if (candidate) return candidate;
  throw new Problem(
    'conflict',
    'It is not there, of another amount, reversed, or another line speaks of it already.',
  );
}

/** What a line may be, by its amount and its way. */
export async function candidatesOf(
  db: Parameters<typeof candidatesFor>[0],
  { project, line, now }: { project: ProjectTerms; line: HeldLine; now: Date },
): Promise<Candidate[]> {
  const to = localDayOf(project.zone, now.getTime());
  return await candidatesFor(db, {
    ...{ project, source: line.source, amounts: [line.amountMinor], from: line.day, to },
  });
}

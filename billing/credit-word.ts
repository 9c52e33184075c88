/** A person's word: the trip that was proposed, the supply that is armed. Judged like what happens by itself, but for the brake and the query of orders. */
import { type Answer, once } from '../sql/idempotency.ts';
import { localDayOf } from '../sql/local-day.ts';
import type { Db } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import type { Questdb } from '../sql/questdb.ts';
import { decideIn, type Setting } from './credit-decide.ts';
import { estimatedMinor } from './credit-estimates.ts';
import { readFacts } from './credit-facts.ts';
import { noTripAt, readHolidays } from './credit-hours.ts';
import type { Judgement } from './credit-judgement.ts';
import { type CaseDetail, readCase } from './credit-list.ts';
import { readPolicy } from './credit-policy.ts';
import type { By } from './fields.ts';
import { readProject } from './project.ts';

interface Word {
  projectId: string;
  accountId: string;
  act: 'trip' | 'restore';
  reason: string;
  key: string | undefined;
  by: By;
  at: Date;
}

/**
 * Trips an account that is to be cut, or restores one that is paid. Throws Problem `not-found`, `locked-out`,
 * `not-restorable` (nothing is cut, or it is not paid), and `not-cuttable` naming what is in the way: hours, a dispute, a
 * notice that is not proven, doubtful data.
 */
export async function actByWord(
  { db, questdb }: { db: Db; questdb: Questdb },
  { projectId, accountId, act, reason, key, by, at }: Word,
): Promise<Answer<CaseDetail>> {
  const setting = await settingOf({ db, questdb }, { projectId, accountId, act, at });
  const route = `POST /credit-cases/${accountId}/${act}`;
  const given = { projectId, route, key, actorId: by.actor.id, request: { reason } };
  return await once(db, given, async (tx) => {
    const word = { actor: by.actor, reason };
    const judged = await decideIn(tx, { setting, accountId, word });
    if (judged?.decision !== act) throw refusal(act, judged);
    return { status: 200, body: await readCase(tx, { ...setting, accountId, now: at }) };
  });
}

async function settingOf(
  { db, questdb }: { db: Db; questdb: Questdb },
  { projectId, accountId, act, at: now }: Pick<Word, 'projectId' | 'accountId' | 'act' | 'at'>,
): Promise<Setting> {
  const project = await readProject(db, projectId);
  const { policy } = await readPolicy(db, project);
  const accounts = await readFacts(db, { project, policy, now, accountIds: [accountId] });
  if (accounts.length === 0) throw notFound('account');
  // Supply comes back whether QuestDB answers or not.
  const estimates =
    act === 'trip' ? await estimatedMinor({ db, questdb }, { project, accounts, now }) : new Map();
  const day = localDayOf(project.zone, now.getTime());
  const holidays = await readHolidays(db, { projectId, day });
  const noCut = noTripAt(policy, { zone: project.zone, holidays, at: now });
  const estimated: bigint = estimates.get(accountId) ?? 0n;
  const world = { noCut, estimatedMinor: estimated, orders: null };
  return { project, policy, holidays, now, world };
}

function refusal(act: Word['act'], judged: Judgement | undefined): Problem {
  if (act === 'trip' && judged?.state === 'waiting') {
    const { waitsFor, detail } = judged;
    const why = [waitsFor?.code, detail].filter(Boolean).join(', ');
    return new Problem('not-cuttable', `A trip waits for what a word does not replace: ${why}.`);
  }
  if (act === 'trip') return new Problem('not-cuttable', 'The account is not to be cut.');
  return judged?.call === 'locked-out'
    ? new Problem('locked-out', 'The point is locked out: nothing may restore its supply.')
    : new Problem(
        'not-restorable',
        'Nothing of it is cut by credit control, or it is not paid: give it a limit of its own first.',
      );
}

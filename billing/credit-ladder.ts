/** The ladder of notices before a trip: what each rung needs as proof, when it was proven, and when it cannot be any more. */
import type { Case, NoticeFacts } from './credit-facts.ts';
import { HOUR_MS, type Judged, type Judgement, type Obstacle } from './credit-judgement.ts';
import { type CreditPolicy, type LadderLevel, ladderLevels } from './credit-policy.ts';

/** How long a level may be reached without any notice about it before a person is called. */
const NOTICE_MS = HOUR_MS;

const LEFT: ReadonlySet<string> = new Set(['sent', 'delivered']);
const rankOf = (level: LadderLevel): number => ladderLevels.indexOf(level);

/** The worst level that somebody was told of. */
export const worstTold = (notices: readonly NoticeFacts[]): LadderLevel | undefined =>
  notices
    .filter(({ state }) => LEFT.has(state))
    .map(({ level }) => level)
    .sort((a, b) => rankOf(b) - rankOf(a))[0];

/** The final notice goes out as soon as the account is below its limit: its hours run beside the grace. */
export function withFinal(
  still: Judgement,
  { policy, now, graceEndMs }: { policy: CreditPolicy; now: Date; graceEndMs: number },
): Judgement {
  if (still.levels.final) return still;
  const rung = policy.ladder.find(({ level }) => level === 'final');
  const noticeEndMs = now.getTime() + (rung?.hoursBeforeTrip ?? 0) * HOUR_MS;
  return {
    ...still,
    ...{ tellsFinal: true, decision: 'notice', reason: 'final' },
    levels: { ...still.levels, final: now.toISOString() },
    deadline: new Date(Math.max(graceEndMs, noticeEndMs)),
  };
}

const rungsOf = (notices: readonly NoticeFacts[], level: LadderLevel): readonly NoticeFacts[] =>
  notices.filter((notice) => rankOf(notice.level) >= rankOf(level));

/** The rung that is not proven, or not for long enough. A notice of a worse level tells a better one too. */
export function unprovenOf({
  policy,
  facts,
  now,
  levels,
}: Omit<Judged, 'world'>): Obstacle | undefined {
  let latest = 0;
  for (const { level, hoursBeforeTrip, proof } of policy.ladder) {
    const provenMs = provenAt(facts.notices, { level, proof, levels });
    if (provenMs === undefined) {
      const call = isHopeless(facts.notices, { level, levels, now }) ? 'notice-proof' : undefined;
      return { code: 'notice-proof', until: null, detail: level, ...(call && { call }) };
    }
    latest = Math.max(latest, provenMs + hoursBeforeTrip * HOUR_MS);
  }
  if (now.getTime() >= latest) return undefined;
  return { code: 'notice-proof', until: new Date(latest), detail: 'hours' };
}

/** When a rung was proven, epoch ms. */
export function provenAt(
  notices: readonly NoticeFacts[],
  {
    level,
    proof,
    levels,
  }: {
    level: LadderLevel;
    proof: CreditPolicy['ladder'][number]['proof'];
    levels: Case['levels'];
  },
): number | undefined {
  const instants =
    proof === 'none'
      ? ladderLevels
          .filter((each) => rankOf(each) >= rankOf(level))
          .flatMap((each) => (levels[each] ? [Date.parse(levels[each])] : []))
      : rungsOf(notices, level).flatMap(({ state, sentAt, deliveredAt }) => {
          const at =
            proof === 'delivered' || !LEFT.has(state) ? deliveredAt : (sentAt ?? deliveredAt);
          return at && LEFT.has(state) && (proof !== 'delivered' || state === 'delivered')
            ? [at.getTime()]
            : [];
        });
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** Nothing more is done by itself about any notice of the rung, or nobody could be told at all. */
function isHopeless(
  notices: readonly NoticeFacts[],
  { level, levels, now }: { level: LadderLevel; levels: Case['levels']; now: Date },
): boolean {
  const told = rungsOf(notices, level);
  if (told.some(({ nextTryAt }) => nextTryAt !== null)) return false;
  if (told.length > 0) return true;
  const reached = ladderLevels
    .filter((each) => rankOf(each) >= rankOf(level))
    .flatMap((each) => (levels[each] ? [Date.parse(levels[each])] : []));
  return reached.length > 0 && now.getTime() - Math.min(...reached) > NOTICE_MS;
}

/** Why a command is as it is, in words: the closed list of outcomes. */
/** By code; what is not here is an exception of the meter or a broken answer. */
export const outcomeSentences: Record<string, string> = {
  'read-back': 'Proven by reading the meter, not by its answer.',
  expired: 'It was not sent before it expired.',
  'no-answer': 'The meter did not answer before the command expired; nothing was sent.',
  superseded: 'A newer command of the same kind took its place before it was sent.',
  withdrawn: 'It was withdrawn before it was sent.',
  'not-executed': 'Reading shows that the meter did not carry it out.',
  'not-taken': 'The meter acknowledged it, but reading shows that nothing changed.',
  'not-acknowledged': 'It was sent and not acknowledged; the meter is read until it is known.',
  'relay-not-following': 'The meter took it, but its relay has not moved.',
  differs: 'The meter acted, but not by what was asked: a person has to look.',
  'wrong-model': 'Another model answers at this address: nothing was sent.',
  'wrong-meter': 'Another meter number answers at this address: nothing was sent.',
  'locked-out': 'The point is locked out: nothing may restore its supply.',
  'function-not-enabled': 'The function is not enabled for this model.',
  'function-unsupported': 'Meters of this model do not have this function.',
  'not-connected': 'The meter is on no bus any more.',
  'counter-used': 'The purchase counter of the meter stands there already.',
  'counter-differs': 'The purchase counter of the meter is not the one before.',
  'clock-too-far': 'The clock is too far off to be set by steps: look at the meter first.',
  'price-boundary': 'It waits until no price boundary lies between the clock and the time.',
  'out-of-range': 'The register cannot hold the value.',
  unreachable: 'The gateway cannot be reached; it is tried again.',
  timeout: 'The meter does not answer; it is tried again.',
  'too-many-steps': 'More steps than one run takes were needed; it is tried again.',
  closed: 'The connection broke; it is tried again.',
};

/** The outcome of a command as a sentence; null while there is none. */
export function toldOf({
  outcome,
  isUnknown,
}: {
  outcome: string | null;
  isUnknown: boolean;
}): string | null {
  if (outcome === null) return null;
  const told = outcomeSentences[outcome];
  if (told) return told;
  const code = /^exception:(\d+)$/.exec(outcome)?.[1];
  if (code) return `The meter answered with exception ${code}.`;
  return isUnknown
    ? `No sound answer came (${outcome}); the meter is read until it is known.`
    : `No sound answer came (${outcome}).`;
}

/** The state in which a point is shown: the first of six that holds. */

export const shownStates = [
  'lostContact',
  'notOpened',
  'arrears',
  'alarm2',
  'alarm1',
  'opened',
] as const;
export type ShownState = (typeof shownStates)[number];

/** Periods of its schedule, and seconds at least, without a reading until contact counts as lost. */
export const LOST_AFTER_PERIODS = 3;
export const LOST_AFTER_S_MIN = 300;

export interface PointFacts {
  role: 'unit' | 'building-main' | 'park-main';
  /** A meter is installed now. */
  metered: boolean;
  /** ingest has called its meter silent. */
  silent: boolean;
  /** Seconds since the newest sample; null before the first. */
  ageS: number | null;
  /** Seconds between two readings. */
  pollSeconds: number;
  /** An account pays for the point now. */
  rented: boolean;
  /** Live balance and the account's thresholds in minor units; null while none is computed. */
  balanceMinor: bigint | null;
  alarm1Minor: bigint;
  alarm2Minor: bigint;
}

/** The state that is shown; a threshold that is reached is passed. A main measures and is never rented: it is opened while it is heard. */
export function shownState(point: PointFacts): ShownState {
  const unit = point.role === 'unit';
  if (point.metered ? isLost(point) : point.rented || !unit) return 'lostContact';
  if (!unit) return 'opened';
  if (!point.rented) return 'notOpened';
  const { balanceMinor } = point;
  if (balanceMinor === null) return 'opened';
  if (balanceMinor < 0n) return 'arrears';
  if (balanceMinor <= point.alarm2Minor) return 'alarm2';
  if (balanceMinor <= point.alarm1Minor) return 'alarm1';
  return 'opened';
}

const isLost = ({ silent, ageS, pollSeconds }: PointFacts) =>
  silent || ageS === null || ageS > Math.max(LOST_AFTER_PERIODS * pollSeconds, LOST_AFTER_S_MIN);

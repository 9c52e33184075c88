/** What the day means on which a version begins: to come, too soon for its notice, or a correction. Pure. */
import { addDays, daysApart } from '../../../dates.ts';

export type Beginning =
  | { kind: 'unknown' }
  | { kind: 'taken' }
  | { kind: 'coming'; days: number }
  | { kind: 'too-soon'; earliest: string }
  /** Whole days of the past in which it would hold, up to the version that follows. */
  | { kind: 'correction'; days: number; to: string };

export function beginningOf(
  effectiveFrom: string,
  today: string,
  noticeDays: number,
  versions: readonly { effectiveFrom: string }[],
): Beginning {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(effectiveFrom)) return { kind: 'unknown' };
  if (versions.some((version) => version.effectiveFrom === effectiveFrom)) return { kind: 'taken' };
  if (effectiveFrom <= today) {
    const next = versions
      .map((version) => version.effectiveFrom)
      .filter((from) => from > effectiveFrom && from < today)
      .sort()[0];
    const to = next ?? today;
    return { kind: 'correction', days: daysApart(effectiveFrom, to), to };
  }
  const earliest = addDays(today, noticeDays);
  return effectiveFrom < earliest
    ? { kind: 'too-soon', earliest }
    : { kind: 'coming', days: daysApart(today, effectiveFrom) };
}

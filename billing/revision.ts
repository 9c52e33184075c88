/**
 * A revision of a settled day: what the header will say and its lines. Pure: compares what is true now
 * with what is in force, and turns the difference into postings by the rounding rule.
 */
import { createHash } from 'node:crypto';
import { type LocalDay, monthOf } from '../sql/local-day.ts';
import type { Leg } from './ledger.ts';
import { type Line, type Priced, SLOTS_MAX, type SlotRanges } from './rate.ts';
import { accrue, nothingPosted, type Posted } from './rounding.ts';

/** The header in force of an account's point-day. */
export interface Head {
  id: string;
  accountId: string;
  scopeId: string;
  localDay: LocalDay;
  revision: number;
  inputsDigest: string;
}

export interface Revision {
  accountId: string;
  scopeId: string;
  localDay: LocalDay;
  revision: number;
  supersedes: string | null;
  inputsDigest: string;
  intervalsKnownMs: number;
  quantity: bigint;
  slots: number;
  estimatedSlots: number;
  missingSlots: number;
  lines: readonly Line[];
}

/** What remains of a line once it is stored: enough to take it back. */
export interface StoredLine {
  priced: Priced;
  period: number;
  step: number;
  exact: bigint;
}

/** Digest of everything that is rated in a part, so that the same inputs are known without rating. */
export function digestOf({
  versionId,
  slots,
  row,
  quantities,
  qualities,
}: {
  versionId: string;
  slots: SlotRanges;
  row: number;
  quantities: Float64Array;
  qualities: Uint8Array;
}): string {
  const hash = createHash('sha256').update(`${versionId}|${slots.join(';')}|`);
  const start = row * SLOTS_MAX;
  for (const [from, to] of slots) {
    const [first, end] = [start + from, start + to];
    hash.update(new Uint8Array(quantities.buffer, first * 8, (end - first) * 8));
    hash.update(qualities.subarray(first, end));
  }
  return hash.digest('hex');
}

/** The digest of a day that an account does not hold any more. */
export const NOT_HELD = 'not-held';

/** The key that amounts are cumulated and rounded by, as posted_totals has it. */
export interface PostedKey {
  accountId: string;
  month: LocalDay;
  scopeId: string;
  component: string;
  tariffVersionId: string;
  period: number;
  step: number;
}

export const textOf = (k: PostedKey): string =>
  [k.accountId, k.month, k.scopeId, k.component, k.tariffVersionId, k.period, k.step].join('|');

/**
 * The legs that bring the ledger to a revision: its lines come, those it supersedes go. `totals` is
 * advanced in place, so revisions of one account are given in order of day; `touched` collects keys.
 */
export function legsOf(
  revision: Revision,
  {
    superseded,
    totals,
    touched,
    exponent,
  }: {
    superseded: readonly StoredLine[];
    totals: Map<string, Posted>;
    touched: Map<string, PostedKey>;
    exponent: number;
  },
): Leg[] {
  const legs: Leg[] = [];
  const { accountId, scopeId } = revision;
  const month = monthOf(revision.localDay);
  const bring = ({ priced, period, step, exact }: StoredLine, sign: 1n | -1n) => {
    const { component, tariffVersionId } = priced;
    const key = { accountId, month, scopeId, component, tariffVersionId, period, step };
    const text = textOf(key);
    const before = totals.get(text) ?? nothingPosted;
    const after = accrue(before, sign * exact, priced, exponent);
    totals.set(text, after);
    touched.set(text, key);
    const charged = after.postedMinor - before.postedMinor;
    // What is collected for another is owed whole; its tax is theirs.
    const tax = priced.treatment === 'revenue' ? after.taxMinor - before.taxMinor : 0n;
    legs.push(
      { code: 'wallet', accountId, amountMinor: charged },
      {
        code: priced.treatment === 'revenue' ? 'revenue' : 'payable',
        detail: component,
        accountId: null,
        amountMinor: tax - charged,
      },
    );
    if (tax === 0n) return;
    const detail = `${priced.taxCode} ${priced.taxRate}`.trim();
    legs.push({ code: 'tax', detail, accountId: null, amountMinor: -tax });
  };
  for (const line of superseded) bring(line, -1n);
  for (const line of revision.lines) bring(line, 1n);
  return legs;
}

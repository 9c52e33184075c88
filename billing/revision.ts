/**
 * A revision of a settled day: what the header will say and its lines. Pure: compares what is true now
 * with what is in force, and turns the difference into postings by the rounding rule.
 */
import { hash } from 'node:crypto';
import { type LocalDay, monthOf } from '../sql/local-day.ts';
import type { Priced } from './components.ts';
import type { Leg } from './ledger.ts';
import { type Line, SLOTS_MAX, type SlotRanges } from './rate.ts';
import { accrue, nothingPosted, type Posted } from './rounding.ts';

/** The header in force of an account's point-day. */
export interface Head {
  id: string;
  accountId: string;
  scopeId: string;
  localDay: LocalDay;
  revision: number;
  inputsDigest: string;
  quantity: bigint;
  stepQuantityBefore: bigint;
  stepQuantity: bigint;
  monthQuantityBefore: bigint;
  demandBefore: bigint;
  demand: bigint;
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
  /** What it took from the days before it; null under a tariff that needs none. */
  carried: Carried | null;
  lines: readonly Line[];
}

/** Base units and W, as settlements has them. */
export interface Carried {
  stepQuantityBefore: number;
  stepQuantity: number;
  monthQuantityBefore: number;
  demandBefore: number;
  demand: number;
}

/** What remains of a line once it is stored: enough to take it back, and to say what it was. */
export interface StoredLine extends Due {
  quantity: bigint;
  /** Decimal text. */
  price: string;
}

/** What a line adds to its key. */
export type Due = Pick<Line, 'priced' | 'period' | 'step' | 'exact'>;

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
  const start = row * SLOTS_MAX;
  let end = inputs.write(`${versionId}|${slots.join(';')}|`);
  for (const [from, to] of slots) {
    const [first, count] = [start + from, to - from];
    inputs.set(new Uint8Array(quantities.buffer, first * 8, count * 8), end);
    inputs.set(qualities.subarray(first, first + count), end + count * 8);
    end += count * 9;
  }
  return hash('sha256', inputs.subarray(0, end), 'hex');
}

/**
 * Digest of a day whose lines depend on others too. The lines stand for what was carried into it: as long as
 * they are the same, the day is.
 */
export function chainedDigestOf(inputs: string, lines: readonly Line[]): string {
  const texts = lines.map(({ priced, period, step, quantity, price }) =>
    [priced.component, priced.tariffVersionId, period, step, quantity, price].join(),
  );
  return hash('sha256', `${inputs}|${texts.join(';')}`, 'hex');
}

/** One part's inputs at a time: at most SLOTS_MAX ranges of one slot each, and an id. */
const inputs = Buffer.alloc(64 + SLOTS_MAX * 16);

/** The digest of a day that an account does not hold any more. */
export const NOT_HELD = 'not-held';

/** The key of the revision that follows a header, or of the first. */
export const nextOf = (
  of: { scopeId: string; localDay: LocalDay; accountId: string },
  head: Head | undefined,
) => ({ ...of, revision: (head?.revision ?? 0) + 1, supersedes: head?.id ?? null });

/** The revision of a day that its account does not hold any more. */
export const takenBack = (head: Head, at: Date): Revision => ({
  ...nextOf({ scopeId: head.scopeId, localDay: head.localDay, accountId: head.accountId }, head),
  inputsDigest: NOT_HELD,
  intervalsKnownMs: at.getTime(),
  quantity: 0n,
  slots: 0,
  estimatedSlots: 0,
  missingSlots: 0,
  carried: null,
  lines: [],
});

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

/** A key's state while a settlement advances it. */
export interface Tally {
  key: PostedKey;
  /** What it is charged by. */
  priced: Priced;
  state: Posted;
  /** Exact amounts that the transaction under way adds and that are not in the state yet. */
  added: bigint;
  /** True while the transaction under way has added something. */
  isOpen: boolean;
  /** True for a key that posted_totals does not have yet. */
  isNew: boolean;
  touched: boolean;
}

/** Tallies by account, month and scope: the few keys of one point's month are found by looking. */
export type Tallies = Map<string, Tally[]>;

export const tallyName = (k: Pick<PostedKey, 'accountId' | 'month' | 'scopeId'>): string =>
  `${k.accountId}/${k.month}/${k.scopeId}`;

/** What one transaction moves, minor units: from the wallet of its account to what was charged. */
export interface Posting {
  accountId: string;
  wallet: bigint;
  /** Charged, less the tax that is ours to pay. What is collected for another is owed whole. */
  charged: Map<Priced, bigint>;
  tax: Map<Priced, bigint>;
}

/**
 * Brings a posting and the tallies to the revisions of its transaction: their lines come, what they
 * supersede goes. Both are advanced in place. A key is rounded once: what is posted depends on its exact sum
 * alone, not on the lines it came by.
 */
export function bring(
  revisions: readonly Revision[],
  {
    superseded,
    tallies,
    posting,
    exponent,
  }: {
    /** Sums of the lines that these revisions supersede, by `tallyName`. */
    superseded: ReadonlyMap<string, readonly Due[]>;
    tallies: Tallies;
    posting: Posting;
    exponent: number;
  },
): void {
  const open: Tally[] = [];
  const gone = new Set<string>();
  for (const revision of revisions) {
    const { accountId, scopeId, lines } = revision;
    const of = { accountId, month: monthOf(revision.localDay), scopeId };
    const name = tallyName(of);
    const list = tallies.get(name) ?? [];
    if (list.length === 0) tallies.set(name, list);
    const add = (due: Due, exact: bigint) => {
      const tally = tallyOf(list, due, of);
      tally.added += exact;
      if (tally.isOpen) return;
      tally.isOpen = true;
      open.push(tally);
    };
    // What a run takes back of an account is all in one transaction; its new days are in others.
    if (revision.supersedes !== null && !gone.has(name)) {
      gone.add(name);
      for (const due of superseded.get(name) ?? []) add(due, -due.exact);
    }
    for (const line of lines) add(line, line.exact);
  }
  for (const tally of open) {
    const { priced, state: before } = tally;
    const after = accrue(before, tally.added, priced, exponent);
    Object.assign(tally, { state: after, added: 0n, isOpen: false, touched: true });
    const charged = after.postedMinor - before.postedMinor;
    // What is collected for another is owed whole; its tax is theirs.
    const tax = priced.treatment === 'revenue' ? after.taxMinor - before.taxMinor : 0n;
    posting.wallet += charged;
    posting.charged.set(priced, (posting.charged.get(priced) ?? 0n) + charged - tax);
    if (tax !== 0n) posting.tax.set(priced, (posting.tax.get(priced) ?? 0n) + tax);
  }
}

/** The tally of a line among those of its scope's month: few, so they are looked through. */
function tallyOf(
  list: Tally[],
  { priced, period, step }: Due,
  of: Pick<PostedKey, 'accountId' | 'month' | 'scopeId'>,
): Tally {
  const { component, tariffVersionId } = priced;
  for (const tally of list) {
    const { key } = tally;
    const same = key.period === period && key.component === component && key.step === step;
    if (same && key.tariffVersionId === tariffVersionId) return tally;
  }
  const key = { ...of, component, tariffVersionId, period, step };
  const before = { state: nothingPosted, added: 0n, isOpen: false };
  const tally: Tally = { key, priced, ...before, isNew: true, touched: false };
  list.push(tally);
  return tally;
}

/** The legs of a posting; those of one ledger account may still be several. */
export function legsOf({ accountId, wallet, charged, tax }: Posting): Leg[] {
  const legs: Leg[] = [{ code: 'wallet', accountId, amountMinor: wallet }];
  for (const [{ treatment, component }, amount] of charged) {
    const code = treatment === 'revenue' ? 'revenue' : 'payable';
    legs.push({ code, detail: component, accountId: null, amountMinor: -amount });
  }
  for (const [{ taxCode, taxRate }, amount] of tax) {
    const detail = `${taxCode} ${taxRate}`.trim();
    legs.push({ code: 'tax', detail, accountId: null, amountMinor: -amount });
  }
  return legs;
}

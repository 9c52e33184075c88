/**
 * What a line of a bank or channel file speaks of. Amount and currency are exact; what identifies it is a number in
 * its texts, the payer's name, or, for cash carried to the bank and payouts, that nothing else fits. Two that fit: a
 * person decides. Pure: what there is to match comes in.
 */
import { addDays, type LocalDay } from '../sql/local-day.ts';

export const candidateKinds = [
  'sale',
  'refund',
  'deposit-taken',
  'deposit-returned',
  'residual',
  'cash-deposit',
  'cash-arrival',
  'cash-withdrawal',
  'payout',
  'return',
] as const;
export type CandidateKind = (typeof candidateKinds)[number];

/** Something that a line may be: booked, or on its way, and not spoken of by another line. */
export interface Candidate {
  kind: CandidateKind;
  id: string;
  /** As the line would have it: above zero came in. */
  amountMinor: bigint;
  day: LocalDay;
  /** How people call it: a receipt, a file, a name. */
  label: string;
  /** Numbers that name it and nothing else. */
  keys: readonly string[];
  /** Who would have paid it, or been paid. */
  names: readonly string[];
}

export interface Matchable {
  day: LocalDay;
  amountMinor: bigint;
  isFee: boolean;
  reference: string | null;
  order: string | null;
  payer: string | null;
  text: string | null;
}

export const matchRules = ['number', 'name', 'amount', 'fee', 'person'] as const;
export const openReasons = ['unknown', 'ambiguous'] as const;

export type Match =
  | { fate: 'match'; rule: (typeof matchRules)[number]; candidate: Candidate | null }
  | { fate: (typeof openReasons)[number]; candidates: readonly Candidate[] };

/** Days by which a line may be after (or before) what it is matched with by name or amount alone. */
const NEAR_DAYS = 10;
const EARLY_DAYS = 3;
/** A number shorter than this is in too many texts. */
const KEY_LENGTH_MIN = 6;

/** What each line is, in their order. Every candidate is taken once. */
export function matchLines(lines: readonly Matchable[], candidates: readonly Candidate[]): Match[] {
  const byAmount = new Map<bigint, Candidate[]>();
  for (const candidate of candidates) {
    const same = byAmount.get(candidate.amountMinor);
    if (same) same.push(candidate);
    else byAmount.set(candidate.amountMinor, [candidate]);
  }
  const found = new Map<Matchable, Match>();
  const taken = new Set<Candidate>();
  for (const line of lines) {
    if (line.isFee && line.amountMinor < 0n) {
      found.set(line, { fate: 'match', rule: 'fee', candidate: null });
    }
  }
  for (const [rule, fits] of rules) {
    // Of one rule first all that it says, then what is said once: order in the file decides nothing.
    const wishes = new Map<Candidate, Matchable[]>();
    for (const line of lines) {
      if (found.has(line)) continue;
      const fitting = (byAmount.get(line.amountMinor) ?? []).filter(
        (candidate) => !taken.has(candidate) && fits(line, candidate),
      );
      if (fitting.length > 1) found.set(line, { fate: 'ambiguous', candidates: fitting });
      const only = fitting.length === 1 ? fitting[0] : undefined;
      if (only) wishes.set(only, [...(wishes.get(only) ?? []), line]);
    }
    for (const [candidate, wishers] of wishes) {
      const [line, ...others] = wishers;
      if (!line) continue;
      if (others.length === 0) {
        found.set(line, { fate: 'match', rule, candidate });
        taken.add(candidate);
      } else {
        for (const wisher of wishers) {
          found.set(wisher, { fate: 'ambiguous', candidates: [candidate] });
        }
      }
    }
  }
  return lines.map((line) => {
    const match = found.get(line);
    if (match) return match;
    const possible = (byAmount.get(line.amountMinor) ?? []).filter(
      (candidate) => !taken.has(candidate) && isNear(line, candidate),
    );
    return { fate: possible.length > 0 ? 'ambiguous' : 'unknown', candidates: possible };
  });
}

const rules: readonly ['number' | 'name' | 'amount', (l: Matchable, c: Candidate) => boolean][] = [
  ['number', isNamed],
  ['name', isByName],
  ['amount', isByAmount],
];

function isNamed({ reference, order, text }: Matchable, { keys }: Candidate): boolean {
  return [reference, order, text].some(
    (said) => said !== null && keys.some((key) => holds(said, key)),
  );
}

/** Whether a text holds a number as a word of its own. */
function holds(said: string, key: string): boolean {
  if (key.length < KEY_LENGTH_MIN) return said === key;
  const at = said.toUpperCase().indexOf(key.toUpperCase());
  if (at < 0) return false;
  const isPart = (character: string | undefined) => /[A-Za-z0-9]/.test(character ?? '');
  return !isPart(said[at - 1]) && !isPart(said[at + key.length]);
}

function isByName(line: Matchable, candidate: Candidate): boolean {
  const payer = line.payer;
  if (payer === null || !isNear(line, candidate)) return false;
  return candidate.names.some((name) => plain(name) === plain(payer));
}

const plain = (name: string) => name.normalize('NFKC').replace(/\s+/g, '').toLowerCase();

/** Cash that was carried, payouts and what was sent back have nobody's name; who pays a bill has one. */
function isByAmount(line: Matchable, candidate: Candidate): boolean {
  switch (candidate.kind) {
    case 'cash-deposit':
    case 'cash-arrival':
    case 'cash-withdrawal':
    case 'payout':
      return isNear(line, candidate);
    case 'refund':
    case 'deposit-returned':
    case 'residual':
    case 'return':
      return line.amountMinor < 0n && line.payer === null && isNear(line, candidate);
    case 'sale':
    case 'deposit-taken':
      return false;
  }
}

const isNear = ({ day }: Matchable, candidate: Candidate): boolean =>
  day >= addDays(candidate.day, -EARLY_DAYS) && day <= addDays(candidate.day, NEAR_DAYS);

/** An explanation as the API tells it, and the question for it. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { call } from './api.ts';
import { useProject } from './project.tsx';

interface Reading {
  at: string;
  register: number;
  source: 'sample' | 'noted' | 'manual';
  shiftMs: number;
  opens: boolean;
}
export interface Boundary {
  at: string;
  before: Reading | null;
  after: Reading | null;
  register: number;
  bridgeMs: number;
  rolledOver: boolean;
}
export interface ExplainedQuarterHour {
  slot: number;
  start: string;
  end: string;
  pieces: {
    meterId: string;
    serial: string;
    multiplier: number;
    from: Boundary;
    to: Boundary;
    quantity: number;
  }[];
  /** The doubt that holds it back until a person has decided. */
  heldBy: string | null;
  errors: { ppm: number; share: number; reason: string; by: string }[];
  edit: {
    id: string;
    method: string;
    confidence: number;
    quantity: number;
    reason: string;
    by: string;
  } | null;
  readings: (Reading & { meterId: string })[];
  nextOffset: number | null;
}
interface Named {
  name: string;
  nameZh: string | null;
}
export interface ExplainedLine extends Named {
  component: string;
  kind: 'usage' | 'fixed' | 'demand' | 'allowance' | 'minimum';
  unit: 'wh' | 'l' | 'w' | 'day';
  period: number | null;
  step: number;
  quantity: number;
  price: string;
  exact: string;
  taxRate: string;
  taxIncluded: boolean;
  before: { quantity: number; price: string; exact: string } | null;
  tariff: { id: string; name: string; versionId: string; version: number; effectiveFrom: string };
  rule: {
    price: {
      base: string;
      adder: string | null;
      factor: string | null;
      index: { code: string; month: string; value: string; as: 'factor' | 'adder' } | null;
    } | null;
    period: {
      rank: number;
      label: Named | null;
      season: Named & { from: string; to: string };
      dayType: string;
      clock: 'local' | 'standard';
      bands: { from: string; to: string }[];
    } | null;
    steps: {
      from: number;
      to: number | null;
      usedBefore: number;
      scope: 'point' | 'account';
    } | null;
    fee: { amount: string; per: 'day' | 'month'; day: number; days: number } | null;
    demand: { peakSlot: number; demandW: number; beforeW: number } | null;
    allowance: { free: number; usedBefore: number } | null;
    minimum: {
      amount: string;
      least: string;
      counted: string;
      heldDays: number;
      days: number;
    } | null;
  };
  recomputed: { quantity: number; price: string; exact: string } | null;
  agrees: boolean;
  rounding: {
    exactBefore: string;
    exactAfter: string;
    postedBefore: { amount: string };
    postedAfter: { amount: string };
    posted: { amount: string };
  };
}
export interface ExplainedInterval {
  slot: number;
  start: string;
  rank: number | null;
  quantity: number | null;
  quality: string;
  recomputed: number | null;
  reason: string | null;
}
export interface Explanation {
  settlement: {
    id: string;
    accountId: string;
    accountNumber: string;
    accountName: string;
    scope: 'point' | 'account';
    pointCode: string | null;
    commodity: 'electricity' | 'water' | null;
    serviceDay: string;
    revision: number;
    supersedes: string | null;
    supersededBy: string | null;
    cause: string[];
    by: string | null;
    runId: string;
    transactionId: string;
    accountingDate: string;
    position: string;
    settledAt: string;
    estimatedSlots: number;
    missingSlots: number;
    dirty: string | null;
  };
  agrees: boolean | null;
  differences: {
    what: 'line' | 'interval';
    component: string | null;
    slot: number | null;
    at: string | null;
    reason: string;
    stored: string | null;
    recomputed: string | null;
    difference: string | null;
  }[];
  lines: ExplainedLine[];
  intervals: ExplainedInterval[];
  meters: { meterId: string; serial: string; ct: number; pt: number; multiplier: number }[];
  corrections: { kind: 'error' | 'clock'; value: number; reason: string; by: string }[];
  detail: ExplainedQuarterHour | null;
}

/** A line of a settlement, as the API names it. */
export interface LineKey {
  component: string;
  period: number | null;
  step: number;
}

/** Explains a settlement, or a line of it; with `slot` one of its quarter-hours reading by reading. */
export function useExplanation(
  settlementId: string,
  { line, slot }: { line?: LineKey | undefined; slot?: number | null } = {},
) {
  const { id } = useProject();
  const query = new URLSearchParams({
    ...(line && {
      component: line.component,
      period: String(line.period ?? 0),
      step: String(line.step),
    }),
    ...(slot != null && { slot: String(slot) }),
  }).toString();
  return useQuery({
    queryKey: [id, 'explain', settlementId, query],
    queryFn: ({ signal }) =>
      call<Explanation>(`/projects/${id}/settlements/${settlementId}/explain?${query}`, { signal }),
    placeholderData: keepPreviousData,
  });
}

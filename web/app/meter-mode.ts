/** Meter mode in the app: what meters hold of an account's money, recharges on their way, the comparison with meters. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ApiProblem, call, list, type Money } from './api.ts';
import { useMay, useProject } from './project.tsx';

export const rechargeStates = [
  ...(['waiting', 'sent', 'unknown', 'held', 'confirmed', 'returned'] as const),
] as const;
export type RechargeState = (typeof rechargeStates)[number];

export interface Recharge {
  id: string;
  accountId: string;
  accountNumber: string;
  accountName: string;
  meterId: string;
  serial: string;
  pointCode: string;
  saleId: string | null;
  receipt: string | null;
  amount: Money;
  /** Of its sale, what stayed in the wallet for debts. */
  collected: { code: string; amount: Money }[];
  state: RechargeState;
  waitsFor: string | null;
  /** The purchase counter that proves it. */
  counter: number | null;
  commandId: string | null;
  outcome: string | null;
  before: Money | null;
  after: Money | null;
  requestedAt: string;
  requestedBy: string;
  sentAt: string | null;
  resolvedAt: string | null;
  decidedBy: string | null;
  reason: string | null;
}

export interface MeterMode {
  mode: 'platform' | 'meter';
  wallet: Money;
  inTransit: Money;
  onMeters: Money;
  meters: {
    meterId: string;
    serial: string;
    pointId: string;
    pointCode: string;
    inTransit: Money;
    onMeter: Money;
    counter: number | null;
    mustBeRead: boolean;
    since: string;
    beganAt: string | null;
    /** How far below zero it supplies, in times without cuts. */
    overdraft: Money | null;
  }[];
  noCut: 'none' | 'by-overdraft' | 'not-enforceable';
}

export const meterVerdicts = ['fits', 'balance-differs', 'counter-differs', 'unread'] as const;

export interface MeterReconciliation {
  id: string;
  localDay: string;
  accountId: string;
  accountNumber: string;
  accountName: string;
  meterId: string;
  serial: string;
  pointCode: string;
  checkedAt: string;
  readAt: string | null;
  meter: Money | null;
  ledger: Money;
  unsettled: Money;
  difference: Money | null;
  tolerance: Money;
  meterCounter: number | null;
  ledgerCounter: number | null;
  verdict: (typeof meterVerdicts)[number];
  adjusted: 'true-up' | 'adjustment' | null;
  adjustedAt: string | null;
  adjustedBy: string | null;
  reason: string | null;
}

const LIST_MS = 15_000;
/** While money is on its way, somebody waits for it. */
const LIVE_MS = 1_500;

export const isOpen = ({ state }: Pick<Recharge, 'state'>): boolean =>
  state === 'waiting' || state === 'sent' || state === 'unknown';

type Asked = Record<string, string | undefined>;

function useMeterList<Row>(path: string, query: Asked, isOn: boolean) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'meter-mode', path, query],
    queryFn: ({ signal }) => list<Row>(`/projects/${id}${path}`, { query, signal }),
    refetchInterval: LIST_MS,
    placeholderData: keepPreviousData,
    enabled: isOn,
  });
}

export const useRecharges = (query: Asked, isOn: boolean) =>
  useMeterList<Recharge>('/recharges', query, isOn);
export const useMeterReconciliations = (query: Asked, isOn: boolean) =>
  useMeterList<MeterReconciliation>('/meter-reconciliations', query, isOn);

/** One recharge, followed until it is over. */
export function useRecharge(rechargeId: string | null) {
  const { id } = useProject();
  return useQuery<Recharge, ApiProblem>({
    queryKey: [id, 'meter-mode', 'recharge', rechargeId],
    queryFn: ({ signal }) => call<Recharge>(`/projects/${id}/recharges/${rechargeId}`, { signal }),
    refetchInterval: ({ state }) => (state.data && !isOpen(state.data) ? false : LIVE_MS),
    enabled: rechargeId !== null,
  });
}

/** Where an account's money is; asked for more often while some of it is on its way. */
export function useMeterMode(accountId: string) {
  const { id } = useProject();
  const may = useMay();
  return useQuery<MeterMode, ApiProblem>({
    queryKey: [id, 'meter-mode', 'account', accountId],
    queryFn: ({ signal }) =>
      call<MeterMode>(`/projects/${id}/accounts/${accountId}/credit-mode`, { signal }),
    refetchInterval: ({ state }) =>
      Number(state.data?.inTransit.amount ?? 0) === 0 ? LIST_MS : LIVE_MS,
    enabled: may('account.read') && accountId !== '',
  });
}

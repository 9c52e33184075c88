/** What the pages of the counter ask. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Commodity, call, list, type Page } from './api.ts';
import { useMay, usePlace, useProject } from './project.tsx';
import type {
  Cash,
  CashMovement,
  Paper,
  Refund,
  Refundable,
  SaleReversal,
  Shift,
  SinglePrice,
} from './vending-shapes.ts';

const MINUTE_MS = 60_000;

type Asked = Record<string, string | undefined>;

function useCounterList<Row>(path: string, query: Asked, isOn = true) {
  const { id } = useProject();
  const may = useMay();
  return useQuery({
    queryKey: [id, 'counter', path, query],
    queryFn: ({ signal }) => list<Row>(`/projects/${id}${path}`, { query, signal }),
    refetchInterval: MINUTE_MS,
    placeholderData: keepPreviousData,
    enabled: may('sale.read') && isOn,
  });
}

export const useShifts = (query: Asked) => useCounterList<Shift>('/shifts', query);
export const useMovements = (query: Asked, isOn: boolean) =>
  useCounterList<CashMovement>('/cash-movements', query, isOn);
export const useReversals = (query: Asked, isOn: boolean) =>
  useCounterList<SaleReversal>('/reversals', query, isOn);
export const useRefunds = (query: Asked, isOn: boolean) =>
  useCounterList<Refund>('/refunds', query, isOn);

/** The open shift of who is signed in; null where there is none. */
export function useOwnShift() {
  const { session } = usePlace();
  const shifts = useShifts({ state: 'open' });
  const own = shifts.data?.data.find(({ cashierId }) => cashierId === session.user.id);
  return { isKnown: shifts.data !== undefined, shift: own ?? null };
}

export function useCash() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'counter', 'cash'],
    queryFn: ({ signal }) => call<Page<Cash>>(`/projects/${id}/cash`, { signal }),
    refetchInterval: MINUTE_MS,
  });
}

/** What can be refunded to an account now. */
export function useRefundable(accountId: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'counter', 'refundable', accountId],
    queryFn: ({ signal }) =>
      call<Refundable>(`/projects/${id}/accounts/${accountId}/refundable`, { signal }),
    enabled: accountId !== '',
    staleTime: 0,
  });
}

/** The one energy price that an account is sold quantities at, or why there is none. */
export function useSinglePrice(accountId: string, commodity: Commodity) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'counter', 'single-price', accountId, commodity],
    queryFn: ({ signal }) =>
      call<SinglePrice>(`/projects/${id}/accounts/${accountId}/single-price`, {
        query: { commodity },
        signal,
      }),
    enabled: accountId !== '',
  });
}

/** Counts a print and brings what stands on it. */
export function usePrint(onPaper: (paper: Paper) => void) {
  const { id } = useProject();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (receipt: string) =>
      call<Paper>(`/projects/${id}/receipt-prints`, { method: 'POST', body: { receipt } }),
    onSuccess: (paper) => {
      void queries.invalidateQueries({ queryKey: [id, 'counter'] });
      void queries.invalidateQueries({ queryKey: [id, 'list', '/sales'] });
      onPaper(paper);
    },
  });
}

/** What the pages of opening and closing ask, and what they keep and move. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call, list, type Money, type Page } from './api.ts';
import type {
  Closing,
  ClosingPreview,
  Deposit,
  MovePreview,
  Opening,
  OpeningContent,
  Residual,
  SupplyContract,
} from './opening-shapes.ts';
import { useMay, useProject } from './project.tsx';
import type { Fault } from './tariff-shapes.ts';

export function usePreparedOpenings() {
  const { id } = useProject();
  const may = useMay();
  return useQuery({
    queryKey: [id, 'list', '/accounts/openings', 'prepared'],
    queryFn: ({ signal }) =>
      list<Opening>(`/projects/${id}/accounts/openings`, { query: { state: 'prepared' }, signal }),
    enabled: may('account.write'),
  });
}

export function useOpening(openingId: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'opening', openingId],
    queryFn: ({ signal }) =>
      call<Opening>(`/projects/${id}/accounts/openings/${openingId}`, { signal }),
  });
}

/** What keeps a draft from being opened, as it is typed: nothing is kept. */
export function useOpeningFaults(content: OpeningContent, isAsked: boolean) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'opening-check', content],
    queryFn: ({ signal }) =>
      call<{ faults: Fault[] }>(`/projects/${id}/accounts/openings/check`, {
        method: 'POST',
        body: content,
        signal,
      }),
    enabled: isAsked,
    placeholderData: keepPreviousData,
  });
}

/** Keeps a draft: a new one, or the one it was before; withdraws it for null. */
export function useKeepOpening() {
  const { id } = useProject();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({
      openingId,
      content,
    }: {
      openingId: string | null;
      content: OpeningContent | null;
    }) => {
      const path = `/projects/${id}/accounts/openings`;
      if (openingId === null) return call<Opening>(path, { method: 'POST', body: content });
      return content === null
        ? call<Opening>(`${path}/${openingId}/withdraw`, { method: 'POST' })
        : call<Opening>(`${path}/${openingId}`, { method: 'PATCH', body: content });
    },
    onSuccess: () =>
      queryClient.invalidateQueries({ queryKey: [id, 'list', '/accounts/openings'] }),
  });
}

export function useClosing(
  accountId: string,
  { at, isAsked, everyMs = false }: { at: string; isAsked: boolean; everyMs?: number | false },
) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'closing', accountId, at],
    queryFn: ({ signal }) =>
      call<{ closing: Closing | null; preview: ClosingPreview | null }>(
        `/projects/${id}/accounts/${accountId}/closing${at && `?at=${encodeURIComponent(at)}`}`,
        { signal },
      ),
    enabled: isAsked,
    refetchInterval: everyMs,
    staleTime: 0,
  });
}

export function useClosings() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'list', '/accounts/closings'],
    queryFn: ({ signal }) => list<Closing>(`/projects/${id}/accounts/closings`, { signal }),
  });
}

export function useOpenings() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'list', '/accounts/openings'],
    queryFn: ({ signal }) => list<Opening>(`/projects/${id}/accounts/openings`, { signal }),
  });
}

export function useResiduals() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'list', '/accounts/residuals'],
    queryFn: ({ signal }) => list<Residual>(`/projects/${id}/accounts/residuals`, { signal }),
  });
}

/** What moving a point to another account would charge to each; nothing is moved. */
export function useTryMove(tenancyId: string) {
  const { id } = useProject();
  return useMutation({
    mutationFn: (body: { accountId: string; at: string | null }) =>
      call<MovePreview>(`/projects/${id}/tenancies/${tenancyId}/move/preview`, {
        method: 'POST',
        body,
      }),
  });
}

export function useMove(tenancyId: string, onDone: () => void) {
  const { id } = useProject();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: { accountId: string; at: string; correction: { reason: string } | null }) =>
      call<{ id: string }>(`/projects/${id}/tenancies/${tenancyId}/move`, {
        method: 'POST',
        body,
      }),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: [id] });
      onDone();
    },
  });
}

export function useDeposits(accountId: string) {
  const { id } = useProject();
  const may = useMay();
  return useQuery({
    queryKey: [id, 'deposits', accountId],
    queryFn: ({ signal }) =>
      call<Page<Deposit, { count: number; held: Money }>>(
        `/projects/${id}/deposits?accountId=${accountId}`,
        { signal },
      ),
    enabled: may('sale.read'),
  });
}

export function useContracts(accountId: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'contracts', accountId],
    queryFn: ({ signal }) =>
      call<Page<SupplyContract>>(`/projects/${id}/supply-contracts?accountId=${accountId}`, {
        signal,
      }),
  });
}

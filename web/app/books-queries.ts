/** What the pages of the books ask, and the two acts there are: a month's state, a proof of the ledger. */
import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { type ApiProblem, call, list, type Page, type Query } from './api.ts';
import type {
  BillingMonth,
  ChartLine,
  Correction,
  Difference,
  DifferenceTotals,
  JournalHead,
  JournalRow,
  LedgerAccount,
  LedgerProof,
  MonthGate,
  MonthState,
  ReconciledDay,
  TrialRow,
  TrialTotals,
} from './books.ts';
import { useProject } from './project.tsx';

const MINUTE_MS = 60_000;
/** While a proof is under way its progress is asked for. */
const PROOF_MS = 1000;
const JOURNAL_PAGE = 100;

const path = (projectId: string, rest: string) => `/projects/${projectId}${rest}`;

export function useCorrections(query: Query) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'corrections', query],
    queryFn: ({ signal }) => list<Correction>(path(id, '/corrections'), { query, signal }),
    placeholderData: keepPreviousData,
    staleTime: MINUTE_MS / 2,
  });
}

export function useMonths() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'months'],
    queryFn: ({ signal }) => call<Page<BillingMonth>>(path(id, '/months'), { signal }),
    refetchInterval: MINUTE_MS,
  });
}

/** A month with what stands before its close. */
export function useMonthGate(month: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'months', month],
    queryFn: ({ signal }) => call<MonthGate>(path(id, `/months/${month}`), { signal }),
    refetchInterval: MINUTE_MS,
  });
}

export function useChangeMonth(month: string) {
  const { id } = useProject();
  const queries = useQueryClient();
  return useMutation<BillingMonth, ApiProblem, { state: MonthState; reason: string }>({
    mutationFn: (body) =>
      call<BillingMonth>(path(id, `/months/${month}/state`), { method: 'POST', body }),
    // Also after a refusal: what is on screen was not what is there.
    onSettled: () => queries.invalidateQueries({ queryKey: [id, 'months'] }),
  });
}

export function useTrialBalance(query: Query) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'trial-balance', query],
    queryFn: ({ signal }) =>
      call<Page<TrialRow, TrialTotals>>(path(id, '/ledger/trial-balance'), { query, signal }),
    refetchInterval: MINUTE_MS,
    placeholderData: keepPreviousData,
    // A position that is not there yet is no reason to ask three times.
    retry: false,
  });
}

/** Wallets that owe, at the same moment as the trial balance; the first hundred. */
export function useWalletsInDebit(query: Query, isAsked: boolean) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'wallets-in-debit', query],
    queryFn: ({ signal }) =>
      call<Page<LedgerAccount>>(path(id, '/ledger/accounts'), {
        query: { ...query, code: 'wallet', side: 'debit', limit: 100 },
        signal,
      }),
    placeholderData: keepPreviousData,
    enabled: isAsked,
  });
}

export function useChart(isAsked: boolean) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'chart'],
    queryFn: ({ signal }) => call<Page<ChartLine>>(path(id, '/ledger/chart'), { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: isAsked,
  });
}

/** Sealed positions, newest first, a page at a time. */
export function useJournal(isAsked: boolean) {
  const { id } = useProject();
  return useInfiniteQuery({
    queryKey: [id, 'journal'],
    queryFn: ({ signal, pageParam }) =>
      call<Page<JournalRow>>(path(id, '/ledger/journal'), {
        query: { limit: JOURNAL_PAGE, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined, // The first page has none; the others do.
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    enabled: isAsked,
  });
}

const isUnderWay = (head: JournalHead | undefined): boolean =>
  !!head?.proof && head.proof.finishedAt === null;

export function useJournalHead() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'seals'],
    queryFn: ({ signal }) => call<JournalHead>(path(id, '/ledger/seals'), { signal }),
    refetchInterval: ({ state }) => (isUnderWay(state.data) ? PROOF_MS : MINUTE_MS / 2),
  });
}

export function useProve() {
  const { id } = useProject();
  const queries = useQueryClient();
  return useMutation<LedgerProof, ApiProblem, void>({
    mutationFn: () => call<LedgerProof>(path(id, '/ledger/verify'), { method: 'POST' }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [id, 'seals'] }),
  });
}

/** What the newest reconciliation of each day found. */
export function useReconciledDays(query: Query) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'reconciliation', 'days', query],
    queryFn: ({ signal }) =>
      call<Page<ReconciledDay>>(path(id, '/reconciliation/days'), { query, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: MINUTE_MS,
  });
}

export function useReconciliation(query: Query) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'reconciliation', query],
    queryFn: ({ signal }) =>
      call<Page<Difference, DifferenceTotals>>(path(id, '/reconciliation'), { query, signal }),
    placeholderData: keepPreviousData,
    staleTime: MINUTE_MS / 2,
  });
}

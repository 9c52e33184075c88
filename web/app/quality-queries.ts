/** What the pages of quality ask, and the acts they send: preview first, then exactly that. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call, list } from './api.ts';
import { useMay, useProject } from './project.tsx';
import type {
  BillEffect,
  Exception,
  ExceptionDecision,
  InstallationChange,
  IntervalEdit,
  IntervalPreview,
  ManualReading,
  MeterCorrection,
  Quarantine,
  Rollover,
  WholeEdit,
} from './quality-shapes.ts';

const MINUTE_MS = 60_000;

function useQualityList<Row>(
  path: string,
  { query = {}, permission }: { query?: Record<string, string | undefined>; permission: string },
) {
  const { id } = useProject();
  const may = useMay();
  return useQuery({
    queryKey: [id, 'quality', path, query],
    queryFn: ({ signal }) => list<Row>(`/projects/${id}${path}`, { query, signal }),
    refetchInterval: MINUTE_MS,
    placeholderData: keepPreviousData,
    enabled: may(permission),
  });
}

export const useExceptions = (query: { state: Exception['state']; rule?: string | undefined }) =>
  useQualityList<Exception>('/exceptions', { query, permission: 'reading.read' });
export const useEdits = (query: { pointId?: string } = {}) =>
  useQualityList<IntervalEdit>('/interval-edits', { query, permission: 'reading.read' });
export const useExceptionHistory = (query: {
  exceptionId?: string;
  rule?: string;
  decision?: string;
  by?: string;
}) =>
  useQualityList<ExceptionDecision>('/exception-history', { query, permission: 'reading.read' });
export const useQuarantines = () =>
  useQualityList<Quarantine>('/quarantines', {
    query: { state: 'all' },
    permission: 'device.read',
  });
export const useMeterCorrections = (meterId: string) =>
  useQualityList<MeterCorrection>('/meter-corrections', {
    query: { meterId },
    permission: 'device.read',
  });
export const useRollovers = (meterId: string) =>
  useQualityList<Rollover>('/rollovers', { query: { meterId }, permission: 'device.read' });
export const useManualReadings = (meterId: string) =>
  useQualityList<ManualReading>('/manual-readings', {
    query: { meterId },
    permission: 'reading.read',
  });

export const useInstallationChanges = (meterId: string) =>
  useQualityList<InstallationChange>('/installation-changes', {
    query: { meterId },
    permission: 'device.read',
  });

/** An edit with each of its quarter-hours. */
export function useEdit(editId: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'quality', 'edit', editId],
    queryFn: ({ signal }) =>
      call<WholeEdit>(`/projects/${id}/interval-edits/${editId}`, { signal }),
  });
}

/** What an edit does to the bills if it is approved now. */
export function useEditEffect(editId: string, isAsked: boolean) {
  const { id } = useProject();
  const may = useMay();
  return useQuery({
    queryKey: [id, 'quality', 'effect', editId],
    queryFn: ({ signal }) =>
      call<BillEffect>(`/projects/${id}/interval-edits/${editId}/effect`, { signal }),
    enabled: isAsked && may('account.read'),
    staleTime: MINUTE_MS,
    retry: false,
  });
}

/** A correction tried, and what it does to the bills; null where one may not see bills. */
export interface Tried {
  preview: IntervalPreview;
  effect: BillEffect | null;
}

export function useTry() {
  const { id } = useProject();
  const may = useMay();
  return useMutation({
    mutationFn: async (act: object): Promise<Tried> => {
      const preview = await call<IntervalPreview>(`/projects/${id}/interval-previews`, {
        method: 'POST',
        body: act,
      });
      const effect = may('account.read')
        ? await call<BillEffect>(`/projects/${id}/interval-previews/${preview.id}/effect`)
        : null;
      return { preview, effect };
    },
  });
}

/** Sends an act; what it may have changed is asked anew. */
export function useSend<Answer>(onDone?: (answer: Answer) => void) {
  const { id } = useProject();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ path, body }: { path: string; body: object }) =>
      call<Answer>(`/projects/${id}${path}`, { method: 'POST', body }),
    onSuccess: (answer) => {
      for (const key of ['quality', 'corrections', 'list', 'meter', 'report', 'energy']) {
        void queryClient.invalidateQueries({ queryKey: [id, key] });
      }
      onDone?.(answer);
    },
  });
}

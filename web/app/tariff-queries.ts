/** What the tariff pages ask: where tariffs hold, what is published, whether a draft holds, what it costs. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { type Commodity, call, list } from './api.ts';
import { useProject } from './project.tsx';
import type {
  EventDay,
  Fault,
  PriceIndex,
  Sample,
  TariffAssignment,
  TariffDefinition,
} from './tariff-shapes.ts';

/** How long typing must rest before the draft is sent to be checked, and to be priced. */
const CHECK_AFTER_MS = 350;
const SAMPLE_AFTER_MS = 900;

function useTariffList<Row>(path: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'list', path],
    queryFn: ({ signal }) => list<Row>(`/projects/${id}${path}`, { signal }),
  });
}

export const useAssignments = () => useTariffList<TariffAssignment>('/tariff-assignments');
export const usePriceIndexes = () => useTariffList<PriceIndex>('/price-indexes');
export const useEventDays = () => useTariffList<EventDay>('/event-days');

/** Settled days that a version which begins then would charge anew; nothing for a tariff that is new. */
export function useSettledDays(tariffId: string | undefined, from: string, isAsked: boolean) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'tariff-settled', tariffId, from],
    queryFn: ({ signal }) =>
      call<{ points: number; days: number }>(
        `/projects/${id}/tariffs/${tariffId}/settled-days?from=${from}`,
        { signal },
      ),
    enabled: isAsked && tariffId !== undefined,
    staleTime: 60_000,
  });
}

/** The value once it has not changed for a while. */
function useRested<Value>(value: Value, afterMs: number): Value {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), afterMs);
    return () => clearTimeout(timer);
  }, [value, afterMs]);
  return rested;
}

/** The faults of a draft as the server sees them; `isFresh` is false while a change is not checked yet. */
export function useCheck(commodity: Commodity, definition: TariffDefinition) {
  const { id } = useProject();
  const text = JSON.stringify(definition);
  const rested = useRested(text, CHECK_AFTER_MS);
  const query = useQuery({
    queryKey: [id, 'tariff-check', commodity, rested],
    queryFn: ({ signal }) =>
      call<{ faults: Fault[] }>(`/projects/${id}/tariffs/check`, {
        method: 'POST',
        body: { commodity, definition: JSON.parse(rested) },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  return {
    faults: query.data?.faults ?? [],
    isKnown: !!query.data,
    isFresh: text === rested && !query.isFetching && !query.isPlaceholderData && !!query.data,
    error: query.error,
    retry: () => void query.refetch(),
  };
}

export interface SampleQuestion {
  commodity: Commodity;
  definition: TariffDefinition;
  against: string | null;
  month: string;
  /** What is priced: all an account holds of the commodity, or one point; null where there is none. */
  subject: { accountId: string } | { pointId: string } | null;
}

/** A month of an account or a point under the draft and under the version before; not asked while faults stand. */
export function useSample({ subject, ...asked }: SampleQuestion, isAsked: boolean) {
  const { id } = useProject();
  const text = JSON.stringify({ ...asked, ...subject });
  const rested = useRested(text, SAMPLE_AFTER_MS);
  const query = useQuery({
    queryKey: [id, 'tariff-sample', rested],
    queryFn: ({ signal }) =>
      call<Sample>(`/projects/${id}/tariffs/sample`, {
        method: 'POST',
        body: JSON.parse(rested),
        signal,
      }),
    enabled: isAsked && text === rested && subject !== null,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  });
  return { ...query, isOld: query.isPlaceholderData || text !== rested };
}

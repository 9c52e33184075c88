/** What the pages of configuration ask, with what is out of use, and the acts that they send. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Building, type Bus, call, type Gateway, list, type Meter, withQuery } from './api.ts';
import type {
  BusBudget,
  ImportPreview,
  MeterModel,
  ModelAbility,
  ModelDecision,
  Point,
  SerialLine,
  TestRead,
} from './config-shapes.ts';
import { useProject } from './project.tsx';

/** A bus with what is set of it, and what its readings need. */
export type ConfiguredBus = Bus & {
  gatewayId: string;
  timeoutMs: number;
  line: SerialLine | null;
  budget: BusBudget;
  retired: boolean;
};
export type ConfiguredGateway = Omit<Gateway, 'buses'> & {
  retired: boolean;
  buses: ConfiguredBus[];
};
export type ConfiguredMeter = Meter & { verifiedUntil: string | null };

function useConfigured<Row>(path: string, retired = false) {
  const { id } = useProject();
  const query = retired ? { retired: 'true' } : {};
  return useQuery({
    queryKey: [id, 'configuration', path, query],
    queryFn: ({ signal }) => list<Row>(`/projects/${id}${path}`, { query, signal }),
    placeholderData: keepPreviousData,
  });
}

export const useConfiguredPlaces = (retired = false) =>
  useConfigured<Building>('/buildings', retired);
export const useConfiguredLines = (retired = false) =>
  useConfigured<ConfiguredGateway>('/gateways', retired);
export const useConfiguredMeters = (retired = false) =>
  useConfigured<ConfiguredMeter>('/meters', retired);
export const usePoints = (retired = false) => useConfigured<Point>('/points', retired);

export const useModelAbilities = () => useConfigured<ModelAbility>('/model-abilities');
export const useModelDecisions = () => useConfigured<ModelDecision>('/model-functions');

/** The models that can be read: they change with the software alone. */
export const useModels = () =>
  useQuery({
    queryKey: ['models'],
    queryFn: ({ signal }) => list<MeterModel>('/models', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** One thing entered or changed; everything of the project is then asked again. */
export function useEnter() {
  const { id } = useProject();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ path, id: which, body }: { path: string; id: string | null; body: unknown }) =>
      which === null
        ? call<{ id: string }>(`/projects/${id}${path}`, { method: 'POST', body })
        : call<{ id: string }>(`/projects/${id}${path}`, { method: 'PATCH', body }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: [id] }),
  });
}

/** What a meter would need of its bus; asked as one types. */
export function useBudget(
  asked: { busId: string; model: string; pollSeconds: string; meterId: string | null } | null,
) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'budget', asked],
    queryFn: ({ signal }) => {
      const { busId = '', meterId, ...query } = asked ?? { meterId: null };
      const path = `/projects/${id}/buses/${busId}/budget`;
      return call<{ before: BusBudget; after: BusBudget }>(
        withQuery(path, { ...query, meterId: meterId ?? undefined }),
        { signal },
      );
    },
    enabled: asked !== null,
    placeholderData: keepPreviousData,
  });
}

export function useTestRead() {
  const { id } = useProject();
  return useMutation({
    mutationFn: ({
      gatewayId,
      ...body
    }: {
      gatewayId: string;
      bus: string;
      address: number;
      model: string;
    }) =>
      call<TestRead>(`/projects/${id}/gateways/${gatewayId}/test-read`, { method: 'POST', body }),
  });
}

interface Table {
  name: string;
  content: string;
}

/** What a table would do, row by row. */
export function useImportPreview() {
  const { id } = useProject();
  return useMutation({
    mutationFn: (body: Table) =>
      call<ImportPreview>(`/projects/${id}/imports/preview`, { method: 'POST', body }),
  });
}

/** Imports as previewed; the digest is the content, so a second try of the same is the same. */
export function useImport() {
  const { id } = useProject();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ key, ...body }: Table & { digest: string; key: string }) =>
      call<ImportPreview>(`/projects/${id}/imports`, {
        method: 'POST',
        body,
        idempotencyKey: key,
      }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: [id] }),
  });
}

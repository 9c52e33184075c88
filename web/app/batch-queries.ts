/** What the page of batches asks, quicker while one is under way, and the acts it sends. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiProblem, call, list, type Page } from './api.ts';
import { type Batch, type BatchMeter, type BatchPreview, isGoing, isOpen } from './batch-shapes.ts';
import type { CommandFunction } from './command-shapes.ts';
import { newKey } from './key.ts';
import { useMay, useProject } from './project.tsx';

const QUICK_MS = 1_000;
const QUIET_MS = 10_000;
/** Batches that the page lists; the file has them all. */
export const BATCHES_SHOWN = 20;

/** The newest batches of the project. */
export function useBatches() {
  const { id } = useProject();
  const may = useMay();
  return useQuery({
    queryKey: [id, 'batches', 'list'],
    queryFn: ({ signal }) =>
      call<Page<Batch>>(`/projects/${id}/command-batches`, {
        query: { limit: BATCHES_SHOWN },
        signal,
      }),
    refetchInterval: ({ state }) => (state.data?.data.some(isGoing) ? QUICK_MS * 2 : QUIET_MS),
    placeholderData: keepPreviousData,
    enabled: may('command.read'),
  });
}

/** Batches that are not over, for the line at the top of every page: asked seldom while there is none. */
export function useRunningBatches() {
  const { id } = useProject();
  const may = useMay();
  return useQuery({
    queryKey: [id, 'batches', 'running'],
    queryFn: ({ signal }) =>
      call<Page<Batch>>(`/projects/${id}/command-batches`, { query: { limit: 3 }, signal }),
    select: ({ data }) => data.filter(isOpen),
    refetchInterval: ({ state }) => (state.data?.data.some(isGoing) ? QUICK_MS * 3 : QUIET_MS * 3),
    enabled: may('command.read'),
  });
}

/** How far a batch is: asked often, small. */
export function useBatch(batchId: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'batches', 'one', batchId],
    queryFn: ({ signal }) =>
      call<Page<BatchMeter, Batch>>(`/projects/${id}/command-batches/${batchId}`, {
        query: { limit: 1 },
        signal,
      }),
    refetchInterval: ({ state }) =>
      !state.data?.totals || isGoing(state.data.totals) ? QUICK_MS : QUIET_MS,
  });
}

/** Every meter of a batch: asked again only when its counts have changed. */
export function useBatchMeters(batchId: string, counts: Batch['counts'] | undefined) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'batches', 'meters', batchId, counts],
    queryFn: ({ signal }) =>
      list<BatchMeter>(`/projects/${id}/command-batches/${batchId}`, { signal }),
    placeholderData: keepPreviousData,
    enabled: counts !== undefined,
  });
}

/** What is chosen and what is asked of it. */
export interface BatchChoice {
  function: CommandFunction;
  arguments: object;
  meterIds: readonly string[];
}

export function useBatchPreview() {
  const { id } = useProject();
  return useMutation({
    mutationFn: (body: BatchChoice) =>
      call<BatchPreview>(`/projects/${id}/command-batches/preview`, { method: 'POST', body }),
  });
}

/** One key for one content, through every try. */
export function useBeginBatch() {
  const { id } = useProject();
  const queryClient = useQueryClient();
  const sent = useRef({ content: '', key: '' });
  const mutation = useMutation({
    mutationFn: (
      body: BatchChoice & { digest: string; canary: number; goesOn: boolean; reason: string },
    ) => {
      const content = JSON.stringify(body);
      if (sent.current.content !== content) sent.current = { content, key: newKey() };
      return call<Batch>(`/projects/${id}/command-batches`, {
        method: 'POST',
        body,
        idempotencyKey: sent.current.key,
      });
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: [id, 'batches'] }),
  });
  const { error } = mutation;
  const unknown = error instanceof ApiProblem && (error.status === 0 || error.status >= 500);
  return { ...mutation, unknown };
}

export function useDecideBatch(batchId: string) {
  const { id } = useProject();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ act, reason }: { act: 'stop' | 'continue' | 'retry'; reason: string }) =>
      call<Batch>(`/projects/${id}/command-batches/${batchId}/${act}`, {
        method: 'POST',
        body: { reason },
      }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: [id, 'batches'] }),
  });
}

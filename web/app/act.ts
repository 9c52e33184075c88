/** Sending an act: once per content through every try, and whatever came of it, what is shown is asked for anew. */
import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiProblem, call } from './api.ts';
import { newKey } from './key.ts';
import { useProject } from './project.tsx';

export interface Act {
  path: string;
  method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
}

interface Sending {
  /** What stands before the path of each act. */
  base: string;
  /** The questions whose answers it may change. */
  stale: readonly QueryKey[];
}

/** True when it cannot be known whether what was sent has happened. */
export const isUnknown = (error: unknown): boolean =>
  error instanceof ApiProblem && (error.status === 0 || error.status >= 500);

/** Sends acts under one key per content. `unknown`: nobody knows whether it happened. */
export function useSending<Answer>({ base, stale }: Sending, onDone?: (answer: Answer) => void) {
  const queries = useQueryClient();
  const sent = useRef({ content: '', key: '' });
  const mutation = useMutation<Answer, ApiProblem, Act>({
    mutationFn: ({ path, method = 'POST', body }) => {
      const content = JSON.stringify([method, path, body]);
      if (sent.current.content !== content) sent.current = { content, key: newKey() };
      return call<Answer>(`${base}${path}`, { method, body, idempotencyKey: sent.current.key });
    },
    onSuccess: (answer) => {
      sent.current = { content: '', key: '' };
      onDone?.(answer);
    },
    onSettled: () => {
      for (const queryKey of stale) void queries.invalidateQueries({ queryKey });
    },
  });
  return { ...mutation, unknown: isUnknown(mutation.error) };
}

/** An act upon the project; everything of it is asked anew. */
export function useAct<Answer>(onDone?: (answer: Answer) => void) {
  const { id } = useProject();
  return useSending<Answer>({ base: `/projects/${id}`, stale: [[id]] }, onDone);
}

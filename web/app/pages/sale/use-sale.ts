/** Booking a sale: one key for one content, through every try. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiProblem, type Channel, call, type Sale } from '../../api.ts';
import { newKey } from '../../key.ts';
import { useProject } from '../../project.tsx';

/** What is being sold, before it is booked. */
export interface Draft {
  accountId: string;
  amount: string;
  channel: Channel;
  note: string;
}

/** Books with one key per content: the same sale keeps its key through every try. */
export function useSale() {
  const project = useProject();
  const queryClient = useQueryClient();
  const sent = useRef({ content: '', key: '' });
  const mutation = useMutation({
    mutationFn: (draft: Draft) => {
      const body = {
        amount: { amount: draft.amount, currency: project.currency },
        channel: draft.channel,
        note: draft.note.trim() || null,
      };
      const content = JSON.stringify([draft.accountId, body]);
      if (sent.current.content !== content) sent.current = { content, key: newKey() };
      return call<Sale>(`/projects/${project.id}/accounts/${draft.accountId}/sales`, {
        method: 'POST',
        body,
        idempotencyKey: sent.current.key,
      });
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: [project.id] }),
  });
  const { error } = mutation;
  const unknown = error instanceof ApiProblem && (error.status === 0 || error.status >= 500);
  return { ...mutation, unknown };
}

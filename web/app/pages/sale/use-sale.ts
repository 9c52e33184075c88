/** Booking a sale: one key for one content, through every try. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiProblem, type Channel, type Commodity, call, type Sale } from '../../api.ts';
import { newKey } from '../../key.ts';
import { useProject } from '../../project.tsx';
import { cleanQuantity } from './quantity.ts';

/** What is being sold, before it is booked. */
export interface Draft {
  accountId: string;
  /** By a quantity while one energy price holds; the amount is then what it costs. */
  by: 'amount' | 'quantity';
  amount: string;
  commodity: Commodity;
  quantity: string;
  channel: Channel;
  /** What the bank or the channel calls the payment; not of cash. */
  reference: string;
  note: string;
  /** In meter mode: where it goes; '' keeps it in the wallet. */
  meterId: string;
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
        reference: (draft.channel !== 'cash' && draft.reference.trim()) || null,
        note: draft.note.trim() || null,
        ...(draft.meterId && { meterId: draft.meterId }),
        ...(draft.by === 'quantity' && {
          quantity: { commodity: draft.commodity, quantity: cleanQuantity(draft.quantity) },
        }),
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

/** Search of the project: what the API finds by a text, group by group. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { call } from './api.ts';
import { useProject } from './project.tsx';

export type FoundKind = 'account' | 'meter' | 'point' | 'room' | 'building' | 'gateway' | 'paper';

export interface SearchHit {
  id: string;
  title: string;
  titleZh: string | null;
  beside: string | null;
  besideZh: string | null;
  phone: string | null;
  isOver: boolean;
  paper: 'sale' | 'refund' | 'reversal' | 'deposit' | 'residual' | null;
  accountId: string | null;
  meterId: string | null;
  buildingId: string | null;
}

export interface Found {
  groups: { kind: FoundKind; hits: SearchHit[]; more: boolean }[];
}

const MINUTE = 60_000;

/** What holds the text; nothing is asked for an empty one, and the last answer stays until the next. */
export function useFound(text: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'search', text],
    queryFn: ({ signal }) =>
      call<Found>(`/projects/${id}/search?q=${encodeURIComponent(text)}`, { signal }),
    enabled: text !== '',
    placeholderData: keepPreviousData,
    staleTime: MINUTE,
  });
}

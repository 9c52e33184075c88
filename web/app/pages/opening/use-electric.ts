/** The points of an opening that measure electricity, in the order in which they were chosen. */
import { useLive } from '../../queries.ts';
import type { OpeningDraft } from './draft.ts';

export function useElectric({ points }: Pick<OpeningDraft, 'points'>): string[] {
  const live = useLive('slow').data?.data ?? [];
  return points
    .map(({ pointId }) => pointId)
    .filter((id) => live.find(({ pointId }) => pointId === id)?.commodity === 'electricity');
}

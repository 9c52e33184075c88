/** The fee list: its shape and its question. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { list, type Money } from './api.ts';
import { useProject } from './project.tsx';

export interface FeeLine {
  accountId: string;
  accountNumber: string;
  accountName: string;
  accountNameZh: string | null;
  pointCode: string | null;
  component: string;
  componentName: string | null;
  componentNameZh: string | null;
  tariffName: string;
  tariffVersion: number;
  period: number | null;
  step: number;
  kind: 'usage' | 'fixed' | 'demand' | 'allowance' | 'minimum';
  unit: 'wh' | 'l' | 'w' | 'day';
  quantity: number | null;
  price: string | null;
  days: number;
  amount: Money;
  tax: Money;
}

/** Lines of a month; `accounts` are ids with commas between them, left out: all. */
export function useFeeLines(query: { month: string; accounts: string | undefined }) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'list', '/fee-lines', query],
    queryFn: async ({ signal }) => {
      const { data, totals, complete } = await list<FeeLine>(`/projects/${id}/fee-lines`, {
        query,
        signal,
      });
      return { data, complete, totals: totals as { count: number; amount: Money; tax: Money } }; // As the API says.
    },
    placeholderData: keepPreviousData,
  });
}

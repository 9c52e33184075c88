/** What the pages of credit control ask and do; what a case waits for moves by itself. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ApiProblem, call, list } from './api.ts';
import type {
  CreditBrake,
  CreditCase,
  CreditCaseDetail,
  CreditPolicy,
  Decision,
  PolicyVersion,
} from './credit-shapes.ts';
import { useMay, useProject } from './project.tsx';

const CREDIT_MS = 15_000;

type Asked = Record<string, string | undefined>;

function useCreditList<Row>(path: string, query: Asked = {}, isOn = true) {
  const { id } = useProject();
  const may = useMay();
  return useQuery({
    queryKey: [id, 'credit', path, query],
    queryFn: ({ signal }) => list<Row>(`/projects/${id}${path}`, { query, signal }),
    refetchInterval: CREDIT_MS,
    placeholderData: keepPreviousData,
    enabled: may('credit.read') && isOn,
  });
}

function useCreditOne<Answer>(path: string, isOn = true) {
  const { id } = useProject();
  const may = useMay();
  return useQuery<Answer, ApiProblem>({
    queryKey: [id, 'credit', path],
    queryFn: ({ signal }) => call<Answer>(`/projects/${id}${path}`, { signal }),
    refetchInterval: CREDIT_MS,
    enabled: may('credit.read') && isOn,
  });
}

export const useCases = (query: Asked) => useCreditList<CreditCase>('/credit-cases', query);
export const useDecisions = (query: Asked) => useCreditList<Decision>('/credit-decisions', query);
export const usePolicyVersions = () => useCreditList<PolicyVersion>('/credit-policies');
export const usePolicy = () => useCreditOne<PolicyVersion>('/credit-policy');
export const useBrake = () => useCreditOne<CreditBrake>('/credit-brake');
export const useCase = (accountId: string) =>
  useCreditOne<CreditCaseDetail>(`/credit-cases/${accountId}`);

/** Writes the next version, if the one that it began from still holds. */
export function useWritePolicy(onDone: () => void) {
  const { id } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { policy: CreditPolicy; reason: string; version: number }) =>
      call<PolicyVersion>(`/projects/${id}/credit-policy`, { method: 'PUT', body }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: [id, 'credit'] });
      onDone();
    },
  });
}

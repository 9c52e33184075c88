/** What the pages of bank and channel files ask. */
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { call, list } from './api.ts';
import type {
  BankFile,
  BankLine,
  BankLineDetail,
  BankMapping,
  BankPreview,
  BankSource,
  BankTemplate,
} from './bank-shapes.ts';
import { useProject } from './project.tsx';

type Asked = Record<string, string | undefined>;

function useBankList<Row>(path: string, query: Asked, isOn: boolean) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'bank', path, query],
    queryFn: ({ signal }) => list<Row>(`/projects/${id}${path}`, { query, signal }),
    placeholderData: keepPreviousData,
    enabled: isOn,
  });
}

export const useBankLines = (query: Asked, isOn = true) =>
  useBankList<BankLine>('/bank-lines', query, isOn);
export const useBankFiles = (query: Asked, isOn = true) =>
  useBankList<BankFile>('/bank-files', query, isOn);
export const useBankTemplates = () => useBankList<BankTemplate>('/bank-templates', {}, true);

/** One line with all that became of it and what it may be. */
export function useBankLine(lineId: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'bank', 'line', lineId],
    queryFn: ({ signal }) =>
      call<BankLineDetail>(`/projects/${id}/bank-lines/${lineId}`, { signal }),
  });
}

/** A file as it is sent, with what its columns mean. */
export interface GivenFile {
  name: string;
  content: string;
  source: BankSource;
  template: string;
  mapping: BankMapping;
}

/** What would become of each line. */
export function useBankPreview() {
  const { id } = useProject();
  return useMutation({
    mutationFn: (file: GivenFile) =>
      call<BankPreview>(`/projects/${id}/bank-files/preview`, { method: 'POST', body: file }),
  });
}

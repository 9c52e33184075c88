/** How a page asks a report: by name and parameters, again every minute while its range is not over. */
import {
  keepPreviousData,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { call } from '../../api.ts';
import { useClock } from '../../clock.tsx';
import { localDay } from '../../dates.ts';
import { useMay, useProject } from '../../project.tsx';
import { isOpen } from '../../range.ts';
import type { Report, ReportQuery, Warehouse } from '../../reports.ts';

const MINUTE_MS = 60_000;

export function useReport<Answer extends Report<unknown, unknown>>(
  name: string,
  query: ReportQuery,
  { on = true }: { on?: boolean } = {},
): UseQueryResult<Answer> {
  const { id, zone } = useProject();
  const may = useMay();
  const clock = useClock();
  const { asKnownAt } = useSearch({ strict: false });
  return useQuery({
    queryKey: [id, 'report', name, query, asKnownAt],
    // Without a format: `json` is the file of the rows, which has no proof and no shares.
    queryFn: ({ signal }) =>
      call<Answer>(`/projects/${id}/reports/${name}`, {
        query: { ...query, asKnownAt },
        signal,
      }),
    refetchInterval: isOpen(query, localDay(zone, clock())) ? MINUTE_MS : false,
    staleTime: MINUTE_MS / 2,
    placeholderData: keepPreviousData,
    enabled: on && may('report.read'),
  });
}

/** What the reports are answered from: version, tables, last check. */
export function useWarehouse() {
  const { id } = useProject();
  const may = useMay();
  return useQuery({
    queryKey: [id, 'warehouse'],
    queryFn: ({ signal }) => call<Warehouse>(`/projects/${id}/warehouse`, { signal }),
    refetchInterval: MINUTE_MS,
    enabled: may('report.read'),
  });
}

/** Asks for a check of the whole warehouse; asking twice is asking once. */
export function useWarehouseCheck() {
  const { id } = useProject();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => call(`/projects/${id}/warehouse/checks`, { method: 'POST' }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [id, 'warehouse'] }),
  });
}

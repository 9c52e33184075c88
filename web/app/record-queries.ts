/** Shapes of the records and what their page asks. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { list, type Money } from './api.ts';
import type { Command, CommandState } from './command-shapes.ts';
import type { Closing } from './opening-shapes.ts';
import { useProject } from './project.tsx';

export interface LostContact {
  id: string;
  kind: 'meter' | 'gateway';
  subjectId: string;
  name: string;
  pointCode: string | null;
  buildingCode: string | null;
  from: string;
  noticedAt: string;
  to: string | null;
  durationS: number;
  meters: number | null;
}

export interface OpenedAccount {
  id: string;
  number: string;
  name: string;
  nameZh: string | null;
  openedOn: string;
  closedOn: string | null;
  creditMode: 'platform' | 'meter';
  points: string[];
  firstSale: Money | null;
  receipt: string | null;
  deposit: Money | null;
  openedBy: string | null;
}

export interface OpenedTotals {
  count: number;
  firstSale: Money;
  deposit: Money;
}

type RecordQuery = Record<string, string | undefined>;

/** Rows of one kind of record with what the server sums up over all of them. */
function useRecords<Row, Totals>(path: string, query: RecordQuery) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'list', path, query],
    queryFn: async ({ signal }) => {
      const { data, totals, complete } = await list<Row>(`/projects/${id}${path}`, {
        query,
        signal,
      });
      return { data, totals: totals as Totals, complete }; // As the API says.
    },
    placeholderData: keepPreviousData,
  });
}

export const useLostContact = (query: RecordQuery) =>
  useRecords<LostContact, { count: number; open: number; durationS: number }>(
    '/lost-contact',
    query,
  );

export const useOpened = (query: RecordQuery) =>
  useRecords<OpenedAccount, OpenedTotals>('/accounts/opened', query);

export const useClosingRecords = (query: RecordQuery) =>
  useRecords<
    Closing,
    { count: number; waiting: number; refunded: Money; writtenOff: Money; carried: Money }
  >('/accounts/closings', query);

export const useCommandRecords = (query: RecordQuery) =>
  useRecords<Command, { count: number; states: Record<CommandState, number> }>('/commands', query);

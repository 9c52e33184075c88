/** Every question that the pages put to the API, each with its key and its rhythm. */

import { keepPreviousData, QueryCache, QueryClient, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import {
  type Account,
  type AccountDetail,
  type Alarm,
  ApiProblem,
  type Balance,
  type Building,
  type BuildingSummary,
  type Charge,
  type Commodity,
  call,
  type EnergyQuery,
  type EnergyReport,
  type Entry,
  type Gateway,
  type Installation,
  type Live,
  list,
  type Meter,
  type ProjectSettings,
  type Reading,
  type Sale,
  type Session,
  type Tariff,
  type TariffVersion,
} from './api.ts';
import { isSignedOut } from './kept.ts';
import { nameOf, useLanguage } from './language.ts';
import { useProject } from './project.tsx';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** How often live pages ask; nothing is asked while the window is hidden. */
const LIVE_MS = 5 * SECOND;
const SHELL_MS = 30 * SECOND;
const ALARMS_MS = 10 * SECOND;

/** `onSignedOut` is told when an answer says that the session has ended. */
export const makeQueryClient = (onSignedOut: () => void) =>
  new QueryClient({
    queryCache: new QueryCache({
      onError: (error, { queryKey }) => {
        const isEnded = error instanceof ApiProblem && error.status === 401;
        // The session's own question is asked by the router, which knows the way back.
        if (isEnded && queryKey[0] !== 'session') onSignedOut();
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 10 * SECOND,
        retry: (times, error) => times < 2 && error instanceof ApiProblem && error.retryable,
        refetchOnWindowFocus: true,
      },
    },
  });

export const sessionQuery = {
  queryKey: ['session'],
  queryFn: async () => {
    if (isSignedOut()) throw new ApiProblem(401, 'unauthenticated', '', '', false, null);
    return await call<Session>('/session');
  },
  staleTime: 5 * MINUTE,
  retry: false,
};

const at = (projectId: string, path: string) => `/projects/${projectId}${path}`;

/** State of every point: every five seconds on live pages, slower elsewhere. */
export function useLive(rhythm: 'live' | 'slow' = 'live') {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'live'],
    queryFn: ({ signal }) => call<Live>(at(id, '/live'), { signal }),
    refetchInterval: rhythm === 'live' ? LIVE_MS : SHELL_MS,
    staleTime: LIVE_MS,
    enabled: useIsAllowed('device.read'),
  });
}

/** A project as it stands now, amounts in its currency; null is what one may not read there. */
export interface ProjectOverview
  extends Record<
      'meters' | 'silent' | 'alarms' | 'newAlarms' | 'accounts' | 'arrears' | 'sales',
      number | null
    >,
    Record<'owed' | 'held' | 'sold', string | null> {
  projectId: string;
  name: string;
  nameZh: string | null;
  groupName: string;
  groupNameZh: string | null;
  zone: string;
  currency: string;
  balancesAt: string | null;
}

/** All projects that one may see. */
export const useOverview = () =>
  useQuery({
    queryKey: ['projects-overview'],
    queryFn: ({ signal }) => list<ProjectOverview>('/projects-overview', { signal }),
    refetchInterval: SHELL_MS,
  });

/** Defaults of the project: alarm thresholds where an account has none of its own. */
export function useProjectSettings() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'settings'],
    queryFn: ({ signal }) => call<ProjectSettings>(at(id, ''), { signal }),
    staleTime: 10 * MINUTE,
  });
}

/** Whether the session may ask this at all: what it may not see is not asked for. */
const useIsAllowed = (permission: string): boolean => useProject().permissions.includes(permission);

interface ListQuestion {
  path: string;
  permission: string;
  query?: Record<string, string | undefined>;
  everyMs?: number;
}

function useList<Row>({ path, permission, query = {}, everyMs }: ListQuestion) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'list', path, query],
    queryFn: ({ signal }) => list<Row>(at(id, path), { query, signal }),
    refetchInterval: everyMs,
    enabled: useIsAllowed(permission),
    placeholderData: keepPreviousData,
  });
}

export const useBuildings = () =>
  useList<Building>({ path: '/buildings', permission: 'project.read' });
export const useGateways = (everyMs = SHELL_MS) =>
  useList<Gateway>({ path: '/gateways', permission: 'device.read', everyMs });
export const useMeters = () =>
  useList<Meter>({ path: '/meters', permission: 'device.read', everyMs: MINUTE });
export const useInstallations = () =>
  useList<Installation>({ path: '/installations', permission: 'device.read' });
export const useAlarms = (query: Record<string, string | undefined> = { state: 'open' }) =>
  useList<Alarm>({ path: '/alarms', permission: 'alarm.read', query, everyMs: ALARMS_MS });
export const useAccounts = () =>
  useList<Account>({ path: '/accounts', permission: 'account.read', everyMs: MINUTE });

/** How the account of a row is called in the reader's language; one that is not listed, as the row says. */
export function useAccountName() {
  const language = useLanguage();
  const accounts = useAccounts().data?.data;
  const known = useMemo(() => new Map(accounts?.map((each) => [each.id, each])), [accounts]);
  return (row: { accountId: string | null; accountName: string | null }): string => {
    const account = known.get(row.accountId ?? '');
    return account ? nameOf(language, account) : (row.accountName ?? '–');
  };
}
export const useTariffs = () => useList<Tariff>({ path: '/tariffs', permission: 'tariff.read' });
export const useSales = (query: { from: string; to: string; q?: string | undefined }) =>
  useList<Sale>({ path: '/sales', permission: 'sale.read', query, everyMs: MINUTE });
export const useEntries = (accountId: string) =>
  useList<Entry>({
    path: `/accounts/${accountId}/entries`,
    permission: 'account.read',
    everyMs: MINUTE,
  });
export const useCharges = (accountId: string, query: { from: string; to: string }) =>
  useList<Charge>({
    path: `/accounts/${accountId}/charges`,
    permission: 'account.read',
    query,
    everyMs: MINUTE,
  });

export function useMeter(meterId: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'meter', meterId],
    queryFn: ({ signal }) => call<Meter>(at(id, `/meters/${meterId}`), { signal }),
    refetchInterval: LIVE_MS,
  });
}

/** The largest page of readings: a day of one-minute samples has 1,440. */
const READINGS_MAX = 5000;
/** A sample before midnight too: a register at 00:00 lies between two of them. */
const BEFORE_MS = 30 * MINUTE;

/** Samples of a day given as instants, and of the half hour before it. */
export function useReadings(meterId: string, fromMs: number, toMs: number, everyMs?: number) {
  const { id } = useProject();
  const from = new Date(fromMs - BEFORE_MS).toISOString();
  const to = new Date(toMs).toISOString();
  return useQuery({
    queryKey: [id, 'readings', meterId, from, to],
    queryFn: ({ signal }) =>
      list<Reading>(at(id, `/meters/${meterId}/readings`), {
        query: { from, to, limit: READINGS_MAX },
        signal,
      }),
    refetchInterval: everyMs,
    enabled: useIsAllowed('reading.read'),
    placeholderData: keepPreviousData,
  });
}

export function useAccount(accountId: string) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'account', accountId],
    queryFn: ({ signal }) => call<AccountDetail>(at(id, `/accounts/${accountId}`), { signal }),
  });
}

export function useBalance(accountId: string | null) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'balance', accountId],
    queryFn: ({ signal }) => call<Balance>(at(id, `/accounts/${accountId}/balance`), { signal }),
    refetchInterval: SHELL_MS,
    enabled: useIsAllowed('account.read') && !!accountId,
  });
}

/** A tariff with its versions, newest last as the API gives them. */
export function useTariff(tariffId: string | null) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'tariff', tariffId],
    queryFn: ({ signal }) =>
      call<Tariff & { versions: TariffVersion[] }>(at(id, `/tariffs/${tariffId}`), { signal }),
    enabled: !!tariffId,
    staleTime: 10 * MINUTE,
  });
}

/** A building at a glance, renewed every minute. */
export function useBuildingSummary(buildingId: string, commodity: Commodity) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'building', buildingId, commodity],
    queryFn: ({ signal }) =>
      call<BuildingSummary>(at(id, `/buildings/${buildingId}/summary`), {
        query: { commodity },
        signal,
      }),
    refetchInterval: MINUTE,
    placeholderData: keepPreviousData,
  });
}

const energyPath = (projectId: string) => at(projectId, '/reports/energy');

export function useEnergy(query: EnergyQuery, options: { everyMs?: number; on?: boolean } = {}) {
  const { id } = useProject();
  const { asKnownAt } = useSearch({ strict: false });
  return useQuery({
    queryKey: [id, 'energy', query, asKnownAt],
    queryFn: ({ signal }) =>
      call<EnergyReport>(energyPath(id), {
        query: { ...query, asKnownAt, format: 'json' },
        signal,
      }),
    refetchInterval: options.everyMs,
    enabled: useIsAllowed('report.read') && (options.on ?? true),
    placeholderData: keepPreviousData,
    staleTime: 30 * SECOND,
  });
}

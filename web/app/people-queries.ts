/** Questions and acts about people: users, roles, grants, sessions, the second factor, the system log. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useSending } from './act.ts';
import { call, list, type Page, type Query } from './api.ts';
import { useProject } from './project.tsx';

export interface Grant {
  id: string;
  userId: string;
  userName: string;
  roleId: string;
  roleCode: string;
  groupId: string | null;
  projectId: string | null;
}

export interface User {
  id: string;
  name: string;
  email: string;
  disabledAt: string | null;
  createdAt: string;
  secondFactor: boolean;
  /** How many there are now. */
  sessions: number;
  grants: Grant[];
}

export interface Role {
  id: string;
  code: string;
  name: string;
  nameZh: string | null;
  permissions: string[];
  /** It follows the program. */
  standard: boolean;
  grants: number;
}

export interface SessionRow {
  id: string;
  address: string | null;
  agent: string | null;
  startedAt: string;
  prolongedAt: string;
  expiresAt: string;
  current: boolean;
}

export interface AuditLine {
  id: string;
  at: string;
  projectId: string | null;
  actor: { kind: 'user' | 'key' | 'system'; id: string; name: string };
  action: string;
  subjectKind: string;
  subjectId: string;
  /** What it is called now. */
  subject: string | null;
  detail: Record<string, unknown>;
  traceId: string | null;
}

const PEOPLE = 'people';

const useListOf = <Row>(path: string) =>
  useQuery({
    queryKey: [PEOPLE, path],
    queryFn: ({ signal }) => list<Row>(path, { signal }),
    retry: false,
  });

export const useUsers = () => useListOf<User>('/users');
export const useRoles = () => useListOf<Role>('/roles');
export const useOwnSessions = () => useListOf<SessionRow>('/session/sessions');
export const useSessionsOf = (userId: string) => useListOf<SessionRow>(`/users/${userId}/sessions`);

export const usePermissions = () =>
  useQuery({
    queryKey: [PEOPLE, 'permissions'],
    queryFn: ({ signal }) => call<{ permissions: string[] }>('/roles/permissions', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** An act upon people: what is shown of them, and what one may do oneself, is asked for anew. */
export const usePeopleAct = <Answer = unknown>() =>
  useSending<Answer>({ base: '', stale: [[PEOPLE], ['session']] });

/** Lines of the system log of the project, or of everything, a page at a time. */
export function useSystemLog(query: Query, isOfAll: boolean) {
  const { id } = useProject();
  return useInfiniteQuery({
    queryKey: [isOfAll ? 'all' : id, 'audit', query],
    queryFn: ({ signal, pageParam }) =>
      call<Page<AuditLine>>(isOfAll ? '/audit' : `/projects/${id}/audit`, {
        query: { ...query, limit: 200, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
}

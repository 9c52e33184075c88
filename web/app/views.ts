/** Saved views: the questions about them, and where one leads. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter, useRouterState } from '@tanstack/react-router';
import { type ApiProblem, call, list, type SavedView } from './api.ts';
import { useProject } from './project.tsx';

const at = (projectId: string, rest = '') => `/projects/${projectId}/views${rest}`;
const MINUTE = 60_000;

/** One's own views and the shared ones, by name. */
export function useViews() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'views'],
    queryFn: ({ signal }) => list<SavedView>(at(id), { signal }),
    select: ({ data }) => data.toSorted((a, b) => a.name.localeCompare(b.name, ['zh', 'en'])),
    staleTime: MINUTE,
  });
}

export interface ViewContent {
  name: string;
  path: string;
  isShared: boolean;
}

/** Saves a new view, or one of one's own anew. */
export function useSaveView() {
  const { id } = useProject();
  const queries = useQueryClient();
  return useMutation<SavedView, ApiProblem, { viewId: string | undefined; body: ViewContent }>({
    mutationFn: ({ viewId, body }) =>
      viewId
        ? call<SavedView>(at(id, `/${viewId}`), { method: 'PATCH', body })
        : call<SavedView>(at(id), { method: 'POST', body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [id, 'views'] }),
  });
}

export function useRemoveView() {
  const { id } = useProject();
  const queries = useQueryClient();
  return useMutation<unknown, ApiProblem, string>({
    mutationFn: (viewId) => call(at(id, `/${viewId}`), { method: 'DELETE' }),
    onSettled: () => queries.invalidateQueries({ queryKey: [id, 'views'] }),
  });
}

/** The address on screen, below the project: what a view keeps. */
export function useHere(): string {
  const { id } = useProject();
  const href = useRouterState({ select: ({ location }) => location.href });
  const below = href.split('#')[0]?.slice(`/projects/${id}`.length) ?? '';
  return below.startsWith('/') ? below : `/${below}`;
}

/** Goes where a view leads. */
export function useOpenView(): (view: SavedView) => void {
  const { id } = useProject();
  const { history } = useRouter();
  return ({ path }) => history.push(`/projects/${id}${path === '/' ? '' : path}`);
}

/** The page that a view is of, as its translations are named: '/power-quality?by=day' → powerQuality. */
export function pageOf({ path }: Pick<SavedView, 'path'>): string {
  const first = path.split(/[/?]/)[1] || 'home';
  return first.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

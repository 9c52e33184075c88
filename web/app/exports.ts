/** Files made in the background: asked for, watched while one is being made, taken away. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ApiProblem, call, type ExportJob, type FileFormat, list } from './api.ts';
import { useProject } from './project.tsx';

/** How often is asked while something runs; nothing is asked by itself when nothing does. */
const RUNNING_MS = 2000;

export const isRunning = ({ state }: ExportJob): boolean =>
  state === 'queued' || state === 'running';

const path = (projectId: string, rest = '') => `/projects/${projectId}/exports${rest}`;

/** One's own jobs, newest first; everybody's for who may read the system log. */
export function useExports() {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'exports'],
    queryFn: ({ signal }) => list<ExportJob>(path(id), { signal }),
    refetchInterval: ({ state }) => (state.data?.data.some(isRunning) ? RUNNING_MS : false),
  });
}

/** Begins a job: `question` is what the file answers, below the project and with its query. */
export function useStartExport() {
  const { id } = useProject();
  const queries = useQueryClient();
  return useMutation<ExportJob, ApiProblem, { question: string; format: FileFormat }>({
    mutationFn: ({ question, format }) =>
      call<ExportJob>(path(id), { method: 'POST', body: { path: question, format } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [id, 'exports'] }),
  });
}

/** Cancels a job that runs; takes one that ended away together with its file. */
export function useEndExport() {
  const { id } = useProject();
  const queries = useQueryClient();
  return useMutation<unknown, ApiProblem, string>({
    mutationFn: (jobId) => call(path(id, `/${jobId}`), { method: 'DELETE' }),
    onSettled: () => queries.invalidateQueries({ queryKey: [id, 'exports'] }),
  });
}

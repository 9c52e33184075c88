/** What the pages of commands ask, quicker while something is under way. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { call, type Page } from './api.ts';
import {
  type Command,
  type CommandOffer,
  type CommandWithSteps,
  isOpen,
  type MeterSupply,
} from './command-shapes.ts';
import { useMay, useProject } from './project.tsx';

/** While a command is under way, and when all is quiet. */
const QUICK_MS = 1_000;
const QUIET_MS = 5_000;
/** Commands of a meter that its page shows; the file has them all. */
export const HISTORY_SHOWN = 20;

/** What a meter can be told, and how its supply stands. */
export function useOffers(meterId: string) {
  const { id } = useProject();
  const may = useMay();
  return useQuery({
    queryKey: [id, 'commands', 'offers', meterId],
    queryFn: ({ signal }) =>
      call<Page<CommandOffer, { supply: MeterSupply }>>(
        `/projects/${id}/meters/${meterId}/functions`,
        { signal },
      ),
    refetchInterval: QUIET_MS,
    enabled: may('command.read'),
  });
}

/** The newest commands of a meter. */
export function useCommands(meterId: string) {
  const { id } = useProject();
  const may = useMay();
  return useQuery({
    queryKey: [id, 'commands', 'of', meterId],
    queryFn: ({ signal }) =>
      call<Page<Command>>(`/projects/${id}/commands`, {
        query: { meterId, limit: HISTORY_SHOWN },
        signal,
      }),
    refetchInterval: ({ state }) => (state.data?.data.some(isOpen) ? QUICK_MS : QUIET_MS),
    placeholderData: keepPreviousData,
    enabled: may('command.read'),
  });
}

/** A command with its steps, followed until it is over. */
export function useCommand(commandId: string | null) {
  const { id } = useProject();
  return useQuery({
    queryKey: [id, 'commands', 'one', commandId],
    queryFn: ({ signal }) =>
      call<CommandWithSteps>(`/projects/${id}/commands/${commandId}`, { signal }),
    refetchInterval: ({ state }) => (!state.data || isOpen(state.data) ? QUICK_MS : QUIET_MS),
    enabled: commandId !== null,
  });
}

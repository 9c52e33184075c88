/** Shapes of batches of commands as the API tells them. */
import type { CommandFunction } from './command-shapes.ts';

export interface BatchPreview {
  function: CommandFunction;
  arguments: object;
  /** To be sent with the batch: it holds what is shown. */
  digest: string;
  lifeS: number;
  counts: { total: number; asked: number; leftOut: number; unchanged: number; silent: number };
  data: PreviewedMeter[];
}

export interface PreviewedMeter {
  meterId: string;
  serial: string;
  pointCode: string | null;
  accountName: string | null;
  silent: boolean;
  supply: 'on' | 'off' | null;
  supplyAfter: 'on' | 'off' | null;
  obstacle: string | null;
}

type BatchState = 'canary' | 'ready' | 'running' | 'stopped' | 'done';
export const batchMeterStates = [
  ...(['confirmed', 'unknown', 'refused', 'expired', 'sent', 'requested'] as const),
  ...(['waiting', 'withdrawn', 'left-out'] as const),
] as const;
type BatchMeterState = (typeof batchMeterStates)[number];

interface BatchCounts {
  total: number;
  leftOut: number;
  waiting: number;
  requested: number;
  sent: number;
  confirmed: number;
  refused: number;
  expired: number;
  unknown: number;
  withdrawn: number;
}

export interface Batch {
  id: string;
  function: CommandFunction;
  arguments: Record<string, unknown>;
  reason: string;
  requestedBy: string;
  requestedAt: string;
  state: BatchState;
  /** By itself, when its canary is confirmed. */
  goesOn: boolean;
  canary: number;
  counts: BatchCounts;
  acts: {
    act: 'continue' | 'stop' | 'retry';
    reason: string;
    by: string;
    meters: number;
    at: string;
  }[];
}

export interface BatchMeter {
  place: number;
  meterId: string;
  serial: string;
  pointCode: string | null;
  isCanary: boolean;
  state: BatchMeterState;
  outcome: string | null;
  commandId: string | null;
  tries: number;
  sentAt: string | null;
  resolvedAt: string | null;
  after: Record<string, unknown> | null;
}

/** How many of a state there are. */
export const countOf = (counts: BatchCounts, state: BatchMeterState): number =>
  state === 'left-out' ? counts.leftOut : counts[state];

/** Whether it is not over: something is on its way, or a person's word is waited for. */
export const isOpen = ({ state }: Pick<Batch, 'state'>): boolean =>
  state === 'canary' || state === 'running' || state === 'ready';

/** Whether anything of it is still on its way. */
export const isGoing = ({ state }: Pick<Batch, 'state'>): boolean =>
  state === 'canary' || state === 'running';

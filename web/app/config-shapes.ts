/** Shapes of configuration: points, lines and their time, test-reads, imports. Held against the routes by a test. */
import type { Commodity, PointRole } from './api.ts';
import type { CommandFunction } from './command-shapes.ts';

export const pointClasses = ['business', 'home', 'protected', 'internal', 'metering-only'] as const;
export const restoreModes = ['armed', 'automatic', 'confirmed'] as const;
export const pointRoles = ['unit', 'building-main', 'park-main'] as const;

export interface Point {
  id: string;
  code: string;
  name: string;
  nameZh: string | null;
  commodity: Commodity;
  class: (typeof pointClasses)[number];
  role: PointRole;
  buildingId: string | null;
  floorId: string | null;
  roomId: string | null;
  parentId: string | null;
  overloadW: number | null;
  restoreMode: (typeof restoreModes)[number];
  lockOut: LockOut | null;
  retired: boolean;
}

/** While it hangs there, nothing restores the supply. */
export interface LockOut {
  by: string;
  why: string;
  tag: string;
  at: string;
}

export interface SerialLine {
  baud: number;
  parity: 'none' | 'even' | 'odd';
  stopBits: 1 | 2;
}

/** Time of the line that readings need, of each minute. */
export interface BusBudget {
  baud: number;
  /** Nobody has said how the line is set. */
  assumed: boolean;
  busyMsPerMinute: number;
  limitMsPerMinute: number;
  fits: boolean;
}

export interface MeterModel {
  name: string;
  commodity: Commodity;
  simulated: boolean;
}

/** What meters of a model can be told, and on whose word. */
export interface ModelAbility {
  model: string;
  simulated: boolean;
  function: CommandFunction | 'recharge';
  state: 'verified' | 'enabled' | 'not-enabled';
  meters: number;
  decision: Pick<ModelDecision, 'enabled' | 'source' | 'decidedBy' | 'at'> | null;
}

export interface ModelDecision {
  id: string;
  model: string;
  function: CommandFunction | 'recharge';
  enabled: boolean;
  /** Who or what says that it works on this model. */
  source: string;
  decidedBy: string;
  at: string;
}

export interface TestRead {
  outcome: 'read' | 'failed' | 'unanswered';
  why: string | null;
  durationMs: number | null;
  registers: { address: number; words: string }[];
  channels: Record<string, number>;
  quality: string | null;
  clockOffsetMs: number | null;
  number: string | null;
  enteredAs: { meterId: string; serial: string } | null;
}

export const importFates = ['create', 'change', 'same', 'error'] as const;
export type ImportFate = (typeof importFates)[number];

export interface ImportPreviewRow {
  row: number;
  fate: ImportFate;
  place: string | null;
  point: string | null;
  serial: string | null;
  acts: { act: 'create' | 'change'; kind: string; name: string }[];
  faults: {
    column: string;
    code: string;
    message: string;
    parameters: { value: string; other: string };
  }[];
}

export interface ImportPreview {
  name: string;
  sha256: string;
  digest: string;
  counts: Record<ImportFate, number>;
  rows: ImportPreviewRow[];
}

/** What an import comes to: what becomes of a row, what is wrong with it, and what there is to do for it. */
import type { SerialLine } from './bus-budget.ts';
import type { CellFault } from './import-columns.ts';

export const importFates = ['create', 'same', 'change', 'error'] as const;
export type ImportFate = (typeof importFates)[number];

/** One thing to enter or to change; places and lines are named, ids are found when it is done. */
export type ImportAct =
  | { act: 'create'; kind: 'building'; code: string; name: string }
  | { act: 'create'; kind: 'floor'; building: string; level: number; name: string }
  | { act: 'create'; kind: 'room'; building: string; level: number; code: string }
  | { act: 'create'; kind: 'gateway'; name: string; building: string | null }
  | {
      act: 'create';
      kind: 'bus';
      gateway: string;
      name: string;
      framing: 'tcp' | 'rtu-over-tcp';
      host: string;
      port: number;
      line: SerialLine | null;
    }
  | { act: 'create'; kind: 'point'; code: string; to: PointValues }
  | { act: 'change'; kind: 'point'; code: string; from: PointValues; to: PointValues }
  | { act: 'create'; kind: 'meter'; serial: string; to: MeterValues }
  | { act: 'change'; kind: 'meter'; serial: string; from: MeterValues; to: MeterValues }
  | {
      act: 'create';
      kind: 'installation';
      serial: string;
      point: string;
      ct: number;
      pt: number;
      firstRegister: number | null;
      /** Null: when it is imported. */
      fromMs: number | null;
    };

export interface PointValues {
  name: string;
  commodity: 'electricity' | 'water';
  class: string;
  role: string;
  building: string | null;
  floor: number | null;
  room: string | null;
  overloadW: number | null;
}
export interface MeterValues {
  model: string;
  /** Key of gateway and bus. */
  bus: string | null;
  unit: number | null;
  /** Null: as the project's default. */
  pollSeconds: number | null;
}

export interface PlannedRow {
  row: number;
  fate: ImportFate;
  acts: ImportAct[];
  faults: CellFault[];
  /** What the row is about, as it stands there. */
  point: string | null;
  serial: string | null;
  place: string | null;
}

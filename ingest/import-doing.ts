/** What each step of an import takes: the acts of one kind, the ids that come to be, who is refused, the log. */
import { recordAll } from '../sql/audit.ts';
import type { Tx } from '../sql/postgres.ts';
import { Problem } from '../sql/problem.ts';
import type { ImportAct, PlannedRow } from './import-acts.ts';
import type { ImportState } from './import-state.ts';
import type { Acting, Refuse } from './rows.ts';

/** An import that is being done; `state` gets its ids on the way. */
export interface Doing {
  tx: Tx;
  acting: Acting;
  state: ImportState;
  rows: readonly PlannedRow[];
  at: Date;
}

type Kind = ImportAct['kind'];
type Verb = ImportAct['act'];
type ActOf<V extends Verb, K extends Kind> = Extract<ImportAct, { act: V; kind: K }>;

/** The acts of a kind in the order of their rows. */
export function actsOf<V extends Verb, K extends Kind>(
  rows: readonly PlannedRow[],
  verb: V,
  kind: K,
): { row: number; act: ActOf<V, K> }[] {
  const isOne = (act: ImportAct): act is ActOf<V, K> => act.act === verb && act.kind === kind;
  return rows.flatMap(({ row, acts }) => acts.filter(isOne).map((act) => ({ row, act })));
}

/** Who names the row of what is refused. */
export const refusing =
  (all: readonly { row: number }[]): Refuse =>
  (nth, cause) => {
    const row = all[nth]?.row ?? 0;
    const fault = { at: `row/${row}`, message: cause.detail, code: cause.code };
    const detail = `Row ${row}: ${cause.detail}`;
    throw new Problem('import-refused', detail, { faults: [fault], cause });
  };

/** Lines of the system log, one a thing. */
export const log = (
  { tx, acting }: Doing,
  subjectKind: Kind,
  verb: 'created' | 'changed',
  all: readonly { id: string; detail: object }[],
): Promise<void> =>
  recordAll(
    tx,
    all.map(({ id, detail }) => ({
      ...{ ...acting, action: `${subjectKind}.${verb}`, subjectKind, subjectId: id },
      detail: { ...detail, by: 'import' },
    })),
  );

/** Everything that a plan names is there by then. */
export function idOf(known: { id: string | null } | undefined): string {
  if (!known?.id) throw new Error('an import names what is not there');
  return known.id;
}

/** What the plan has named gets the id that it was made with. */
export function giveOne(known: { id: string | null } | undefined, id: string): void {
  if (!known || known.id !== null) throw new Error('an import made what it did not plan');
  known.id = id;
}

/** The same for many, in their order. */
export const give = (
  ids: readonly string[],
  knownOf: (nth: number) => { id: string | null } | undefined,
): void => {
  for (const [nth, id] of ids.entries()) giveOne(knownOf(nth), id);
};

/**
 * What becomes of each row of an import, and what there is to do for it: worked out of what the project has and
 * of the rows before it, without writing anything. A row says what shall be there; what is already there as
 * said is left alone, and nothing of a row that has a fault is counted on by the rows after it.
 */
import type { ImportAct, ImportFate, PlannedRow } from './import-acts.ts';
import { type CellFault, readCells } from './import-columns.ts';
import { planInstallation, planMeter, planPoint } from './import-devices.ts';
import type { ImportRow } from './import-file.ts';
import { planLine, planPlace } from './import-places.ts';
import { RowPlan } from './import-row.ts';
import type { ImportState } from './import-state.ts';

/** Plans all rows in order. `state` is changed: afterwards it is what it will be. */
export function planImport(state: ImportState, rows: readonly ImportRow[]): PlannedRow[] {
  const seen = { points: new Map<string, number>(), serials: new Map<string, number>() };
  return rows.map(({ row, cells }) => {
    const { values, faults } = readCells(cells);
    const plan = new RowPlan(state, values, faults);
    for (const column of ['point', 'serial'] as const) {
      const name = values[column];
      const at = seen[column === 'point' ? 'points' : 'serials'];
      const earlier = name === undefined ? undefined : at.get(name);
      if (name === undefined) continue;
      if (earlier === undefined) at.set(name, row);
      else plan.fault(column, 'taken', name, `row ${earlier}`);
    }
    work(plan);
    const acts = plan.faults.length > 0 ? [] : plan.acts;
    if (plan.faults.length === 0) for (const take of plan.takes) take();
    return {
      row,
      fate: fateOf(acts, plan.faults),
      acts,
      faults: plan.faults,
      point: cells.point || null,
      serial: cells.serial || null,
      place: [cells.building, cells.floor, cells.room].filter(Boolean).join(' · ') || null,
    };
  });
}

/** What a row comes to: its place, its line, its point, its meter, and the one standing at the other. */
function work(plan: RowPlan): void {
  const { building, gateway, point, serial } = plan.values;
  if (building === undefined && gateway === undefined && !point && !serial) {
    if (plan.faults.length === 0)
      plan.fault('point', 'needed', '', 'building, gateway, point or serial');
    return;
  }
  planPlace(plan);
  planLine(plan);
  planPoint(plan);
  planMeter(plan);
  planInstallation(plan);
}

function fateOf(acts: readonly ImportAct[], faults: readonly CellFault[]): ImportFate {
  if (faults.length > 0) return 'error';
  if (acts.length === 0) return 'same';
  return acts.some(({ act }) => act === 'create') ? 'create' : 'change';
}

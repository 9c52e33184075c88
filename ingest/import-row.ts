/** One row of an import on its way: what it asks for is gathered, and taken over only when nothing is wrong with it. */
import type { ImportAct } from './import-acts.ts';
import type { CellFault, ImportColumn, ImportValues } from './import-columns.ts';
import type { ImportState } from './import-state.ts';

const sentences: Record<CellFault['code'], (p: { value: string; other: string }) => string> = {
  needed: ({ other }) => `is needed: ${other}`,
  'not-valid': ({ value, other }) => `“${value}”: ${other}`,
  taken: ({ value, other }) => `${value} is taken by ${other}`,
  differs: ({ value, other }) => `${value} differs from ${other}, which an import does not change`,
  retired: ({ value }) => `${value} is retired`,
  'other-building': ({ value, other }) => `${value}: the rest of the place is missing (${other})`,
  full: ({ other }) => `the bus has ${other} meters already`,
  overloaded: ({ value, other }) =>
    `the line would be busy ${value} % of the time, ${other} % can be used`,
  commodity: ({ value, other }) => `a meter ${value} cannot stand at a point for ${other}`,
};

export class RowPlan {
  readonly acts: ImportAct[] = [];
  /** What is then as the row says, for the rows after it. */
  readonly takes: (() => void)[] = [];
  constructor(
    readonly state: ImportState,
    readonly values: ImportValues,
    readonly faults: CellFault[],
  ) {}

  /** The first of these columns in which the row says something. */
  said(...columns: readonly ImportColumn[]): ImportColumn | undefined {
    return columns.find((column) => this.values[column] !== undefined);
  }

  fault(column: ImportColumn, code: CellFault['code'], value: string | number, other = ''): void {
    // What is wrong is not missing, too.
    if (code === 'needed' && this.faults.some((fault) => fault.column === column)) return;
    const parameters = { value: String(value), other };
    const message = `${column} ${sentences[code](parameters)}`;
    this.faults.push({ column, code, message, parameters });
  }
}

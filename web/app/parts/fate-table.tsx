/** The rows of a file before they are entered, each with its fate, and the choice of one fate. */
import { useState } from 'react';
import { Segmented } from './segmented.tsx';
import { Table } from './table.tsx';
import type { Column } from './table-model.ts';

interface Fated<Fate extends string> {
  /** Its number in the file. */
  row: number;
  fate: Fate;
}

interface FateTableProps<Fate extends string, Row extends Fated<Fate>> {
  /** As a table has it. */
  name: string;
  label: string;
  /** What is chosen by a fate, in words. */
  choice: string;
  title: (shown: number) => string;
  rows: readonly Row[];
  /** How many rows have each fate, in the order they are offered; those without rows are not. */
  counts: readonly (readonly [fate: Fate, rows: number])[];
  /** What a fate is called, and what all of them are. */
  word: (fate: Fate | 'all') => string;
  columns: (rows: readonly Row[]) => readonly Column<Row>[];
}

export function FateTable<Fate extends string, Row extends Fated<Fate>>({
  name,
  label,
  choice,
  title,
  rows,
  counts,
  word,
  columns,
}: FateTableProps<Fate, Row>) {
  const [fate, setFate] = useState<Fate | 'all'>('all');
  const [sort, setSort] = useState<string>();
  const shown = fate === 'all' ? rows : rows.filter((row) => row.fate === fate);
  const offered = counts.filter(([, count]) => count > 0);
  return (
    <Table
      name={name}
      label={label}
      title={title(shown.length)}
      beside={
        <Segmented
          label={choice}
          value={fate}
          onChange={setFate}
          choices={[
            { value: 'all' as const, label: `${word('all')} ${rows.length}` },
            ...offered.map(([value, count]) => ({ value, label: `${word(value)} ${count}` })),
          ]}
        />
      }
      columns={columns(shown)}
      rows={shown}
      rowKey={({ row }) => String(row)}
      sort={sort}
      onSort={setSort}
      empty={null}
    />
  );
}

/** The one table: sticky head and totals, virtual rows, columns as one likes, selection, copy, export, keyboard. A list on a phone. */
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useIsPhone } from '../phone.ts';
import { useIsPrinting } from '../print.ts';
import { ExportMenu, type ExportQuestion } from './export-menu.tsx';
import { Icon } from './icons.tsx';
import { Skeleton, Waiting } from './notice.tsx';
import { TableColumns } from './table-columns.tsx';
import { TableGrid } from './table-grid.tsx';
import { useLayout } from './table-layout.ts';
import { TableList } from './table-list.tsx';
import { asText, type Column, nextSort, parseSort, sorted } from './table-model.ts';
import { TablePrint } from './table-print.tsx';
import './table.css';

const COPIED_MS = 1500;

export interface TableProps<Row> {
  /** Its name in files and in what is kept on this device. */
  name: string;
  label: string;
  title?: React.ReactNode;
  /** Beside the title: the unit of the whole table, filters. */
  beside?: React.ReactNode;
  columns: readonly Column<Row>[];
  rows: readonly Row[] | undefined;
  rowKey: (row: Row) => string;
  sort?: string;
  onSort?: (sort: string | undefined) => void;
  onOpen?: (row: Row) => void;
  /** The row that is opened in place, and what is said there. */
  openKey?: string | undefined;
  detail?: (row: Row) => React.ReactNode;
  rowClass?: (row: Row) => string;
  /** Rows below a row while it is opened; sorted among themselves. */
  under?: (row: Row) => readonly Row[] | undefined;
  /** False where the sums do not foot: then the total bears no double rule. */
  foots?: boolean;
  empty: React.ReactNode;
  /** What is waited for, in words. */
  waitingFor?: string;
  foot?: React.ReactNode;
  /** False when a bound cut the rows: it is said, never silent. */
  complete?: boolean;
  /** The same list as a file from the server: all of its rows, not only those that were loaded. */
  file?: ExportQuestion & { rows: number | null; note?: string | undefined };
  /** Short tables grow with the page; long ones scroll inside. */
  height?: number;
}

export function Table<Row>(props: TableProps<Row>) {
  const { name, columns, rows, sort: sortText, complete = true } = props;
  const { t } = useTranslation();
  const phone = useIsPhone();
  const printing = useIsPrinting();
  const layout = useLayout(name, columns);
  const { shown } = layout;
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const { under } = props;
  const ordered = useMemo(() => {
    const sort = parseSort(sortText);
    if (!rows) return undefined;
    const outer = sorted(rows, columns, sort);
    if (!under) return outer;
    return outer.flatMap((row) => [row, ...sorted(under(row) ?? [], columns, sort)]);
  }, [rows, columns, sortText, under]);
  const onSort = (key: string) => props.onSort?.(nextSort(parseSort(sortText), key));
  // What a filter took away is not selected any more, whatever was.
  const picked = ordered?.filter((row) => selected.has(props.rowKey(row))) ?? [];
  const copied = picked.length ? picked : (ordered ?? []);
  const copy = () => navigator.clipboard.writeText(asText(copied, shown));
  return (
    <section className="panel" aria-label={props.label}>
      <div className="panel-head">
        {props.title && <h2>{props.title}</h2>}
        {props.beside}
        <span className="rest table-acts">
          {copied.length > 0 && <CopyButton count={copied.length} copy={copy} />}
          {props.file && <ExportMenu small {...props.file} />}
          {!phone && columns.length > 4 && <TableColumns layout={layout} />}
        </span>
      </div>
      {ordered && !ordered.length ? (
        props.empty
      ) : printing && ordered ? (
        <TablePrint {...props} columns={shown} rows={ordered} />
      ) : phone ? (
        <TableList {...props} columns={shown} rows={ordered} />
      ) : (
        <TableGrid
          {...props}
          columns={shown}
          rows={ordered}
          onSort={onSort}
          layout={layout}
          selected={selected}
          onSelect={select}
          onCopy={() => void copy()}
        />
      )}
      {!ordered && <Waiting what={props.waitingFor ?? props.label} />}
      <div className="panel-foot">
        <span>
          {!rows ? (
            <Skeleton width={120} />
          ) : picked.length ? (
            t('table.selected', { count: picked.length, all: rows.length })
          ) : complete ? (
            t('table.complete', { count: rows.length })
          ) : (
            <span className="old">{t('table.cut', { count: rows.length })}</span>
          )}
        </span>
        {props.foot && <span>{props.foot}</span>}
      </div>
    </section>
  );
}

function CopyButton({ count, copy }: { count: number; copy: () => Promise<void> }) {
  const { t } = useTranslation();
  const [done, setDone] = useState(false);
  return (
    <button
      type="button"
      className="button small plain icon"
      title={t('act.copyRows', { count })}
      aria-label={t('act.copyRows', { count })}
      onClick={() =>
        void copy().then(() => {
          setDone(true);
          setTimeout(() => setDone(false), COPIED_MS);
        })
      }
    >
      <Icon name={done ? 'check' : 'copy'} size={14} />
    </button>
  );
}

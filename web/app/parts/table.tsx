/** The one table: sticky head and totals, virtual rows, column choice, copy, export, keyboard. A list on a phone. */
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keep, kept } from '../kept.ts';
import { useIsPhone } from '../phone.ts';
import { ExportMenu, type ExportQuestion } from './export-menu.tsx';
import { Icon } from './icons.tsx';
import { Skeleton, Waiting } from './notice.tsx';
import { TableColumns } from './table-columns.tsx';
import { TableGrid } from './table-grid.tsx';
import { TableList } from './table-list.tsx';
import { asText, type Column, nextSort, parseSort, sorted } from './table-model.ts';
import './table.css';

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
  const [chosen, choose] = useColumns(name, columns);
  const shown = columns.filter(({ key }) => chosen.has(key));
  const { under } = props;
  const ordered = useMemo(() => {
    const sort = parseSort(sortText);
    if (!rows) return undefined;
    const outer = sorted(rows, columns, sort);
    if (!under) return outer;
    return outer.flatMap((row) => [row, ...sorted(under(row) ?? [], columns, sort)]);
  }, [rows, columns, sortText, under]);
  const onSort = (key: string) => props.onSort?.(nextSort(parseSort(sortText), key));
  return (
    <section className="panel" aria-label={props.label}>
      <div className="panel-head">
        {props.title && <h2>{props.title}</h2>}
        {props.beside}
        <span className="rest table-acts">
          {ordered && ordered.length > 0 && <CopyButton rows={ordered} columns={shown} />}
          {props.file && <ExportMenu small {...props.file} />}
          {!phone && columns.length > 4 && (
            <TableColumns columns={columns} chosen={chosen} choose={choose} />
          )}
        </span>
      </div>
      {ordered && !ordered.length ? (
        props.empty
      ) : phone ? (
        <TableList {...props} columns={shown} rows={ordered} />
      ) : (
        <TableGrid {...props} columns={shown} rows={ordered} onSort={onSort} />
      )}
      {!ordered && <Waiting what={props.waitingFor ?? props.label} />}
      <div className="panel-foot">
        <span>
          {!rows ? (
            <Skeleton width={120} />
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

/** Which columns are shown, kept on this device by the table's name. */
function useColumns<Row>(name: string, columns: readonly Column<Row>[]) {
  const storeKey = `wattledger.columns.${name}`;
  const [hiddenOrShown, setChoice] = useState<Record<string, boolean>>(() => readChoice(storeKey));
  const chosen = new Set(
    columns.filter(({ key, optional }) => hiddenOrShown[key] ?? !optional).map(({ key }) => key),
  );
  const choose = (key: string, isShown: boolean) => {
    const next = { ...hiddenOrShown, [key]: isShown };
    setChoice(next);
    keep(storeKey, JSON.stringify(next));
  };
  return [chosen, choose] as const;
}

function readChoice(key: string): Record<string, boolean> {
  try {
    const value: unknown = JSON.parse(kept(key) ?? '{}');
    return value && typeof value === 'object' ? (value as Record<string, boolean>) : {}; // Written by us above.
  } catch {
    return {};
  }
}

function CopyButton<Row>({
  rows,
  columns,
}: {
  rows: readonly Row[];
  columns: readonly Column<Row>[];
}) {
  const { t } = useTranslation();
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(asText(rows, columns));
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <button
      type="button"
      className="button small plain icon"
      title={t('act.copyRows', { count: rows.length })}
      aria-label={t('act.copyRows', { count: rows.length })}
      onClick={() => void copy()}
    >
      <Icon name={done ? 'check' : 'copy'} size={14} />
    </button>
  );
}

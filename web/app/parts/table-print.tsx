/** The table on paper: every row of it, its head on every page, its total at the end. */
import { useTranslation } from 'react-i18next';
import { number } from '../format.ts';
import type { Column } from './table-model.ts';

/** More rows than this are no paper any more: a file takes them, and the paper says so. */
const PRINT_ROWS_MAX = 5000;

export function TablePrint<Row>({
  columns,
  rows,
  rowKey,
  rowClass,
  foots = true,
}: {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  rowClass?: ((row: Row) => string) | undefined;
  foots?: boolean | undefined;
}) {
  const { t } = useTranslation();
  const shown = rows.slice(0, PRINT_ROWS_MAX);
  return (
    <>
      <table className="print-table">
        <thead>
          <tr>
            {columns.map(({ key, title, unit, align, mark }) => (
              <th key={key} scope="col" className={align ?? 'left'}>
                {mark} {title} {unit && <span className="unit">{unit}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={rowKey(row)} className={rowClass?.(row)}>
              {columns.map(({ key, align, cell }) => (
                <td key={key} className={align ?? 'left'}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {columns.some(({ total }) => total) && shown.length === rows.length && (
            <tr className={foots ? 'print-total' : 'print-total open'}>
              {columns.map(({ key, align, total }) => (
                <td key={key} className={align ?? 'left'}>
                  {total?.cell}
                </td>
              ))}
            </tr>
          )}
        </tbody>
      </table>
      {shown.length < rows.length && (
        <p className="print-cut">
          {t('print.cut', { shown: number(shown.length), all: number(rows.length) })}
        </p>
      )}
    </>
  );
}

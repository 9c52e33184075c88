/** The one chart wrapper: owns the life of the drawing, its size, colours, table view and keys. */
import type { ECharts, EChartsCoreOption } from 'echarts/core';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useIsPrinting } from '../print.ts';
import { useTheme } from '../theme.ts';
import { Icon } from './icons.tsx';
import { type Palette, readPalette } from './palette.ts';
import './chart.css';

export interface ChartTable {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

export function Chart({
  option,
  height,
  label,
  summary,
  table,
  points = 0,
  cursorSeries = 0,
  onSelect,
  under,
  empty,
  acts,
}: {
  /** Builds the drawing from the palette of the theme; keep it stable with useCallback. */
  option: (palette: Palette) => EChartsCoreOption;
  height: number;
  label: string;
  /** The drawing in a sentence, for those who do not see it. */
  summary: string;
  table: ChartTable;
  /** Positions the cursor can take with the arrow keys, on which series. */
  points?: number;
  cursorSeries?: number;
  onSelect?: (index: number) => void;
  /** Under the drawing, as the period ribbon. */
  under?: React.ReactNode;
  /** Said over the axes where there is nothing to draw. */
  empty?: string | false | undefined;
  acts?: React.ReactNode;
}) {
  const { t } = useTranslation();
  const theme = useTheme();
  const printing = useIsPrinting();
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const latest = useRef(option);
  const [asTable, setAsTable] = useState(false);
  const cursor = useRef(-1);
  latest.current = option;

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn once; changes are applied below.
  useEffect(() => {
    const element = holder.current;
    if (!element || asTable) return;
    let gone = false;
    const observer = new ResizeObserver(() => chart.current?.resize());
    void import('./echarts.ts').then(({ init }) => {
      if (gone) return;
      chart.current = init(element);
      chart.current.setOption(latest.current(readPalette()));
      chart.current.on('click', ({ dataIndex }) => onSelect?.(Number(dataIndex)));
      observer.observe(element);
    });
    return () => {
      gone = true;
      observer.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, [asTable]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes what the palette reads.
  useLayoutEffect(() => {
    chart.current?.setOption(option(readPalette()), { notMerge: true });
    // Paper is laid out at once: a drawing that waits for the next frame would miss it.
    if (printing) chart.current?.getZr().flush();
  }, [option, theme, printing]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const move = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (!move || !points) return;
    event.preventDefault();
    cursor.current = Math.min(points - 1, Math.max(0, cursor.current + move));
    chart.current?.dispatchAction({
      type: 'showTip',
      seriesIndex: cursorSeries,
      dataIndex: cursor.current,
    });
  };

  return (
    <figure className="chart">
      <div className="chart-acts">
        {acts}
        <button
          type="button"
          className="button small plain icon"
          aria-pressed={asTable}
          aria-label={asTable ? t('chart.asChart') : t('chart.asTable')}
          title={asTable ? t('chart.asChart') : t('chart.asTable')}
          onClick={() => setAsTable(!asTable)}
        >
          <Icon name={asTable ? 'chart' : 'table'} size={14} />
        </button>
      </div>
      {asTable ? (
        <div className="chart-table" style={{ maxHeight: height + 20 }}>
          <TableView label={label} {...table} />
        </div>
      ) : (
        <>
          <div
            ref={holder}
            // Axes without anything in them would only be cut off.
            style={{ height, opacity: empty ? 0 : undefined }}
            role="img"
            aria-label={`${label}${t('mark.end')}${t('mark.between')}${summary}`}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the cursor.
            tabIndex={0}
            onKeyDown={onKeyDown}
          />
          {empty && <p className="chart-empty second">{empty}</p>}
          {under}
        </>
      )}
      <figcaption className="hidden-text">{summary}</figcaption>
    </figure>
  );
}

function TableView({ label, columns, rows }: ChartTable & { label: string }) {
  return (
    <table className="small-table">
      <caption className="hidden-text">{label}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row[0]}>
            {row.map((cell, index) => (
              <td key={columns[index]}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

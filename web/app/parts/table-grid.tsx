// biome-ignore-all lint/a11y/useSemanticElements: rows that are drawn only where they are seen cannot be a table.
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid takes the focus and moves through its rows.
/** The table on a wide screen: a grid whose rows are drawn only where they are seen. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { Skeleton } from './notice.tsx';
import type { TableProps } from './table.tsx';
import { TableHead } from './table-head.tsx';
import type { TableLayout } from './table-layout.ts';
import type { Column } from './table-model.ts';

const ROW_PX = 29;
const WAITING_ROWS = 8;
/** Beyond this many columns they stand closer. */
const DENSE_COLUMNS = 8;
/** Beyond this many rows a table scrolls inside itself. */
const INNER_SCROLL_ROWS = 28;

/** Widths of signs in the table's type, px: figures are all as wide as one another. */
const FIGURE_PX = 7.8;
const SIGN_PX = 3.7;

/** The width of a column, and at least that of its total: sums are longer than what they add up. */
function fitting<Row>({ width, align, total }: Column<Row>): string {
  const text = align === 'right' && typeof total?.cell === 'string' ? total.cell : '';
  const least = [...text].reduce((px, sign) => px + (/[.,]/.test(sign) ? SIGN_PX : FIGURE_PX), 0);
  return width.replace(/^minmax\((\d+)px/, (_, px) => `minmax(${Math.max(px, Math.ceil(least))}px`);
}

export function TableGrid<Row>({
  columns,
  rows,
  rowKey,
  label,
  sort,
  onSort,
  onOpen,
  openKey,
  detail,
  rowClass,
  foots = true,
  height,
  layout,
  selected,
  onSelect,
  onCopy,
}: Omit<TableProps<Row>, 'onSort'> & {
  onSort: (key: string) => void;
  layout: TableLayout<Row>;
  selected: ReadonlySet<string>;
  onSelect: (keys: ReadonlySet<string>) => void;
  onCopy: () => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(-1);
  const count = rows?.length ?? 0;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => (rows?.[index] ? rowKey(rows[index]) : index),
    overscan: 12,
  });
  const template = columns.map(fitting).join(' ');
  const isDense = columns.length > DENSE_COLUMNS;
  const hasTotal = columns.some(({ total }) => total);
  useEffect(() => {
    if (active >= count) setActive(count - 1);
  }, [active, count]);

  const selectRange = (from: number, to: number) => {
    const [low, high] = from < to ? [from, to] : [to, from];
    onSelect(new Set([...selected, ...(rows?.slice(low, high + 1).map(rowKey) ?? [])]));
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget || !rows) return;
    if ((event.metaKey || event.ctrlKey) && event.key === 'c' && !getSelection()?.toString()) {
      onCopy();
      return;
    }
    if (event.key === ' ' || (event.key === 'Escape' && selected.size)) event.preventDefault();
    if (event.key === ' ' && rows[active]) onSelect(toggled(selected, rowKey(rows[active])));
    if (event.key === 'Escape' && selected.size) onSelect(new Set());
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 2);
    const to = target(event.key, active, count, page);
    if (to !== null) {
      event.preventDefault();
      if (event.shiftKey) selectRange(active < 0 ? to : active, to);
      setActive(to);
      virtual.scrollToIndex(to);
    }
    const row = rows[active];
    if (event.key === 'Enter' && row) onOpen?.(row);
  };

  return (
    <div
      ref={scroller}
      className={isDense ? 'table dense' : 'table'}
      role="grid"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-multiselectable
      aria-activedescendant={active >= 0 ? `row-${active}` : undefined}
      tabIndex={0}
      style={{
        maxHeight:
          height ?? (count > INNER_SCROLL_ROWS ? 'max(420px, calc(100dvh - 316px))' : undefined),
      }}
      onKeyDown={onKeyDown}
    >
      <div className="table-inner">
        <TableHead
          columns={columns}
          template={template}
          sort={sort}
          onSort={onSort}
          layout={layout}
        />
        {!rows && <WaitingRows columns={columns} template={template} />}
        <div className="table-rows" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows?.[item.index];
            if (!row) return null;
            const isOpen = openKey !== undefined && rowKey(row) === openKey;
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className="table-slot"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {/* biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys. */}
                <div
                  id={`row-${item.index}`}
                  role="row"
                  tabIndex={-1}
                  aria-rowindex={item.index + 2}
                  aria-selected={isOpen || selected.has(rowKey(row)) || undefined}
                  className={`table-row${onOpen ? ' opens' : ''}${item.index === active ? ' active' : ''} ${rowClass?.(row) ?? ''}`}
                  style={{ gridTemplateColumns: template }}
                  onClick={(event) => {
                    if (isOwnControl(event)) return;
                    setActive(item.index);
                    if (event.ctrlKey || event.metaKey) {
                      onSelect(toggled(selected, rowKey(row)));
                      return;
                    }
                    if (event.shiftKey) {
                      getSelection()?.removeAllRanges();
                      selectRange(Math.max(0, active), item.index);
                      return;
                    }
                    onOpen?.(row);
                  }}
                >
                  {columns.map((column) => (
                    <div
                      key={column.key}
                      role="gridcell"
                      className={`cell ${column.align ?? 'left'}`}
                    >
                      {column.cell(row)}
                    </div>
                  ))}
                </div>
                {isOpen && detail && <div className="table-detail">{detail(row)}</div>}
              </div>
            );
          })}
        </div>
        {hasTotal && rows && (
          <div
            role="row"
            className={foots ? 'table-total' : 'table-total open'}
            style={{ gridTemplateColumns: template }}
          >
            {columns.map((column) => (
              <div key={column.key} role="gridcell" className={`cell ${column.align ?? 'left'}`}>
                {column.total?.cell}
              </div>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}

function WaitingRows<Row>({
  columns,
  template,
}: {
  columns: readonly Column<Row>[];
  template: string;
}) {
  return Array.from({ length: WAITING_ROWS }, (_, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: rows without content have nothing else.
    <div key={index} className="table-row" style={{ gridTemplateColumns: template }} aria-hidden>
      {columns.map(({ key, align }) => (
        <div key={key} className={`cell ${align ?? 'left'}`}>
          <Skeleton width={`${45 + ((index * 17) % 35)}%`} />
        </div>
      ))}
    </div>
  ));
}

function toggled(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(keys);
  if (!next.delete(key)) next.add(key);
  return next;
}

function target(key: string, active: number, count: number, page: number): number | null {
  const to = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + page,
    PageUp: active - page,
    Home: 0,
    End: count - 1,
  }[key];
  return to === undefined || !count ? null : Math.min(count - 1, Math.max(0, to));
}

/** A link or button inside a row acts for itself. */
const isOwnControl = (event: React.MouseEvent): boolean =>
  event.target instanceof Element && !!event.target.closest('a, button, input, label');

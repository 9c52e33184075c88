/** The table on a phone: every row a card of label and figure, the page scrolls. */
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState } from 'react';
import { Skeleton } from './notice.tsx';
import type { TableProps } from './table.tsx';

export function TableList<Row>({
  columns,
  rows,
  rowKey,
  onOpen,
  openKey,
  detail,
  rowClass,
  foots = true,
}: TableProps<Row>) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const titles = columns.filter(({ phone }) => phone === 'title');
  const figure = columns.find(({ phone }) => phone === 'figure');
  const lines = columns.filter(({ phone }) => phone === undefined || phone === 'plain');
  const head = titles.length ? titles : columns.slice(0, 1);
  const virtual = useWindowVirtualizer({
    count: rows?.length ?? 0,
    estimateSize: () => 64 + Math.ceil(lines.length / 2) * 22,
    getItemKey: (index) => (rows?.[index] ? rowKey(rows[index]) : index),
    overscan: 6,
    scrollMargin: top,
  });
  if (!rows) {
    return [1, 2, 3, 4, 5].map((row) => (
      <div className="card" key={row}>
        <Skeleton width="40%" height={14} />
        <Skeleton width="80%" />
      </div>
    ));
  }
  return (
    <div ref={list}>
      <div className="table-rows" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const isOpen = openKey !== undefined && rowKey(row) === openKey;
          const body = (
            <>
              <div className="card-head">
                <span className="card-title">
                  {head.map((column) => (
                    <span key={column.key}>{column.cell(row)}</span>
                  ))}
                </span>
                {figure && (
                  <span className="card-figure">
                    {figure.cell(row)}
                    {figure.unit && figure.value(row) !== null && (
                      <span className="unit"> {figure.unit}</span>
                    )}
                  </span>
                )}
              </div>
              <div className="card-lines">
                {lines
                  .filter((column) => column !== head[0])
                  .map((column) => {
                    const cell = column.cell(row);
                    if (cell === null || cell === undefined || cell === '' || cell === false)
                      return null;
                    return (
                      <span key={column.key}>
                        {column.phone !== 'plain' && <span className="quiet">{column.title}</span>}{' '}
                        {cell}
                        {column.unit && column.value(row) !== null && (
                          <span className="unit"> {column.unit}</span>
                        )}
                      </span>
                    );
                  })}
              </div>
            </>
          );
          return (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              className="table-slot"
              style={{ transform: `translateY(${item.start - virtual.options.scrollMargin}px)` }}
            >
              {onOpen ? (
                // biome-ignore lint/a11y/useSemanticElements: a card holds links, which a button may not.
                <div
                  role="button"
                  tabIndex={0}
                  className={`card opens ${rowClass?.(row) ?? ''}`}
                  aria-expanded={detail ? isOpen : undefined}
                  onClick={() => onOpen(row)}
                  onKeyDown={(event) => event.key === 'Enter' && onOpen(row)}
                >
                  {body}
                </div>
              ) : (
                <div className={`card ${rowClass?.(row) ?? ''}`}>{body}</div>
              )}
              {isOpen && detail && <div className="table-detail">{detail(row)}</div>}
            </div>
          );
        })}
      </div>
      {columns.some(({ total }) => total) && (
        <dl className={foots ? 'card-total' : 'card-total open'}>
          {columns
            .filter(({ total }) => total)
            .map((column, index) => (
              <div key={column.key}>
                <dt>{index === 0 ? column.total?.cell : column.title}</dt>
                {index > 0 && (
                  <dd>
                    {column.total?.cell}
                    {column.unit && <span className="unit"> {column.unit}</span>}
                  </dd>
                )}
              </div>
            ))}
        </dl>
      )}
    </div>
  );
}

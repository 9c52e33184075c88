// biome-ignore-all lint/a11y/useSemanticElements: rows that are drawn only where they are seen cannot be a table.
// biome-ignore-all lint/a11y/useFocusableInteractive: the button inside takes the focus.
/** The head of a grid: sorts by a click; columns are dragged to another place and wider or narrower. */
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icons.tsx';
import type { TableLayout } from './table-layout.ts';
import { type Column, parseSort } from './table-model.ts';

/** By one press of Alt and an arrow. */
const STEP_PX = 16;

export function TableHead<Row>({
  columns,
  template,
  sort: sortText,
  onSort,
  layout,
}: {
  columns: readonly Column<Row>[];
  template: string;
  sort: string | undefined;
  onSort: (key: string) => void;
  layout: TableLayout<Row>;
}) {
  const sort = parseSort(sortText);
  const [over, setOver] = useState<string | null>(null);
  const dragged = useRef<string | null>(null);
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>, key: string) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : null;
    if (!event.altKey || by === null) return;
    event.preventDefault();
    if (event.shiftKey) layout.move(key, by);
    else layout.resize(key, widthOf(event.currentTarget) + by * STEP_PX);
  };
  return (
    <div role="row" className="table-head" style={{ gridTemplateColumns: template }}>
      {columns.map(({ key, title, unit, align, mark }, index) => {
        const by = sort?.key === key;
        return (
          <div
            key={key}
            role="columnheader"
            aria-sort={by ? (sort.descending ? 'descending' : 'ascending') : 'none'}
            className={`cell ${align ?? 'left'}${over === key ? ' over' : ''}`}
            draggable={index > 0}
            onDragStart={(event) => {
              dragged.current = key;
              event.dataTransfer.effectAllowed = 'move';
            }}
            onDragOver={(event) => {
              if (!dragged.current || index === 0) return;
              event.preventDefault();
              setOver(key);
            }}
            onDragEnd={() => {
              dragged.current = null;
              setOver(null);
            }}
            onDrop={(event) => {
              event.preventDefault();
              if (dragged.current) layout.move(dragged.current, key);
              setOver(null);
            }}
          >
            <button
              type="button"
              onClick={() => onSort(key)}
              onKeyDown={(event) => onKeyDown(event, key)}
            >
              {mark}
              <span className="clip">{title}</span>
              {unit && <span className="unit">{unit}</span>}
              {by && <Icon name={sort.descending ? 'down' : 'up'} size={12} />}
            </button>
            <Grip column={key} layout={layout} />
          </div>
        );
      })}
    </div>
  );
}

const widthOf = (inside: HTMLElement): number =>
  inside.closest('.cell')?.getBoundingClientRect().width ?? 0;

/** The edge between two columns: dragged to make the one before it wider; twice clicked it is as at first. */
function Grip<Row>({ column, layout }: { column: string; layout: TableLayout<Row> }) {
  const { t } = useTranslation();
  const start = useRef<{ x: number; width: number } | null>(null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Alt and the arrows on the head do the same.
    <span
      className="table-grip"
      title={t('table.width')}
      // The head may be dragged too: what begins here is not that.
      draggable
      onDragStart={(event) => {
        event.preventDefault();
        event.stopPropagation();
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width: widthOf(event.currentTarget) };
      }}
      onPointerMove={(event) => {
        if (!start.current) return;
        layout.resize(column, start.current.width + event.clientX - start.current.x);
      }}
      onPointerUp={() => {
        start.current = null;
      }}
      onDoubleClick={() => layout.resize(column, null)}
    />
  );
}

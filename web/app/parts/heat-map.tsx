/**
 * Rows by columns as small cells on a canvas, of which only those in sight are drawn: two thousand rows
 * scroll as lightly as twenty. What is whole is a pale tint, estimated hatched, missing hatched in colour.
 */
import { useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { token, useTheme } from '../theme.ts';
import './heat-map.css';

export interface HeatCell {
  /** Parts of what is due, 0 to 1. */
  estimated: number;
  missing: number;
}

export interface HeatRow {
  key: string;
  label: string;
  /** A cell per column; null where nothing is due. */
  cells: readonly (HeatCell | null)[];
}

const ROW_PX = 16;
const HEIGHT_PX = 448;
/** A part that is there at all is seen. */
const PART_MIN_PX = 4;
const FONT = '11px "IBM Plex Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", sans-serif';

interface Spot {
  row: number;
  column: number;
}

export function HeatMap({
  label,
  rows,
  columns,
  labelPx,
  tell,
  onOpen,
}: {
  label: string;
  rows: readonly HeatRow[];
  /** On the axis; those that bear no text are unnamed. */
  columns: readonly string[];
  labelPx: number;
  /** A cell in words. */
  tell: (spot: Spot) => string;
  onOpen: (spot: Spot) => void;
}) {
  const theme = useTheme();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [spot, setSpot] = useState<Spot | null>(null);
  const [byKeys, setByKeys] = useState(false);
  const told = useId();
  const height = Math.min(HEIGHT_PX, rows.length * ROW_PX);
  const cellPx = Math.max(2, (width - labelPx) / Math.max(1, columns.length));

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes what the tokens say.
  const draw = useCallback(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || !width) return;
    const ratio = devicePixelRatio || 1;
    if (element.width !== width * ratio || element.height !== height * ratio) {
      element.width = width * ratio;
      element.height = height * ratio;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const top = scroller.current?.scrollTop ?? 0;
    const ink = inks(context);
    const first = Math.floor(top / ROW_PX);
    const last = Math.min(rows.length - 1, Math.ceil((top + height) / ROW_PX));
    context.font = FONT;
    context.textBaseline = 'middle';
    for (let index = first; index <= last; index++) {
      const row = rows[index];
      if (!row) continue;
      const y = index * ROW_PX - top;
      context.fillStyle = index === spot?.row ? ink.ink : ink.text2;
      context.fillText(row.label, 0, y + ROW_PX / 2, labelPx - 8);
      row.cells.forEach((cell, column) => {
        if (cell) drawCell(context, ink, cell, labelPx + column * cellPx, y, cellPx);
      });
    }
    if (spot) {
      context.strokeStyle = ink.accent;
      context.lineWidth = 2;
      context.strokeRect(
        labelPx + spot.column * cellPx,
        spot.row * ROW_PX - top,
        cellPx,
        ROW_PX - 1,
      );
    }
  }, [rows, width, height, cellPx, labelPx, spot, theme]);

  useEffect(draw, [draw]);

  const spotAt = (event: React.PointerEvent | React.MouseEvent): Spot | null => {
    const box = scroller.current?.getBoundingClientRect();
    if (!box) return null;
    const column = Math.floor((event.clientX - box.left - labelPx) / cellPx);
    const row = Math.floor((event.clientY - box.top + (scroller.current?.scrollTop ?? 0)) / ROW_PX);
    return rows[row]?.cells[column] ? { row, column } : null;
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter' && spot) onOpen(spot);
    const step = steps[event.key];
    if (!step || !rows.length) return;
    event.preventDefault();
    const from = spot ?? { row: 0, column: -1 };
    const next = {
      row: clamp(from.row + step.row, rows.length),
      column: clamp(from.column + step.column, columns.length),
    };
    setSpot(next);
    setByKeys(true);
    const element = scroller.current;
    if (!element) return;
    const y = next.row * ROW_PX;
    if (y < element.scrollTop) element.scrollTop = y;
    if (y + ROW_PX > element.scrollTop + height) element.scrollTop = y + ROW_PX - height;
  };

  const words = spot ? tell(spot) : '';
  return (
    <div className="heat-map">
      <div className="heat-axis" style={{ paddingLeft: labelPx }} aria-hidden>
        {columns.map((column, index) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place.
            key={index}
            style={{ width: cellPx }}
          >
            {column}
          </span>
        ))}
      </div>
      <div
        ref={scroller}
        className="heat-scroll"
        style={{ maxHeight: HEIGHT_PX }}
        role="application"
        aria-label={label}
        aria-describedby={told}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the cursor.
        tabIndex={0}
        onScroll={draw}
        onKeyDown={onKeyDown}
        onPointerMove={(event) => {
          setByKeys(false);
          setSpot(spotAt(event));
        }}
        onPointerLeave={() => setSpot(null)}
        onClick={(event) => {
          const at = spotAt(event);
          if (at) onOpen(at);
        }}
      >
        <div style={{ height: rows.length * ROW_PX }}>
          <canvas ref={canvas} style={{ width, height }} />
        </div>
      </div>
      <p id={told} className="heat-told second" aria-live={byKeys ? 'polite' : 'off'}>
        {words || '\u00a0'}
      </p>
    </div>
  );
}

const steps: Record<string, Spot> = {
  ArrowDown: { row: 1, column: 0 },
  ArrowUp: { row: -1, column: 0 },
  ArrowLeft: { row: 0, column: -1 },
  ArrowRight: { row: 0, column: 1 },
  PageDown: { row: 20, column: 0 },
  PageUp: { row: -20, column: 0 },
  Home: { row: -1_000_000, column: 0 },
  End: { row: 1_000_000, column: 0 },
};

const clamp = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));

interface Inks {
  ink: string;
  text2: string;
  accent: string;
  whole: string;
  ground: string;
  estimated: string | CanvasPattern;
  missing: string | CanvasPattern;
  edge: string;
}

function inks(context: CanvasRenderingContext2D): Inks {
  return {
    ink: token('ink'),
    text2: token('text2'),
    accent: token('accent'),
    whole: token('grid'),
    ground: token('surface'),
    estimated: hatched(context, token('surface'), token('estimated')),
    missing: hatched(context, token('alarm2Chip'), token('alarm2')),
    edge: token('alarm2Line'),
  };
}

/** A small tile with a diagonal, repeated: what is not measured is never a plain colour. */
function hatched(context: CanvasRenderingContext2D, ground: string, line: string) {
  const tile = document.createElement('canvas');
  tile.width = 4;
  tile.height = 4;
  const pen = tile.getContext('2d');
  if (!pen) return line;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, 4, 4);
  pen.strokeStyle = line;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(-1, 1);
  pen.lineTo(1, -1);
  pen.moveTo(0, 4);
  pen.lineTo(4, 0);
  pen.moveTo(3, 5);
  pen.lineTo(5, 3);
  pen.stroke();
  return context.createPattern(tile, 'repeat') ?? line;
}

function drawCell(
  context: CanvasRenderingContext2D,
  ink: Inks,
  cell: HeatCell,
  x: number,
  y: number,
  width: number,
): void {
  const inner = Math.max(1, width - 1);
  const height = ROW_PX - 2;
  context.fillStyle = ink.whole;
  context.fillRect(x, y, inner, height);
  const part = (share: number) =>
    share > 0 ? Math.min(height, Math.max(PART_MIN_PX, Math.round(share * height))) : 0;
  const missing = part(cell.missing);
  const estimated = Math.min(height - missing, part(cell.estimated));
  if (estimated) {
    context.fillStyle = ink.estimated;
    context.fillRect(x, y + height - estimated, inner, estimated);
  }
  if (missing) {
    context.fillStyle = ink.missing;
    context.fillRect(x, y, inner, missing);
    context.strokeStyle = ink.edge;
    context.lineWidth = 1;
    context.setLineDash([2, 2]);
    context.strokeRect(x + 0.5, y + 0.5, inner - 1, missing - 1);
    context.setLineDash([]);
  }
}

/** A day of the week as bands: borders are dragged or moved by key, holes and overlaps stand in place. */
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { onRankVar, rankVar } from '../../../parts/palette.ts';
import { type Band, clock } from '../../../parts/ribbon.tsx';
import type { Rank } from '../../../tariff-shapes.ts';
import type { Selected } from './band-keys.ts';
import { faultsOf, moveBorder, type Stretch, snap, stepFrom } from './bands.ts';

const DAY = 1440;
const left = (minute: number) => `${(minute / DAY) * 100}%`;
const place = ({ from, to }: Stretch) => ({ left: left(from), width: left(to - from) });
/** Whether a name, or a name and its times, fit into a band, in minutes of the axis. */
const widthOf = (name: string) => [...name].reduce((so, sign) => so + (sign > '⺀' ? 2 : 1), 0);

export function WeekRow({
  name,
  line,
  strong,
  pieces,
  marks,
  selected,
  nameOf,
  small,
  isOn,
  onSelect,
  onMove,
  onKey,
}: {
  name: React.ReactNode;
  /** Below the name. */
  line?: React.ReactNode;
  strong?: boolean;
  pieces: readonly Band[];
  /** Where it differs from the version before. */
  marks: readonly Stretch[];
  selected: Selected | null;
  nameOf: (rank: Rank) => string;
  small: boolean;
  /** False where the row only shows what it falls back to. */
  isOn: boolean;
  onSelect: (selected: Selected) => void;
  onMove: (pieces: Band[], group: string) => void;
  onKey: (event: React.KeyboardEvent, at: Selected) => void;
}) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const { holes, overlaps } = faultsOf(pieces);
  const minuteAt = (clientX: number) => {
    const rect = box.current?.getBoundingClientRect();
    return rect ? snap(((clientX - rect.left) / rect.width) * DAY) : 0;
  };
  const isChosen = (index: number) => selected?.kind === 'band' && selected.index === index;
  return (
    <div className={`week-row edit${isOn ? '' : ' off'}`}>
      <span className="week-name">
        <span className={strong ? 'strong' : undefined}>{name}</span>
        {line && <span className="week-line">{line}</span>}
      </span>
      <div className="week-track" ref={box}>
        {pieces.map((piece, index) => {
          const label = nameOf(piece.rank);
          const times = `${clock(piece.from)}–${clock(piece.to)}`;
          const long = piece.to - piece.from;
          return (
            <button
              // Borders move while it is dragged: its place in the row is what it is known by.
              // biome-ignore lint/suspicious/noArrayIndexKey: see above.
              key={index}
              type="button"
              className="week-band"
              disabled={!isOn}
              data-band={`${piece.from}`}
              aria-pressed={isChosen(index)}
              aria-label={`${label} ${times}`}
              title={`${label} ${times}`}
              tabIndex={isChosen(index) || (!selected && index === 0) ? 0 : -1}
              style={{
                ...place(piece),
                background: rankVar(piece.rank),
                color: onRankVar(piece.rank),
              }}
              onClick={() => onSelect({ kind: 'band', index })}
              onFocus={() => !isChosen(index) && onSelect({ kind: 'band', index })}
              onKeyDown={(event) => onKey(event, { kind: 'band', index })}
            >
              {!small && long >= widthOf(label) * 9 + 17 && label}
              {!small && long >= widthOf(label) * 9 + 140 && <em>{times}</em>}
            </button>
          );
        })}
        {holes.map((hole) => (
          <button
            key={`h${hole.from}`}
            type="button"
            className="week-hole"
            disabled={!isOn}
            data-band={`${hole.from}`}
            style={place(hole)}
            aria-label={t('tariff.week.hole', { from: clock(hole.from), to: clock(hole.to) })}
            title={t('tariff.week.hole', { from: clock(hole.from), to: clock(hole.to) })}
            onClick={() => onSelect({ kind: 'hole', from: hole.from })}
            onFocus={() => onSelect({ kind: 'hole', from: hole.from })}
            onKeyDown={(event) => onKey(event, { kind: 'hole', from: hole.from })}
          />
        ))}
        {overlaps.map((overlap) => (
          <i key={`o${overlap.from}`} className="week-overlap" style={place(overlap)} />
        ))}
        {marks.map((mark) => (
          <i key={`m${mark.from}`} className="week-mark" style={place(mark)} />
        ))}
        {isOn &&
          pieces.map((_, index) => (
            <Border
              // biome-ignore lint/suspicious/noArrayIndexKey: as the bands.
              key={index}
              pieces={pieces}
              index={index}
              chosen={isChosen(index)}
              minuteAt={minuteAt}
              onMove={onMove}
            />
          ))}
      </div>
    </div>
  );
}

/** The end of a band (and of the chosen one its beginning too): a slider for keys, a grip for the mouse. */
function Border({
  pieces,
  index,
  chosen,
  minuteAt,
  onMove,
}: {
  pieces: readonly Band[];
  index: number;
  chosen: boolean;
  minuteAt: (clientX: number) => number;
  onMove: (pieces: Band[], group: string) => void;
}) {
  const { t } = useTranslation();
  const dragged = useRef<{ pieces: readonly Band[]; group: string } | null>(null);
  const piece = pieces[index];
  if (!piece) return null;
  const edges = chosen ? (['from', 'to'] as const) : (['to'] as const);
  return edges.map((edge) => {
    const at = piece[edge];
    if ((edge === 'from' && at === 0) || (edge === 'to' && at === DAY)) return null;
    return (
      <span
        key={edge}
        className={`week-border${chosen ? ' chosen' : ''}`}
        style={{ left: left(at) }}
        role="slider"
        tabIndex={chosen ? 0 : -1}
        aria-label={t(edge === 'from' ? 'tariff.week.begins' : 'tariff.week.ends')}
        aria-valuemin={0}
        aria-valuemax={DAY}
        aria-valuenow={at}
        aria-valuetext={clock(at)}
        onKeyDown={(event) => {
          const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
          if (!by) return;
          event.preventDefault();
          event.stopPropagation();
          onMove(moveBorder(pieces, index, edge, stepFrom(at, by)), `key-${edge}`);
        }}
        onPointerDown={(event) => {
          event.preventDefault();
          event.currentTarget.setPointerCapture(event.pointerId);
          dragged.current = { pieces, group: `drag-${event.timeStamp}` };
        }}
        onPointerMove={(event) => {
          const start = dragged.current;
          if (!start) return;
          const moved = moveBorder(start.pieces, index, edge, minuteAt(event.clientX));
          if (moved[index]?.[edge] !== piece[edge]) onMove(moved, start.group);
        }}
        onPointerUp={() => {
          dragged.current = null;
        }}
        onPointerCancel={() => {
          dragged.current = null;
        }}
      />
    );
  });
}

// biome-ignore-all lint/a11y/useFocusableInteractive: the list has the focus and names the tile it is at.
/** Every meter as a tile in the colour of its state, by building and floor; chosen by mouse and keyboard. */
import { memo, useCallback, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Building, LivePoint } from '../../api.ts';
import { amount, kw, number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { states } from '../../parts/state.tsx';
import { byCode } from '../../parts/tiles.tsx';
import { useIsPhone } from '../../phone.ts';
import { type Choosing, groupPicked, moved, picked, type Spot } from './selection.ts';

/** A point with its meter: what can be commanded. */
export type Metered = LivePoint & { meterId: string; model: string };

export interface Group {
  building: Building | null;
  levels: { level: number | null; points: Metered[] }[];
}

/** By building and floor, as people walk through them. */
export function groupsOf(points: readonly Metered[], buildings: readonly Building[]): Group[] {
  return [...buildings, null].flatMap((building) => {
    const own = points.filter(({ buildingId }) => buildingId === (building?.id ?? null));
    if (!own.length) return [];
    const levels = [...new Set(own.map(({ level }) => level))].sort(
      (a, b) => (a ?? -99) - (b ?? -99),
    );
    return [
      {
        building,
        levels: levels.map((level) => ({
          level,
          points: own.filter((point) => point.level === level).toSorted(byCode),
        })),
      },
    ];
  });
}

const ARROWS: ReadonlySet<string> = new Set([
  ...['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown', 'Home', 'End'],
]);

export function Grid({
  groups,
  choosing,
  choose,
}: {
  groups: readonly Group[];
  choosing: Choosing;
  choose: (next: (old: Choosing) => Choosing) => void;
}) {
  const { t } = useTranslation();
  const list = useRef<HTMLDivElement>(null);
  const order = groups.flatMap(({ levels }) =>
    levels.flatMap(({ points }) => points.map(({ meterId }) => meterId)),
  );
  const columns = useColumns(list);
  const orderNow = useRef(order);
  orderNow.current = order;
  const pick = useCallback(
    (id: string, run: boolean) =>
      choose((old) => picked(old, id, { order: orderNow.current, run })),
    [choose],
  );
  const { cursor } = choosing;
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === 'a' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      choose((old) => ({ ...old, chosen: new Set([...old.chosen, ...order]) }));
    } else if (event.key === ' ' && cursor) {
      event.preventDefault();
      pick(cursor, event.shiftKey);
    } else if (ARROWS.has(event.key)) {
      event.preventDefault();
      const next = moved(spotsOf(list.current), cursor, event.key);
      if (next === null) return;
      // Shift takes along what it passes, as it is where the run began.
      if (event.shiftKey && choosing.anchor) pick(next, true);
      else choose((old) => ({ ...old, cursor: next }));
      // Only keys move what is seen: a click that did would miss its tile.
      document.getElementById(`tile-${next}`)?.scrollIntoView({ block: 'nearest' });
    }
  };
  return (
    <div
      ref={list}
      className="control-grid"
      role="listbox"
      aria-multiselectable
      aria-label={t('control.grid')}
      aria-activedescendant={cursor ? `tile-${cursor}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={(event) =>
        event.currentTarget.matches(':focus-visible') &&
        choose((old) => ({ ...old, cursor: old.cursor ?? order[0] ?? null }))
      }
    >
      {groups.map((group) => (
        <BuildingTiles
          key={group.building?.id ?? 'none'}
          group={group}
          choosing={choosing}
          columns={columns}
          choose={choose}
          pick={pick}
        />
      ))}
    </div>
  );
}

function BuildingTiles({
  group: { building, levels },
  choosing: { chosen, cursor },
  columns,
  choose,
  pick,
}: {
  group: Group;
  choosing: Choosing;
  columns: number;
  choose: (next: (old: Choosing) => Choosing) => void;
  pick: (id: string, run: boolean) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const ids = levels.flatMap(({ points }) => points.map(({ meterId }) => meterId));
  const count = ids.filter((id) => chosen.has(id)).length;
  const name = building ? nameOf(language, building) : t('home.noBuilding');
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset brings a box of its own.
    <div className="control-building" role="group" aria-label={name}>
      <label className="control-name">
        <input
          type="checkbox"
          checked={count === ids.length}
          ref={(box) => {
            if (box) box.indeterminate = count > 0 && count < ids.length;
          }}
          onChange={() => choose((old) => groupPicked(old, ids))}
        />
        <span className="strong">{name}</span>
        <span className="quiet">{t('control.chosenOf', { count, all: ids.length })}</span>
      </label>
      {levels.map(({ level, points }) => {
        const own = points.filter(({ meterId }) => chosen.has(meterId));
        return (
          <FloorTiles
            key={level ?? 'none'}
            code={building?.code ?? ''}
            level={level}
            points={points}
            rows={Math.ceil(points.length / columns)}
            chosen={own.map(({ meterId }) => meterId).join()}
            cursor={points.some(({ meterId }) => meterId === cursor) ? cursor : null}
            pick={pick}
          />
        );
      })}
    </div>
  );
}

/** A floor; one that is not on the screen is neither laid out nor painted, but as high as it will be. */
const FloorTiles = memo(function FloorTiles({
  code,
  level,
  points,
  rows,
  chosen,
  cursor,
  pick,
}: {
  code: string;
  level: number | null;
  points: readonly Metered[];
  rows: number;
  /** Ids, joined: what is compared has to be small. */
  chosen: string;
  cursor: string | null;
  pick: (id: string, run: boolean) => void;
}) {
  const { t } = useTranslation();
  const own = new Set(chosen.split(','));
  const names = Object.fromEntries(states.map((state) => [state, t(`state.${state}`)]));
  return (
    <div className="control-floor" style={{ '--rows': rows } as React.CSSProperties}>
      <span className="tile-level">{level === null ? '–' : t('floor', { level })}</span>
      <div className="control-tiles">
        {points.map((point) => (
          <Tile
            key={point.meterId}
            meterId={point.meterId}
            code={shortOf(point.code, code)}
            state={point.state}
            figure={figureOf(point)}
            isLocked={point.lockedOut}
            title={[
              ...[point.code, names[point.state], point.lockedOut && t('lockedOut')],
              point.accountName,
            ]
              .filter(Boolean)
              .join(' · ')}
            isChosen={own.has(point.meterId)}
            isCursor={cursor === point.meterId}
            pick={pick}
          />
        ))}
      </div>
    </div>
  );
});

/** Drawn again only when something of it has changed: there are thousands. */
const Tile = memo(function Tile({
  meterId,
  code,
  state,
  figure,
  isLocked,
  title,
  isChosen,
  isCursor,
  pick,
}: {
  meterId: string;
  code: string;
  state: LivePoint['state'];
  figure: string;
  isLocked: boolean;
  title: string;
  isChosen: boolean;
  isCursor: boolean;
  pick: (id: string, run: boolean) => void;
}) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys of all tiles.
    <div
      id={`tile-${meterId}`}
      role="option"
      aria-selected={isChosen}
      aria-label={title}
      title={title}
      className={`tile control-tile ${state}${isCursor ? ' cursor' : ''}`}
      onClick={(event) => pick(meterId, event.shiftKey)}
    >
      <span className="control-code">{code}</span>
      <span className="control-figure">{figure}</span>
      {isChosen && (
        <span className="control-check">
          <Icon name="check" size={11} />
        </span>
      )}
      {isLocked && <Icon name="lock" size={11} className="tile-lock" />}
      {state === 'alarm1' && <span className="tile-mark">!</span>}
      {state === 'alarm2' && <span className="tile-mark">!!</span>}
      {state === 'arrears' && <Icon name="power" size={11} className="tile-mark" />}
    </div>
  );
});

/** What is left on the account; the load where nobody pays. */
const figureOf = ({ liveBalance, powerW }: LivePoint): string =>
  liveBalance
    ? amount(liveBalance.amount).replace(/\.\d+$/, '')
    : powerW === null
      ? '–'
      : // A tile has room for three figures and a unit.
        `${powerW < 1_000_000 ? kw(powerW) : number(powerW / 1000)} kW`;

function shortOf(code: string, building: string): string {
  const rest = building && code.startsWith(building) ? code.slice(building.length) : code;
  return rest.replace(/^[-_ ./]+/, '') || code;
}

/** How many tiles stand beside each other, as the style sheet has it. */
function useColumns(list: React.RefObject<HTMLElement | null>): number {
  const isPhone = useIsPhone();
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, [list]);
  const least = isPhone ? 68 : 66;
  return Math.max(1, Math.floor((width - ASIDE + GAP) / (least + GAP)));
}
/** Padding, the number of the floor and the space beside it; between two tiles. */
const ASIDE = 64;
const GAP = 4;

const spotsOf = (list: HTMLElement | null): Spot[] =>
  [...(list?.querySelectorAll<HTMLElement>('.control-tile') ?? [])].map((tile) => {
    const { left, top } = tile.getBoundingClientRect();
    return { id: tile.id.replace('tile-', ''), left, top };
  });

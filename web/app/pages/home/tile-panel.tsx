/** Every unit as a tile in the colour of its state, by building and floor; the bar is load against threshold. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Building, LivePoint } from '../../api.ts';
import { kw, number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice, Waiting } from '../../parts/notice.tsx';
import { StateIcon, states } from '../../parts/state.tsx';
import { useProject } from '../../project.tsx';
import { useBuildings, useLive } from '../../queries.ts';
import { isUnit } from './figures.tsx';

export function TilePanel() {
  const { t } = useTranslation();
  const live = useLive();
  const buildings = useBuildings();
  const project = useProject();
  const units = live.data?.data.filter(isUnit) ?? [];
  const isLoading = !live.data || !buildings.data;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('home.meters', { count: units.length })}</h2>
        <div className="legend rest tile-legend">
          {states.map((state) => (
            <Link
              key={state}
              to="/projects/$projectId/meters"
              params={{ projectId: project.id }}
              search={{ state }}
            >
              <StateIcon state={state} size={13} />
              {t(`state.${state}`)}
              <b>{number(units.filter((unit) => unit.state === state).length)}</b>
            </Link>
          ))}
        </div>
      </div>
      <div className="panel-body">
        {live.isError && !live.data && (
          <ProblemNotice error={live.error} retry={() => void live.refetch()} />
        )}
        {isLoading && !live.isError && <TilesWaiting />}
        {!isLoading && !units.length && (
          <Empty title={t('home.noMeters')} text={t('home.noMetersText')} />
        )}
        {!isLoading &&
          [...buildings.data.data, null].map((building) => (
            <BuildingRow
              key={building?.id ?? 'none'}
              building={building}
              units={units.filter((unit) => unit.buildingId === (building?.id ?? null))}
            />
          ))}
        <p className="tile-note second">{t('home.tileNote')}</p>
      </div>
    </section>
  );
}

function BuildingRow({ building, units }: { building: Building | null; units: LivePoint[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  if (!units.length) return null;
  const levels = [...new Set(units.map(({ level }) => level))].sort((a, b) => (a ?? 0) - (b ?? 0));
  const loadW = units.reduce((so, { powerW }) => so + (powerW ?? 0), 0);
  const known = units.some(({ powerW }) => powerW !== null);
  return (
    <div className="tile-building">
      <Link
        className="tile-building-name"
        to="/projects/$projectId/meters"
        params={{ projectId: project.id }}
        search={building ? { building: building.id } : {}}
      >
        <span className="strong long">
          {building ? nameOf(language, building) : t('home.noBuilding')}
        </span>
        <span className="strong short">{building?.code ?? '–'}</span>
        <span className="load">
          {kw(known ? loadW : null)} <span className="unit">kW</span>
        </span>
        <span className="quiet long">{t('home.unitCount', { count: units.length })}</span>
        <span className="go">
          <Icon name="right" size={16} />
        </span>
      </Link>
      <div className="tile-mini" aria-hidden>
        {units
          .toSorted((a, b) => collator.compare(a.code, b.code))
          .map(({ pointId, state }) => (
            <i key={pointId} className={state}>
              {state === 'alarm1'
                ? '!'
                : state === 'alarm2'
                  ? '!!'
                  : state === 'arrears'
                    ? '−'
                    : ''}
            </i>
          ))}
      </div>
      <div className="tile-floors">
        {levels.map((level) => (
          <div className="tile-floor" key={level ?? 'none'}>
            <span className="tile-level">{level === null ? '–' : t('floor', { level })}</span>
            <div className="tiles">
              {units
                .filter((unit) => unit.level === level)
                .sort((a, b) => collator.compare(a.code, b.code))
                .map((unit) => (
                  <Tile key={unit.pointId} unit={unit} building={building} />
                ))}
            </div>
          </div>
        ))}
      </div>
    </div>
  );
}

const collator = new Intl.Collator('en', { numeric: true });

function Tile({ unit, building }: { unit: LivePoint; building: Building | null }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const part = unit.powerW !== null && unit.overloadW ? unit.powerW / unit.overloadW : null;
  const state = t(`state.${unit.state}`);
  const title = `${unit.code} · ${state} · ${kw(unit.powerW)} kW${unit.accountName ? ` · ${unit.accountName}` : ''}`;
  const body = (
    <>
      <span className="tile-code">{shortCode(unit.code, building?.code)}</span>
      {unit.state === 'arrears' ? (
        <Icon name="power" size={11} className="tile-mark" />
      ) : (
        unit.state !== 'lostContact' &&
        unit.state !== 'notOpened' &&
        part !== null && (
          <span className="tile-bar">
            <span style={{ width: `${Math.min(100, Math.max(4, part * 100))}%` }} />
          </span>
        )
      )}
      {unit.state === 'alarm1' && <span className="tile-mark">!</span>}
      {unit.state === 'alarm2' && <span className="tile-mark">!!</span>}
    </>
  );
  if (!unit.meterId)
    return (
      <span className={`tile ${unit.state}`} title={title}>
        {body}
      </span>
    );
  return (
    <Link
      to="/projects/$projectId/meters/$meterId"
      params={{ projectId, meterId: unit.meterId }}
      className={`tile ${unit.state}`}
      title={title}
      aria-label={title}
      preload={false}
    >
      {body}
    </Link>
  );
}

/** A203 in building A is 203: the building stands at the left already. */
function shortCode(code: string, building: string | undefined): string {
  const rest = building && code.startsWith(building) ? code.slice(building.length) : code;
  return rest.replace(/^[-_ ./]+/, '') || code;
}

function TilesWaiting() {
  const { t } = useTranslation();
  return (
    <>
      {[1, 2, 3, 4, 5].map((row) => (
        <div className="tile-building" key={row} style={{ height: 76 }} aria-hidden />
      ))}
      <Waiting what={t('wait.live')} />
    </>
  );
}

/** Every unit as a tile in the colour of its state, by building and floor; the bar is load against threshold. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Building, LivePoint } from '../../api.ts';
import { kw, number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice, Waiting } from '../../parts/notice.tsx';
import { StateIcon, states } from '../../parts/state.tsx';
import { byCode, isUnit, Tiles } from '../../parts/tiles.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useBuildings, useLive } from '../../queries.ts';

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
  if (!units.length) return null;
  const levels = [...new Set(units.map(({ level }) => level))].sort((a, b) => (a ?? 0) - (b ?? 0));
  const loadW = units.reduce((so, { powerW }) => so + (powerW ?? 0), 0);
  const known = units.some(({ powerW }) => powerW !== null);
  return (
    <div className="tile-building">
      <BuildingLink building={building}>
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
      </BuildingLink>
      <div className="tile-mini" aria-hidden>
        {units.toSorted(byCode).map(({ pointId, state }) => (
          <i key={pointId} className={state}>
            {state === 'alarm1' ? '!' : state === 'alarm2' ? '!!' : state === 'arrears' ? '−' : ''}
          </i>
        ))}
      </div>
      <div className="tile-floors">
        {levels.map((level) => (
          <div className="tile-floor" key={level ?? 'none'}>
            <span className="tile-level">{level === null ? '–' : t('floor', { level })}</span>
            <Tiles units={units.filter((unit) => unit.level === level)} building={building} />
          </div>
        ))}
      </div>
    </div>
  );
}

/** To the building's own page; to its meters for those who may not see reports. */
function BuildingLink({
  building,
  children,
}: {
  building: Building | null;
  children: React.ReactNode;
}) {
  const { id: projectId } = useProject();
  const may = useMay();
  return building && may('report.read') ? (
    <Link
      className="tile-building-name"
      to="/projects/$projectId/buildings/$buildingId"
      params={{ projectId, buildingId: building.id }}
    >
      {children}
    </Link>
  ) : (
    <Link
      className="tile-building-name"
      to="/projects/$projectId/meters"
      params={{ projectId }}
      search={building ? { building: building.id } : {}}
    >
      {children}
    </Link>
  );
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

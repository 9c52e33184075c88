/** One building: what it uses, its floors and units, its main meter against them, its alarms. */
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { localDay, longDay, time } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { PrintButton } from '../../parts/print-button.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useBuildingSummary, useBuildings, useLive } from '../../queries.ts';
import type { BuildingSearch } from '../../search.ts';
import { EnergyPanel } from '../home/energy-panel.tsx';
import { BuildingAlarms } from './building-alarms.tsx';
import { BuildingFigures } from './building-figures.tsx';
import { FloorPanel } from './floor-panel.tsx';
import { MainPanel } from './main-panel.tsx';
import { TopPanel } from './top-panel.tsx';
import './building.css';

export default function BuildingPage() {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const may = useMay();
  const navigate = useNavigate();
  const { buildingId } = useParams({ from: '/projects/$projectId/buildings/$buildingId' });
  const search = useSearch({ from: '/projects/$projectId/buildings/$buildingId' });
  const today = localDay(project.zone, useNow(60_000));
  const commodity = search.commodity ?? 'electricity';
  const summary = useBuildingSummary(buildingId, commodity);
  const listed = useBuildings().data?.data.find(({ id }) => id === buildingId);
  const points = useLive().data?.data.filter((point) => point.buildingId === buildingId);
  const set = (change: BuildingSearch) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const data = summary.data;
  const building = data?.building ?? listed;
  const hasWater = points?.some((point) => point.commodity === 'water');
  if (summary.isError && !data) {
    return <ProblemNotice error={summary.error} retry={() => void summary.refetch()} />;
  }
  return (
    <>
      <div className="head">
        <div className="head-text">
          <div className="head-title">
            <h1>{building ? nameOf(language, building) : <Skeleton width={160} height={20} />}</h1>
            {building && <span className="chip plain">{building.code}</span>}
          </div>
          <div className="head-line">
            {longDay(language, today)} · {t('home.cut', { zone: project.zone })}
            {data &&
              ` · ${t('home.unitCount', { count: data.points })} · ${t('home.accountCount', { count: data.accounts })}`}
            {data?.newestAt && ` · ${t('asOf', { at: time(project.zone, data.newestAt) })}`}
          </div>
        </div>
        <div className="head-acts">
          <SaveView />
          <PrintButton />
          <Link
            to="/projects/$projectId/energy"
            params={{ projectId: project.id }}
            search={{ building: buildingId, by: 'floor', commodity: search.commodity }}
            className="button"
          >
            <Icon name="energy" size={14} />
            {t('buildingView.toEnergy')}
          </Link>
        </div>
      </div>
      {hasWater && (
        <div className="filters">
          <Segmented
            label={t('energy.supply')}
            value={commodity}
            onChange={(value) => set({ commodity: value === 'water' ? value : undefined })}
            choices={(['electricity', 'water'] as const).map((value) => ({
              value,
              label: t(`commodity.${value}`),
            }))}
          />
        </div>
      )}
      <BuildingFigures summary={data} />
      <div className="columns">
        <div className="stack">
          <FloorPanel summary={data} points={points} />
          {commodity === 'electricity' && (
            <EnergyPanel
              today={today}
              bars={search.bars ?? 'day'}
              building={buildingId}
              buildings={[]}
              onChange={({ bars }) => set({ bars })}
            />
          )}
        </div>
        <div className="stack">
          <MainPanel summary={data} />
          <TopPanel summary={data} points={points} />
          {may('alarm.read') && <BuildingAlarms buildingId={buildingId} points={points} />}
        </div>
      </div>
    </>
  );
}

/** Load: how power runs through time, and how long a load lasts; of the park, a building or a point. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { daysApart, localDay, moment } from '../../dates.ts';
import { kw, number, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Cell } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { askedRange, rangeSearch } from '../../range.ts';
import type { DurationRow, DurationTotals, LoadRow, LoadTotals, Report } from '../../reports.ts';
import type { ReportSearch } from '../../search.ts';
import { DurationChart } from './duration-chart.tsx';
import { percent } from './figures.tsx';
import { BuildingFilter, PointFilter, RangeFilter } from './filters.tsx';
import { ReportFrame, Strip } from './frame.tsx';
import { type Step, stepsFor } from './load-steps.ts';
import { ProfileChart } from './profile-chart.tsx';
import { useReport } from './use-report.ts';

export default function Load() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/load' });
  const now = useNow(60_000);
  const today = localDay(zone, now);
  const asked = askedRange(search, today, 'today');
  const days = daysApart(asked.from, asked.to);
  const { steps, usual } = stepsFor(days, !!search.point);
  const step: Step = steps.find((each) => each === search.step) ?? usual;
  const scope = {
    from: asked.from,
    to: asked.to,
    by: search.point ? 'point' : search.building ? 'building' : 'project',
    buildingId: search.point ? undefined : search.building,
    pointId: search.point,
  };
  const query = { ...scope, step };
  const answer = useReport<Report<LoadRow, LoadTotals>>('load-profile', query);
  const duration = useReport<Report<DurationRow, DurationTotals>>('load-duration', scope);
  const report = answer.data;
  const totals = report?.totals;
  const set = (change: Partial<ReportSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const known = (report?.data ?? []).reduce(
    (so, row) => ({
      measured: so.measured + row.measured,
      estimated: so.estimated + row.estimated,
      missing: so.missing + row.missing,
    }),
    { measured: 0, estimated: 0, missing: 0 },
  );
  const due = known.measured + known.estimated + known.missing;
  return (
    <ReportFrame
      title={t('report.name.load')}
      page="load"
      asked={asked}
      answer={answer}
      file={{ name: 'load-profile', query }}
      acts={
        <Link
          to="/projects/$projectId/demand"
          params={{ projectId }}
          search={search.building ? { building: search.building } : {}}
          className="button"
          preload={false}
        >
          <Icon name="peak" size={14} />
          {t('report.name.demand')}
        </Link>
      }
      first={
        <RangeFilter
          asked={asked}
          onChange={(range) => set({ ...rangeSearch(range), step: undefined })}
        />
      }
      filters={
        <>
          <Segmented
            label={t('report.load.step')}
            value={step}
            onChange={(value) => set({ step: value === usual ? undefined : value })}
            choices={steps.map((value) => ({ value, label: t(`report.load.steps.${value}`) }))}
          />
          <BuildingFilter
            value={search.building}
            onChange={(building) => set({ building, point: undefined, step: undefined })}
          />
          <PointFilter
            value={search.point}
            building={search.building}
            onChange={(point) => set({ point, step: undefined })}
          />
        </>
      }
    >
      <Strip count={5}>
        <Cell
          label={t('report.load.highest')}
          value={kw(totals?.maxPowerW)}
          unit="kW"
          loading={!report}
          line={totals?.maxAt ? moment(language, zone, totals.maxAt, now) : undefined}
        />
        <Cell
          label={t('report.load.average')}
          value={kw(totals?.averagePowerW)}
          unit="kW"
          loading={!report}
          line={
            duration.data && t('report.load.lowest', { kw: kw(duration.data.totals.minPowerW) })
          }
        />
        <Cell
          label={t('report.load.factor')}
          value={percent(totals?.loadFactor)}
          unit="%"
          loading={!report}
          line={t('report.load.factorWhy')}
        />
        <Cell
          label={t('report.integrated.energy')}
          value={thousands(totals?.quantity)}
          unit="kWh"
          loading={!report}
        />
        <Cell
          label={t('report.load.known')}
          value={percent(due ? (known.measured + known.estimated) / due : null, 2)}
          unit="%"
          loading={!report}
          line={t('report.load.knownLine', {
            missing: number(known.missing / 4, 1),
            estimated: number(known.estimated / 4, 1),
          })}
        />
      </Strip>
      <div className="stack">
        <ProfileChart report={report} asked={asked} step={step} />
        {duration.isError && !duration.data ? (
          <ProblemNotice error={duration.error} retry={() => void duration.refetch()} />
        ) : (
          <DurationChart report={duration.data} />
        )}
      </div>
    </ReportFrame>
  );
}

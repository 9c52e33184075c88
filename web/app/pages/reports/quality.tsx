/** Data quality: what was measured, estimated and missing of each point and day; and what the reports stand on. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { localDay } from '../../dates.ts';
import { number } from '../../format.ts';
import { Cell } from '../../parts/figure.tsx';
import { Empty } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import { askedRange, type Preset, rangeSearch } from '../../range.ts';
import type { QualityRow, QualityTotals, Report } from '../../reports.ts';
import type { ReportSearch } from '../../search.ts';
import { percent } from './figures.tsx';
import { BuildingFilter, RangeFilter, SupplyFilter } from './filters.tsx';
import { ReportFrame, Strip } from './frame.tsx';
import { useQualityColumns } from './quality-columns.tsx';
import { gridOf, isWhole } from './quality-grid.ts';
import { QualityMap } from './quality-map.tsx';
import { useReport } from './use-report.ts';
import { WarehousePanel } from './warehouse-panel.tsx';

/** A map of more days has cells too small to see. */
const choices: readonly Preset[] = ['today', 'yesterday', 'week', 'month', 'lastMonth'];

export default function Quality() {
  const { t } = useTranslation();
  const { zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/quality' });
  const today = localDay(zone, useNow(60_000));
  const asked = askedRange(search, today, 'month');
  const commodity = search.commodity ?? 'electricity';
  const query = { from: asked.from, to: asked.to, commodity, buildingId: search.building };
  const answer = useReport<Report<QualityRow, QualityTotals>>('quality', query);
  const report = answer.data;
  const totals = report?.totals;
  const set = (change: Partial<ReportSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const shown = {
    withGaps: search.show !== 'all',
    worstFirst: search.sort === undefined || search.sort.endsWith('missing'),
  };
  const grid = useMemo(
    () => report && gridOf(report.data, { withGaps: shown.withGaps, worstFirst: shown.worstFirst }),
    [report, shown.withGaps, shown.worstFirst],
  );
  const gaps = useMemo(() => report?.data.filter((row) => !isWhole(row)), [report]);
  const columns = useQualityColumns();
  const share = (part: number | undefined) =>
    percent(totals?.expected ? (part ?? 0) / totals.expected : null, 2);
  const hours = (quarters: number | undefined) => number(((quarters ?? 0) * 15) / 60, 1);
  const points = grid ? grid.whole + (report ? pointsWithGaps(report.data) : 0) : 0;
  return (
    <ReportFrame
      title={t('report.name.quality')}
      page="quality"
      asked={asked}
      answer={answer}
      file={{
        name: 'quality',
        query,
        estimated: totals && `${hours(totals.estimated)} ${t('energy.meterHours')}`,
        missing: totals && `${hours(totals.missing)} ${t('energy.meterHours')}`,
      }}
      first={
        <RangeFilter
          asked={asked}
          choices={choices}
          onChange={(range) => set(rangeSearch(range))}
        />
      }
      filters={
        <>
          <BuildingFilter value={search.building} onChange={(building) => set({ building })} />
          <SupplyFilter
            value={commodity}
            onChange={(value) => set({ commodity: value === 'electricity' ? undefined : value })}
          />
        </>
      }
    >
      <Strip count={4}>
        <Cell
          label={t('report.quality.measured')}
          value={percent(totals?.completeness, 2)}
          unit="%"
          loading={!report}
          line={t('report.quality.ofDue', {
            count: totals?.expected ?? 0,
            due: number(totals?.expected),
          })}
        />
        <Cell
          label={t('home.estimated')}
          value={share(totals?.estimated)}
          unit="%"
          loading={!report}
          line={`${hours(totals?.estimated)} ${t('energy.meterHours')}`}
        />
        <Cell
          label={t('home.missing')}
          value={share(totals?.missing)}
          unit="%"
          loading={!report}
          line={`${hours(totals?.missing)} ${t('energy.meterHours')}`}
        />
        <Cell
          label={t('report.quality.wholePoints')}
          value={number(grid?.whole)}
          loading={!report}
          line={t('report.power.ofPoints', { count: points })}
        />
      </Strip>
      <div className="columns" style={{ '--side': '320px' } as React.CSSProperties}>
        <div className="stack">
          <QualityMap
            grid={grid}
            withGaps={shown.withGaps}
            onGaps={(withGaps) => set({ show: withGaps ? undefined : 'all' })}
          />
          <Table
            name="quality"
            label={t('report.quality.list')}
            title={t('report.quality.list')}
            columns={columns}
            rows={gaps}
            rowKey={(row) => `${row.pointId} ${row.day}`}
            sort={search.sort ?? '-missing'}
            onSort={(sort) => set({ sort })}
            waitingFor={t('wait.report')}
            empty={
              report?.rowCount ? (
                <Empty
                  icon="check"
                  title={t('report.quality.noGaps')}
                  text={t('report.quality.noGapsText')}
                />
              ) : (
                <Empty title={t('report.quality.none')} text={t('report.quality.noneText')} />
              )
            }
            foot={t('report.quality.foot', { zone })}
          />
        </div>
        <WarehousePanel />
      </div>
    </ReportFrame>
  );
}

const pointsWithGaps = (rows: readonly QualityRow[]): number =>
  new Set(rows.filter((row) => !isWhole(row)).map(({ pointId }) => pointId)).size;

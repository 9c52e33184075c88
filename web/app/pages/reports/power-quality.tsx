/** Power quality: voltage, current and power factor of each point against their limits; a point opens to its days. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { localDay } from '../../dates.ts';
import { number } from '../../format.ts';
import { Cell } from '../../parts/figure.tsx';
import { Empty } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import { askedRange, rangeSearch } from '../../range.ts';
import type { PowerQualityRow, Report } from '../../reports.ts';
import type { ReportSearch } from '../../search.ts';
import { percent } from './figures.tsx';
import { BuildingFilter, RangeFilter } from './filters.tsx';
import { ReportFrame, Strip } from './frame.tsx';
import { usePowerColumns } from './power-columns.tsx';
import { PowerDays } from './power-days.tsx';
import { FACTOR_LIMIT, isOff, UNBALANCE_LIMIT, VOLTAGE } from './power-limits.ts';
import { useReport } from './use-report.ts';

export default function PowerQuality() {
  const { t } = useTranslation();
  const { zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/power-quality' });
  const today = localDay(zone, useNow(60_000));
  const asked = askedRange(search, today, 'week');
  const query = { from: asked.from, to: asked.to, by: 'point', buildingId: search.building };
  const answer = useReport<Report<PowerQualityRow>>('power-quality', query);
  const rows = answer.data?.data;
  const off = rows?.filter(isOff);
  const all = search.show !== 'all' ? 'all' : 'off';
  const set = (change: Partial<ReportSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const columns = usePowerColumns(search.open);
  const sum = (of: (row: PowerQualityRow) => number) =>
    (rows ?? []).reduce((so, row) => so + of(row), 0);
  const outside = sum((row) => row.voltageLow + row.voltageHigh);
  const seen = sum((row) => row.samples);
  const count = (of: (row: PowerQualityRow) => boolean) => number(rows?.filter(of).length);
  return (
    <ReportFrame
      title={t('report.name.powerQuality')}
      page="power-quality"
      asked={asked}
      context={t('report.power.cut', { zone })}
      answer={answer}
      file={{ name: 'power-quality', query }}
      first={<RangeFilter asked={asked} onChange={(range) => set(rangeSearch(range))} />}
      filters={
        <BuildingFilter
          value={search.building}
          onChange={(building) => set({ building, open: undefined })}
        />
      }
    >
      <Strip count={4}>
        <Cell
          label={t('report.power.outside')}
          value={percent(seen ? outside / seen : null, 3)}
          unit="%"
          loading={!rows}
          line={t('report.power.limits', { low: VOLTAGE.low, high: VOLTAGE.high })}
        />
        <Cell
          label={t('report.power.pointsOut')}
          value={count((row) => row.voltageLow + row.voltageHigh > 0)}
          loading={!rows}
          line={t('report.power.ofPoints', { count: rows?.length ?? 0 })}
        />
        <Cell
          label={t('report.power.lowFactor')}
          value={count(({ factorAvg }) => factorAvg !== null && Math.abs(factorAvg) < FACTOR_LIMIT)}
          loading={!rows}
          line={t('report.power.factorLimit', { limit: FACTOR_LIMIT })}
        />
        <Cell
          label={t('report.power.silent')}
          value={count(({ samples }) => samples === 0)}
          loading={!rows}
          line={t('report.power.silentWhy')}
        />
      </Strip>
      <Table
        name="power-quality"
        label={t('report.name.powerQuality')}
        title={rows && t('report.power.points', { count: rows.length })}
        beside={
          rows && (
            <Segmented
              label={t('report.show')}
              value={all}
              onChange={(value) => set({ show: value === 'off' ? 'all' : undefined })}
              choices={[
                { value: 'all', label: t('report.integrated.all') },
                { value: 'off', label: t('report.power.off', { count: off?.length ?? 0 }) },
              ]}
            />
          )
        }
        columns={columns}
        rows={all === 'all' ? rows : off}
        rowKey={({ pointId }) => pointId}
        openKey={search.open}
        onOpen={({ pointId }) => set({ open: pointId === search.open ? undefined : pointId })}
        detail={(row) => <PowerDays point={row} asked={asked} />}
        sort={search.sort ?? '-outside'}
        onSort={(sort) => set({ sort })}
        waitingFor={t('wait.report')}
        empty={
          all === 'off' ? (
            <Empty
              icon="check"
              title={t('report.power.noneOff')}
              text={t('report.power.noneOffText')}
            />
          ) : (
            <Empty title={t('report.power.none')} text={t('report.power.noneText')} />
          )
        }
        foot={t('report.power.foot', { factor: FACTOR_LIMIT, unbalance: UNBALANCE_LIMIT })}
      />
    </ReportFrame>
  );
}

/** Losses: every main meter against the sum of its sub-meters, what is usual, and what is not. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { daysApart, localDay } from '../../dates.ts';
import { number, thousands } from '../../format.ts';
import { Cell } from '../../parts/figure.tsx';
import { Empty } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import { askedRange, rangeSearch } from '../../range.ts';
import type { LossRow, Report } from '../../reports.ts';
import type { ReportSearch } from '../../search.ts';
import { percent } from './figures.tsx';
import { RangeFilter, SupplyFilter } from './filters.tsx';
import { ReportFrame, Strip } from './frame.tsx';
import { LossChart } from './loss-chart.tsx';
import { useLossColumns } from './loss-columns.tsx';
import { LossDetail } from './loss-detail.tsx';
import { useReport } from './use-report.ts';

/** By day as long as an eye can follow the days. */
const BY_DAY_MAX = 124;
const order = { suspect: 0, watch: 1, incomplete: 2, none: 3 } as const;

export default function Losses() {
  const { t } = useTranslation();
  const { zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/losses' });
  const today = localDay(zone, useNow(60_000));
  const asked = askedRange(search, today, 'month');
  const commodity = search.commodity ?? 'electricity';
  const common = { from: asked.from, to: asked.to, commodity };
  const query = { ...common, unit: 'total' };
  const answer = useReport<Report<LossRow>>('losses', query);
  const unit = daysApart(asked.from, asked.to) <= BY_DAY_MAX ? 'day' : 'month';
  const overTime = useReport<Report<LossRow>>('losses', { ...common, unit });
  const base = commodity === 'water' ? 'm³' : 'kWh';
  const rows = answer.data?.data;
  const set = (change: Partial<ReportSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const columns = useLossColumns(rows ?? [], search.open);
  const park = rows?.find(({ role }) => role === 'park-main');
  const buildings = rows?.filter(({ role }) => role === 'building-main') ?? [];
  const count = (suspicion: LossRow['suspicion']) =>
    rows?.filter((row) => row.suspicion === suspicion).length;
  const worst = rows && [...rows].sort(bySuspicion)[0];
  return (
    <ReportFrame
      title={t('report.name.losses')}
      page="losses"
      asked={asked}
      answer={answer}
      file={{ name: 'losses', query: { ...common, unit }, rows: overTime.data?.rowCount ?? null }}
      first={<RangeFilter asked={asked} onChange={(range) => set(rangeSearch(range))} />}
      filters={
        <SupplyFilter
          value={commodity}
          onChange={(value) =>
            set({ commodity: value === 'electricity' ? undefined : value, open: undefined })
          }
        />
      }
    >
      <Strip count={4}>
        <Cell
          label={t('report.losses.main')}
          value={thousands(park?.mainQuantity ?? totalOf(buildings, 'mainQuantity'))}
          unit={base}
          loading={!rows}
          line={park ? park.code : t('report.losses.mains', { count: buildings.length })}
        />
        <Cell
          label={t('report.losses.notInSubs')}
          value={thousands(totalOf(rows ?? [], 'difference'))}
          unit={base}
          loading={!rows}
          line={t('report.losses.allLevels')}
        />
        <Cell
          label={t('report.losses.suspects')}
          value={number(count('suspect'))}
          loading={!rows}
          line={t('report.losses.watched', { count: count('watch') ?? 0 })}
        />
        <Cell
          label={t('report.losses.worst')}
          value={percent(worst?.lossShare)}
          unit="%"
          loading={!rows}
          line={
            worst &&
            t('report.losses.worstLine', { code: worst.code, usual: percent(worst.baselineShare) })
          }
        />
      </Strip>
      <div className="stack">
        <LossChart
          rows={overTime.data?.data}
          unit={unit}
          opened={search.open}
          onOpen={(mainId) => set({ open: mainId === search.open ? undefined : mainId })}
        />
        <Table
          name="losses"
          label={t('report.name.losses')}
          title={rows && t('report.losses.mains', { count: rows.length })}
          beside={<span className="unit">{base}</span>}
          columns={columns}
          rows={rows && [...rows].sort(bySuspicion)}
          rowKey={({ mainId }) => mainId}
          openKey={search.open}
          onOpen={({ mainId }) => set({ open: mainId === search.open ? undefined : mainId })}
          detail={(row) => <LossDetail main={row} asked={asked} rows={rows ?? []} />}
          sort={search.sort}
          onSort={(sort) => set({ sort })}
          waitingFor={t('wait.report')}
          empty={<Empty title={t('report.losses.none')} text={t('report.losses.noneText')} />}
          foot={t('report.losses.foot')}
        />
      </div>
    </ReportFrame>
  );
}

const bySuspicion = (a: LossRow, b: LossRow): number =>
  order[a.suspicion] - order[b.suspicion] || excess(b) - excess(a);

const excess = ({ lossShare, baselineShare }: LossRow): number =>
  (lossShare ?? 0) - (baselineShare ?? 0);

/** Missing where nothing is known; else the sum of what is. */
function totalOf(rows: readonly LossRow[], key: 'mainQuantity' | 'difference'): number | null {
  const known = rows.flatMap((row) => row[key] ?? []);
  return known.length ? known.reduce((so, value) => so + value, 0) : null;
}

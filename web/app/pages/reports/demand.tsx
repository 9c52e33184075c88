/** Demand peaks: the highest quarter-hour of each place and month or day, and when it was. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { daysApart, localDay, moment, wallMinute } from '../../dates.ts';
import { kw, number, thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Filter } from '../../parts/controls.tsx';
import { Cell } from '../../parts/figure.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { askedRange, rangeSearch } from '../../range.ts';
import type { DemandRow, Report } from '../../reports.ts';
import type { ReportSearch } from '../../search.ts';
import { DemandChart } from './demand-chart.tsx';
import { MissingHours, PartBar, percent } from './figures.tsx';
import { BuildingFilter, RangeFilter } from './filters.tsx';
import { ReportFrame, Strip } from './frame.tsx';
import { titleOfPeriod } from './periods.ts';
import { useReport } from './use-report.ts';

const BY_DAY_MAX = 62;
const kinds = ['project', 'building', 'account', 'point'] as const;

export default function Demand() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/demand' });
  const now = useNow(60_000);
  const asked = askedRange(search, localDay(zone, now), 'twelve');
  const days = daysApart(asked.from, asked.to);
  const per = search.unit === 'day' && days <= BY_DAY_MAX ? 'day' : days <= 31 ? 'day' : 'month';
  const by = kinds.find((each) => each === search.by) ?? 'building';
  const common = { from: asked.from, to: asked.to, per, buildingId: search.building };
  const query = { ...common, by };
  const answer = useReport<Report<DemandRow>>('demand', query);
  // Peaks of places do not fall together: the whole has one of its own.
  const whole = useReport<Report<DemandRow>>('demand', {
    ...common,
    by: search.building ? 'building' : 'project',
  });
  const rows = answer.data?.data;
  const set = (change: Partial<ReportSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const columns = useColumns(rows ?? [], by, per);
  const highest = highestOf(whole.data?.data ?? []);
  const opened = rows?.some(({ key }) => key === search.open) ? search.open : undefined;
  const drawn = useMemo(
    () => (opened ? rows?.filter(({ key }) => key === opened) : whole.data?.data),
    [opened, rows, whole.data],
  );
  const sum = (rows ?? []).reduce((so, row) => so + row.missing, 0);
  const first = rows?.find(({ key }) => key === opened);
  return (
    <ReportFrame
      title={t('report.name.demand')}
      page="demand"
      asked={asked}
      context={t('report.demand.cut', { zone })}
      answer={answer}
      file={{ name: 'demand', query, missing: sum ? `${number(sum / 4, 1)} h` : undefined }}
      first={<RangeFilter asked={asked} onChange={(range) => set(rangeSearch(range))} />}
      filters={
        <>
          {days <= BY_DAY_MAX && days > 31 && (
            <Segmented
              label={t('energy.unit')}
              value={per}
              onChange={(value) => set({ unit: value })}
              choices={(['day', 'month'] as const).map((value) => ({
                value,
                label: t(`energy.by.${value}`),
              }))}
            />
          )}
          <BuildingFilter
            value={search.building}
            onChange={(building) => set({ building, open: undefined })}
          />
          <Filter
            label={t('energy.rows')}
            value={by}
            options={kinds.map((value) => ({ value, label: t(`report.kind.${value}`) }))}
            onChange={(value) => set({ by: value, sort: undefined, open: undefined })}
          />
        </>
      }
    >
      <Strip count={3}>
        <Cell
          label={t('report.demand.highest')}
          value={kw(highest?.demandW)}
          unit="kW"
          loading={!whole.data}
          line={highest?.at ? moment(language, zone, highest.at, now) : undefined}
        />
        <Cell
          label={t('report.load.factor')}
          value={percent(highest?.loadFactor)}
          unit="%"
          loading={!whole.data}
          line={highest && titleOfPeriod(highest.period, language)}
        />
        <Cell
          label={t('home.missing')}
          value={number(sum / 4, 1)}
          unit={t('energy.meterHours')}
          loading={!rows}
          line={t('report.demand.missingWhy')}
        />
      </Strip>
      <div className="stack">
        {whole.isError && !whole.data ? (
          <ProblemNotice error={whole.error} retry={() => void whole.refetch()} />
        ) : (
          <DemandChart
            rows={drawn}
            per={per}
            of={
              first
                ? first.code || nameOf(language, { name: first.label, nameZh: first.labelZh })
                : t(search.building ? 'report.demand.building' : 'report.demand.whole')
            }
          />
        )}
        <Table
          name={`demand-${by}`}
          label={t('report.name.demand')}
          title={t(`report.demand.by.${by}`)}
          beside={<span className="second">{t('report.demand.each')}</span>}
          columns={columns}
          rows={rows}
          rowKey={(row) => `${row.key} ${row.period}`}
          rowClass={(row) => (row.key === opened ? 'now' : '')}
          onOpen={({ key }) => set({ open: key === opened ? undefined : (key ?? undefined) })}
          sort={search.sort ?? '-demand'}
          onSort={(sort) => set({ sort })}
          waitingFor={t('wait.report')}
          empty={<Empty title={t('report.demand.none')} text={t('energy.noneText')} />}
          foot={t('report.demand.foot', { zone })}
        />
      </div>
    </ReportFrame>
  );
}

const highestOf = (rows: readonly DemandRow[]): DemandRow | undefined =>
  [...rows].sort((a, b) => (b.demandW ?? -1) - (a.demandW ?? -1))[0];

function useColumns(
  rows: readonly DemandRow[],
  by: (typeof kinds)[number],
  per: 'day' | 'month',
): Column<DemandRow>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const most = Math.max(1, ...rows.map(({ demandW }) => demandW ?? 0));
  return [
    {
      key: 'place',
      title: t(`report.kind.${by}`),
      width: 'minmax(150px, 2fr)',
      phone: 'title',
      value: (row) => row.code || row.label,
      cell: (row) => {
        const name = nameOf(language, { name: row.label, nameZh: row.labelZh });
        return (
          <div className="nest clip" title={name}>
            <b className={by === 'point' ? 'strong' : 'strong nest-name'}>
              {by === 'point' ? row.code : name}
            </b>
            {by === 'point' && <span className="quiet nest-name">{name}</span>}
          </div>
        );
      },
    },
    {
      key: 'period',
      title: t(`energy.by.${per}`),
      width: '140px',
      phone: 'title',
      value: ({ period }) => period,
      cell: ({ period }) => <span className="nowrap">{titleOfPeriod(period, language)}</span>,
    },
    {
      key: 'demand',
      title: t('report.demand.demand'),
      unit: 'kW',
      align: 'right',
      width: '110px',
      phone: 'figure',
      value: ({ demandW }) => (demandW === null ? null : demandW / 1000),
      cell: ({ demandW }) => <b className="strong">{kw(demandW)}</b>,
    },
    {
      key: 'bar',
      title: t('report.demand.ofHighest'),
      width: 'minmax(80px, 1.2fr)',
      phone: 'none',
      value: () => null,
      cell: ({ demandW }) => <PartBar share={demandW === null ? null : demandW / most} />,
    },
    {
      key: 'at',
      title: t('report.demand.at'),
      width: '130px',
      phone: 'plain',
      value: ({ at }) => at,
      cell: ({ at }) => (
        <span className="nowrap">{at ? moment(language, zone, at, now) : '–'}</span>
      ),
    },
    {
      key: 'clock',
      title: t('report.demand.clock'),
      align: 'right',
      width: '84px',
      phone: 'none',
      optional: true,
      value: ({ at }) => (at ? wallMinute(zone, at) / 60 : null),
      cell: ({ at }) => (at ? number(wallMinute(zone, at) / 60, 2) : '–'),
    },
    {
      key: 'quantity',
      title: t('report.integrated.energy'),
      unit: 'kWh',
      align: 'right',
      width: '120px',
      value: ({ quantity }) => (quantity === null ? null : quantity / 1000),
      cell: ({ quantity }) => thousands(quantity),
    },
    {
      key: 'factor',
      title: t('report.load.factor'),
      unit: '%',
      align: 'right',
      width: '110px',
      value: ({ loadFactor }) => (loadFactor === null ? null : loadFactor * 100),
      cell: ({ loadFactor }) => percent(loadFactor),
    },
    {
      key: 'missing',
      title: t('home.missing'),
      unit: 'h',
      align: 'right',
      width: '84px',
      phone: 'none',
      value: ({ missing }) => missing / 4,
      cell: ({ missing }) => <MissingHours quarters={missing} />,
    },
  ];
}

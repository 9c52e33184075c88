/** Ranking: who uses most or least, what share the first ones have together, and who moved. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { localDay } from '../../dates.ts';
import { change, number, signed, thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Filter } from '../../parts/controls.tsx';
import { Cell } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { askedRange, rangeSearch } from '../../range.ts';
import type { RankingRow, RankingTotals, Report } from '../../reports.ts';
import type { ReportSearch } from '../../search.ts';
import { MissingHours, PartBar, percent, quantityColumn } from './figures.tsx';
import { BuildingFilter, RangeFilter, SupplyFilter } from './filters.tsx';
import { ReportFrame, Strip } from './frame.tsx';
import { RankingChart } from './ranking-chart.tsx';
import { useReport } from './use-report.ts';

const kinds = ['point', 'account', 'building'] as const;
type Kind = (typeof kinds)[number];
/** As many as the report gives at most: a ranking of all. */
const ALL = 10_000;
const FIRST = 50;

export default function Ranking() {
  const { t } = useTranslation();
  const { zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/ranking' });
  const today = localDay(zone, useNow(60_000));
  const asked = askedRange(search, today, 'month');
  const by = kinds.find((each) => each === search.by) ?? 'point';
  const order = search.show === 'least' ? 'least' : 'most';
  const commodity = search.commodity ?? 'electricity';
  const unit = commodity === 'water' ? 'm³' : 'kWh';
  const all = search.unit === 'total';
  const query = {
    from: asked.from,
    to: asked.to,
    by,
    order,
    top: all ? ALL : FIRST,
    commodity,
    buildingId: search.building,
  };
  const answer = useReport<Report<RankingRow, RankingTotals>>('ranking', query);
  const report = answer.data;
  const rows = report?.data;
  const totals = report?.totals;
  const set = (change: Partial<ReportSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const columns = useColumns(rows ?? [], by, commodity === 'water' ? 3 : 0);
  const half = rows?.find(({ cumulativeShare }) => (cumulativeShare ?? 0) >= 0.5);
  const climber = rows && climbed(rows);
  const first = rows?.[0];
  return (
    <ReportFrame
      title={t('report.name.ranking')}
      page="ranking"
      asked={asked}
      answer={answer}
      file={{ name: 'ranking', query: { ...query, top: ALL }, rows: totals?.keys ?? null }}
      first={<RangeFilter asked={asked} onChange={(range) => set(rangeSearch(range))} />}
      filters={
        <>
          <Segmented
            label={t('report.ranking.order')}
            value={order}
            onChange={(value) => set({ show: value === 'least' ? 'least' : undefined })}
            choices={(['most', 'least'] as const).map((value) => ({
              value,
              label: t(`report.ranking.orders.${value}`),
            }))}
          />
          <Filter
            label={t('report.ranking.of')}
            value={by}
            options={kinds.map((value) => ({ value, label: t(`report.kind.${value}`) }))}
            onChange={(value) => set({ by: value, sort: undefined })}
          />
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
          label={t('report.ranking.all')}
          value={thousands(totals?.quantity)}
          unit={unit}
          loading={!report}
          line={t(`report.ranking.keys.${by}`, { count: totals?.keys ?? 0 })}
        />
        <Cell
          label={t('report.ranking.first')}
          value={percent(first?.share)}
          unit="%"
          loading={!report}
          line={first && <PlaceName row={first} by={by} />}
        />
        <Cell
          label={t('report.ranking.half')}
          value={half ? number(half.rank) : '–'}
          loading={!report}
          line={t('report.ranking.halfLine')}
        />
        <Cell
          label={t('report.ranking.climber')}
          value={climber ? signed(climber.places, 0) : '–'}
          loading={!report}
          line={climber && <PlaceName row={climber.row} by={by} />}
        />
      </Strip>
      <div className="stack">
        <RankingChart rows={rows} unit={unit} by={by} />
        <Table
          name={`ranking-${by}`}
          label={t('report.name.ranking')}
          title={rows && t(`report.ranking.keys.${by}`, { count: rows.length })}
          beside={
            <>
              <span className="unit">{unit}</span>
              {totals && totals.keys > FIRST && (
                <button
                  type="button"
                  className="button small"
                  onClick={() => set({ unit: all ? undefined : 'total' })}
                >
                  {all
                    ? t('report.ranking.showFirst', { count: FIRST })
                    : t('report.ranking.showAll', { count: totals.keys })}
                </button>
              )}
            </>
          }
          columns={columns}
          rows={rows}
          rowKey={(row) => row.key ?? row.code}
          sort={search.sort}
          onSort={(sort) => set({ sort })}
          waitingFor={t('wait.report')}
          empty={<Empty title={t('energy.none')} text={t('energy.noneText')} />}
          foot={t('report.ranking.foot')}
        />
      </div>
    </ReportFrame>
  );
}

/** Who came up most places, if anyone did. */
function climbed(rows: readonly RankingRow[]): { row: RankingRow; places: number } | null {
  const moves = rows.flatMap((row) =>
    row.previousRank ? { row, places: row.previousRank - row.rank } : [],
  );
  const [most] = moves.sort((a, b) => b.places - a.places);
  return most && most.places > 0 ? most : null;
}

function PlaceName({ row, by }: { row: RankingRow; by: Kind }) {
  const language = useLanguage();
  const { t } = useTranslation();
  const name = nameOf(language, { name: row.label, nameZh: row.labelZh });
  return <>{by === 'point' ? row.code : name || t('energy.noAccount')}</>;
}

function useColumns(rows: readonly RankingRow[], by: Kind, decimals: number): Column<RankingRow>[] {
  const { t } = useTranslation();
  const most = Math.max(1, ...rows.map(({ quantity }) => quantity ?? 0));
  return [
    {
      key: 'rank',
      title: t('report.ranking.rank'),
      align: 'right',
      width: '46px',
      phone: 'title',
      value: ({ rank }) => rank,
      cell: ({ rank }) => <b className="strong">{rank}</b>,
    },
    {
      key: 'move',
      title: t('report.ranking.move'),
      align: 'right',
      width: '64px',
      phone: 'plain',
      value: ({ rank, previousRank }) => (previousRank ? previousRank - rank : null),
      cell: (row) => <Move row={row} />,
    },
    {
      key: 'place',
      title: t(`report.kind.${by}`),
      width: 'minmax(150px, 1.6fr)',
      phone: 'title',
      value: (row) => row.code || row.label,
      cell: (row) => <Place row={row} by={by} />,
    },
    quantityColumn<RankingRow>('quantity', t('report.integrated.energy'), (row) => row.quantity, {
      decimals,
      width: '100px',
      phone: 'figure',
      cell: (row) => <b className="strong">{thousands(row.quantity, decimals)}</b>,
    }),
    {
      key: 'bar',
      title: t('report.ranking.against'),
      width: 'minmax(90px, 2fr)',
      phone: 'none',
      value: () => null,
      cell: ({ quantity }) => <PartBar share={(quantity ?? 0) / most} />,
    },
    {
      key: 'share',
      title: t('report.ranking.share'),
      unit: '%',
      align: 'right',
      width: '76px',
      value: ({ share }) => share,
      cell: ({ share }) => percent(share),
    },
    {
      key: 'soFar',
      title: t('report.ranking.soFar'),
      unit: '%',
      align: 'right',
      width: '90px',
      phone: 'none',
      value: ({ cumulativeShare }) => cumulativeShare,
      cell: ({ cumulativeShare }) => <span className="quiet">{percent(cumulativeShare)}</span>,
    },
    quantityColumn<RankingRow>('previous', t('energy.before'), (row) => row.previous, {
      decimals,
      width: '100px',
      phone: 'none',
      cell: (row) => <span className="quiet">{thousands(row.previous, decimals)}</span>,
    }),
    {
      key: 'change',
      title: t('energy.change'),
      unit: '%',
      align: 'right',
      width: '84px',
      value: (row) => change(row.quantity, row.previous),
      cell: (row) => signed(change(row.quantity, row.previous)),
    },
    {
      key: 'estimated',
      title: t('home.estimated'),
      unit: 'h',
      align: 'right',
      width: '90px',
      phone: 'none',
      value: ({ estimated }) => estimated / 4,
      cell: ({ estimated }) => (
        <span className={estimated ? 'estimated' : 'quiet'}>{number(estimated / 4, 1)}</span>
      ),
    },
    {
      key: 'missing',
      title: t('home.missing'),
      unit: 'h',
      align: 'right',
      width: '80px',
      phone: 'none',
      value: ({ missing }) => missing / 4,
      cell: ({ missing }) => <MissingHours quarters={missing} />,
    },
  ];
}

function Place({ row, by }: { row: RankingRow; by: Kind }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const name = nameOf(language, { name: row.label, nameZh: row.labelZh });
  if (by === 'account' && row.key) {
    return (
      <Link
        to="/projects/$projectId/accounts/$accountId"
        params={{ projectId, accountId: row.key }}
        className="clip strong block"
        style={{ color: 'inherit' }}
        title={name}
        preload={false}
      >
        {name}
      </Link>
    );
  }
  return (
    <div className="nest clip" title={name}>
      <b className={by === 'point' ? 'strong' : 'strong nest-name'}>
        {by === 'point' ? row.code : name || t('energy.noAccount')}
      </b>
      {by === 'point' && <span className="quiet nest-name">{name}</span>}
    </div>
  );
}

/** Places gained or lost; up and down is no good and bad, so it has no colour. */
function Move({ row: { rank, previousRank } }: { row: RankingRow }) {
  const { t } = useTranslation();
  if (!previousRank) return <span className="quiet">{t('report.ranking.new')}</span>;
  const places = previousRank - rank;
  if (!places) return <span className="quiet">=</span>;
  return (
    <span className="move" title={t('report.ranking.was', { rank: previousRank })}>
      <Icon name={places > 0 ? 'up' : 'down'} size={12} />
      {Math.abs(places)}
    </span>
  );
}

/** The report as a table that foots: a line per place, or per period for the whole park. */
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { EnergyFigures, EnergyReport } from '../../api.ts';
import { number, signed, thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Empty } from '../../parts/notice.tsx';
import { ranks, rankVar } from '../../parts/palette.ts';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { useEnergy } from '../../queries.ts';
import type { Rank } from '../../tariff-shapes.ts';
import { NestMark } from '../reports/figures.tsx';
import type { Asked } from './asked.ts';
import {
  type Comparison,
  changeOf,
  comparisonOf,
  completeness,
  type Line,
  toBars,
  toLines,
} from './bars.ts';
import { useBefore } from './before.ts';
import { EnergyFoot } from './energy-foot.tsx';

const QUARTER_H = 0.25;

export function EnergyTable({
  report,
  asked,
  whole,
  open,
  sort,
  onSort,
  onDay,
  onPlace,
}: {
  report: EnergyReport | undefined;
  asked: Asked;
  /** What of the whole range can be compared. */
  whole: Comparison;
  /** The period that is not over, if any. */
  open: string | null;
  sort: string | undefined;
  onSort: (sort: string | undefined) => void;
  onDay: (day: string) => void;
  onPlace: (key: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const unit = asked.commodity === 'water' ? 'm³' : 'kWh';
  const rows = useMemo(() => {
    if (!report) return undefined;
    if (asked.by !== 'project') return toLines(report.data, open);
    return toBars(report.data, asked.unit, language).map((bar) => ({
      ...bar,
      key: bar.period,
      code: '',
      label: bar.title,
      labelZh: null,
      compared: comparisonOf([bar], open),
    }));
  }, [report, asked.by, asked.unit, language, open]);
  const before = useBefore(report);
  const columns = useColumns(rows ?? [], report?.totals, { asked, whole, open, before });
  const under = useFloors(asked, open);
  const isDays = asked.by === 'project' && asked.unit === 'day';
  return (
    <Table
      name={`energy-by-${asked.by === 'project' ? asked.unit : asked.by}`}
      label={t('energy.title')}
      title={t(`energy.tableBy.${asked.by === 'project' ? asked.unit : asked.by}`)}
      beside={<span className="unit">{unit}</span>}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.key}
      sort={sort}
      onSort={onSort}
      rowClass={(row) => (row.nested ? 'nested' : '')}
      under={under}
      onOpen={
        isDays
          ? (row) => onDay(row.key)
          : asked.by === 'building'
            ? (row) => !row.nested && onPlace(row.key)
            : undefined
      }
      waitingFor={t('wait.report')}
      empty={<Empty title={t('energy.none')} text={t('energy.noneText')} />}
      foot={<EnergyFoot asked={asked} />}
    />
  );
}

/** The floors of the building that is opened, as lines below it. */
function useFloors(
  asked: Asked,
  open: string | null,
): ((row: Line) => readonly Line[] | undefined) | undefined {
  const isOn = asked.by === 'building' && !!asked.open;
  const floors = useEnergy(
    {
      from: asked.from,
      to: asked.to,
      // A building has few floors: by period, so that what is not over is not compared.
      unit: open === null ? 'year' : asked.unit,
      by: 'floor',
      against: asked.against,
      buildingId: asked.open,
      commodity: asked.commodity,
    },
    { on: isOn },
  );
  const data = floors.isPlaceholderData ? undefined : floors.data?.data;
  return useMemo(() => {
    if (!isOn || !data) return undefined;
    const lines = toLines(data, open);
    return (row) =>
      row.key === asked.open && !row.nested
        ? lines.map((line) => ({
            ...line,
            key: `f${line.key}`,
            // Below its building a floor need not repeat it.
            label: line.label.replace(row.label, '').replace(/^[\s,]+/, '') || line.label,
            labelZh: null,
            nested: true,
          }))
        : undefined;
  }, [isOn, data, asked.open, open]);
}

function useColumns(
  rows: readonly Line[],
  totals: EnergyFigures | undefined,
  {
    asked,
    whole,
    open,
    before,
  }: { asked: Asked; whole: Comparison; open: string | null; before: string },
): Column<Line>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const most = Math.max(1, ...rows.map(({ quantity }) => quantity ?? 0));
  const decimals = asked.commodity === 'water' ? 3 : 0;
  const quantity = (
    key: string,
    title: string,
    of: (figures: EnergyFigures) => number | null | undefined,
    more: Partial<Column<Line>> = {},
  ): Column<Line> => ({
    key,
    title,
    align: 'right',
    width: 'minmax(62px, 1fr)',
    value: (row) => of(row) ?? null,
    cell: (row) => thousands(of(row), decimals),
    ...(totals && {
      total: { cell: thousands(of(totals), decimals), value: of(totals) ?? null },
    }),
    ...more,
  });
  const byPeriod = (rank: Rank) =>
    quantity(`rank${rank}`, t(`period.${rank}`), (figures) => partOf(figures, rank), {
      mark: <i className="swatch" style={{ background: rankVar(rank) }} />,
      phone: 'none',
      ...(rank === '5' && { width: 'minmax(92px, 1fr)' }),
    });
  // One cell over the whole range is compared only where all of it can be.
  const isUnlike = open === null && asked.by !== 'project' && whole.compared !== whole.over;
  const changeIn = (row: Line) => (isUnlike ? null : changeOf(row.compared));
  const isParted = open !== null && rows.some(({ compared }) => compared.compared > 0);
  const previousIn = (row: Line) => (isParted ? previousOf(row.compared) : row.previous);
  const why = isUnlike ? 'notComparable' : open !== null ? 'notOver' : null;
  const totalRow = rows.length > 0 ? t('total') : '';
  return [
    {
      key: 'label',
      title: t(`energy.row.${asked.by}`),
      width: 'minmax(110px, 2fr)',
      phone: 'title',
      value: (row) => nameOf(language, { name: row.label, nameZh: row.labelZh }) || row.code,
      order: (row) => (asked.by === 'project' ? row.key : row.code || row.label),
      cell: (row) => <Place row={row} asked={asked} projectId={projectId} />,
      total: { cell: totalRow, value: totalRow },
    },
    ...(asked.commodity === 'electricity' ? ranks.map(byPeriod) : []),
    quantity('total', t('total'), (figures) => figures.quantity, {
      phone: 'figure',
      cell: (row) => <b className="strong">{thousands(row.quantity, decimals)}</b>,
    }),
    ...(asked.against === 'none'
      ? []
      : [
          {
            ...quantity('previous', before, (figures) => figures.previous),
            ...(isParted && { unit: t(`energy.count.${asked.unit}`, { count: whole.compared }) }),
            width: isParted ? 'minmax(114px, 1fr)' : 'minmax(70px, 1fr)',
            value: previousIn,
            cell: (row) => <span className="quiet">{thousands(previousIn(row), decimals)}</span>,
            ...(totals && {
              total: isParted
                ? { cell: thousands(previousOf(whole), decimals), value: previousOf(whole) }
                : { cell: thousands(totals.previous, decimals), value: totals.previous },
            }),
          } satisfies Column<Line>,
          {
            key: 'change',
            title: t('energy.change'),
            unit: '%',
            align: 'right',
            width: '68px',
            value: (row) => asShown(changeIn(row)),
            cell: (row) => <Change value={changeIn(row)} why={why} />,
            ...(totals && {
              total: {
                cell: <Change value={changeOf(whole)} why={why} />,
                value: asShown(changeOf(whole)),
              },
            }),
          } satisfies Column<Line>,
        ]),
    ...(asked.commodity === 'electricity'
      ? [
          {
            key: 'share',
            title: t('energy.share'),
            width: '88px',
            phone: 'none',
            value: () => null,
            cell: (row) => <ShareBar row={row} most={most} />,
          } satisfies Column<Line>,
        ]
      : []),
    quantity('estimated', t('home.estimated'), (figures) => figures.estimatedQuantity, {
      width: '72px',
      phone: 'none',
      cell: (row) => (
        <span className={row.estimatedQuantity ? 'estimated' : 'quiet'}>
          {thousands(row.estimatedQuantity, decimals)}
        </span>
      ),
    }),
    {
      key: 'missing',
      title: t('home.missing'),
      unit: t('energy.meterHours'),
      align: 'right',
      width: '90px',
      phone: 'none',
      value: (row) => row.missing * QUARTER_H,
      cell: (row) => (
        <span className={row.missing ? 'old' : 'quiet'}>{number(row.missing * QUARTER_H, 1)}</span>
      ),
      ...(totals && {
        total: { cell: number(totals.missing * QUARTER_H, 1), value: totals.missing * QUARTER_H },
      }),
    },
    {
      key: 'complete',
      title: t('energy.complete'),
      unit: '%',
      align: 'right',
      width: '80px',
      value: (row) => rounded(completeness(row)),
      cell: (row) => number(completeness(row), 2),
      ...(totals && {
        total: { cell: number(completeness(totals), 2), value: rounded(completeness(totals)) },
      }),
    },
  ];
}

/** No energy in a period is zero; where nothing is known it is missing. */
const partOf = ({ quantity, ranks: parts }: EnergyFigures, rank: Rank): number | null =>
  quantity === null ? null : (parts?.[rank] ?? 0);

const previousOf = ({ compared, previous }: Comparison): number | null =>
  compared ? previous : null;

/** A change is copied as it is shown. */
const asShown = (value: number | null): number | null =>
  value === null ? null : Math.round(value * 10) / 10;

const rounded = (value: number | null): number | null =>
  value === null ? null : Math.round(value * 100) / 100;

function Change({ value, why }: { value: number | null; why: 'notComparable' | 'notOver' | null }) {
  const { t } = useTranslation();
  return (
    <span title={value === null && why ? t(`energy.${why}`) : undefined}>{signed(value)}</span>
  );
}

function Place({ row, asked, projectId }: { row: Line; asked: Asked; projectId: string }) {
  const { by } = asked;
  const { t } = useTranslation();
  const language = useLanguage();
  const name = nameOf(language, { name: row.label, nameZh: row.labelZh });
  const body =
    by === 'point' ? (
      <>
        <b className="strong">{row.code}</b> <span className="quiet">{name}</span>
      </>
    ) : (
      <b className="strong">{name || t('energy.noAccount')}</b>
    );
  if (by === 'account' && row.key) {
    return (
      <Link
        to="/projects/$projectId/accounts/$accountId"
        params={{ projectId, accountId: row.key }}
        style={{ color: 'inherit' }}
        className="clip"
        preload={false}
      >
        {body}
      </Link>
    );
  }
  if (by === 'building') {
    return (
      <div className="nest clip" title={name}>
        {row.nested ? <span className="nest-space" /> : <NestMark open={row.key === asked.open} />}
        {row.nested || !row.key ? (
          <span className="nest-name">{row.nested ? name : body}</span>
        ) : (
          <Link
            to="/projects/$projectId/buildings/$buildingId"
            params={{ projectId, buildingId: row.key }}
            style={{ color: 'inherit' }}
            className="nest-name"
            preload={false}
          >
            {body}
          </Link>
        )}
      </div>
    );
  }
  return (
    <div className="clip" title={name}>
      {body}
    </div>
  );
}

/** The periods of a line, as long as the line is of the longest. */
function ShareBar({ row, most }: { row: Line; most: number }) {
  return (
    <span className="share-bar">
      {ranks.map((rank) => (
        <span
          key={rank}
          style={{
            width: `${((row.ranks[rank] ?? 0) / most) * 100}%`,
            background: rankVar(rank),
          }}
        />
      ))}
    </span>
  );
}

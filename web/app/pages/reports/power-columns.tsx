/** The columns of power quality: each quantity as lowest, average and highest, with a small bar against its limits. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { kw, number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import type { PowerQualityRow } from '../../reports.ts';
import { NestMark, percent } from './figures.tsx';
import { FACTOR_LIMIT, place, UNBALANCE_LIMIT, VOLTAGE } from './power-limits.ts';

export function usePowerColumns(opened: string | undefined): Column<PowerQualityRow>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  return [
    {
      key: 'point',
      title: t('report.point'),
      width: 'minmax(128px, 1.3fr)',
      phone: 'title',
      value: ({ code }) => code,
      cell: (row) => {
        const name = nameOf(language, { name: row.label, nameZh: row.labelZh });
        return (
          <div className="nest clip" title={name}>
            <NestMark open={row.pointId === opened} />
            <b className="strong">{row.code}</b>
            <span className="quiet nest-name">{name}</span>
          </div>
        );
      },
    },
    ...useFigures(),
  ];
}

/** Everything but the place, for points and for the days of one. */
export function useFigures(): Column<PowerQualityRow>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const figure = (
    key: string,
    title: string,
    unit: string,
    of: (row: PowerQualityRow) => number | null,
    decimals: number,
    more: Partial<Column<PowerQualityRow>> = {},
  ): Column<PowerQualityRow> => ({
    key,
    title,
    unit,
    align: 'right',
    width: '66px',
    value: of,
    cell: (row) => number(of(row), decimals),
    ...more,
  });
  return [
    figure('vmin', t('report.power.vMin'), 'V', (row) => row.voltageMinV, 1, {
      cell: (row) => <Limited value={row.voltageMinV} off={(v) => v < VOLTAGE.low} decimals={1} />,
    }),
    {
      key: 'vbar',
      title: t('report.power.voltage'),
      width: 'minmax(76px, 1fr)',
      phone: 'none',
      value: () => null,
      cell: (row) => <VoltageBar row={row} />,
    },
    figure('vmax', t('report.power.vMax'), 'V', (row) => row.voltageMaxV, 1, {
      cell: (row) => <Limited value={row.voltageMaxV} off={(v) => v > VOLTAGE.high} decimals={1} />,
    }),
    figure('vavg', t('report.load.average'), 'V', (row) => row.voltageAvgV, 1, {
      optional: true,
      phone: 'none',
      width: '84px',
    }),
    figure('outside', t('report.power.out'), '%', (row) => row.voltageOutShare, 2, {
      phone: 'figure',
      width: '84px',
      cell: (row) => (
        <b className={row.voltageOutShare ? 'strong old' : 'quiet'}>
          {percent(row.voltageOutShare, 2)}
        </b>
      ),
    }),
    figure('current', t('report.power.current'), 'A', (row) => row.currentMaxA, 1, {
      width: '88px',
    }),
    figure('unbalance', t('report.power.unbalance'), '%', (row) => row.unbalanceMaxPct, 1, {
      width: '88px',
      cell: (row) => (
        <Limited value={row.unbalanceMaxPct} off={(v) => v > UNBALANCE_LIMIT} decimals={1} />
      ),
    }),
    figure(
      'power',
      t('report.power.power'),
      'kW',
      (row) => (row.powerMaxW === null ? null : row.powerMaxW / 1000),
      1,
      { width: '88px', cell: (row) => kw(row.powerMaxW) },
    ),
    {
      key: 'at',
      title: t('report.demand.at'),
      width: '104px',
      phone: 'none',
      optional: true,
      value: ({ powerMaxAt }) => powerMaxAt,
      cell: ({ powerMaxAt }) => (
        <span className="nowrap quiet">
          {powerMaxAt ? moment(language, zone, powerMaxAt, now) : '–'}
        </span>
      ),
    },
    figure('factor', t('report.power.factor'), '', (row) => row.factorAvg, 3, {
      width: '84px',
      cell: (row) => (
        <Limited value={row.factorAvg} off={(v) => Math.abs(v) < FACTOR_LIMIT} decimals={3} />
      ),
    }),
    figure('low', t('report.power.factorLow'), '%', (row) => row.factorLowShare, 1, {
      width: '84px',
      phone: 'none',
      cell: (row) => percent(row.factorLowShare),
    }),
    figure('samples', t('report.power.samples'), '', (row) => row.samples, 0, {
      width: '66px',
      phone: 'none',
      cell: (row) => <span className={row.samples ? 'quiet' : 'old'}>{number(row.samples)}</span>,
    }),
  ];
}

function Limited({
  value,
  off,
  decimals,
}: {
  value: number | null;
  off: (value: number) => boolean;
  decimals: number;
}) {
  return (
    <span className={value !== null && off(value) ? 'old' : undefined}>
      {number(value, decimals)}
    </span>
  );
}

/** From lowest to highest, the average as a mark, over what the limits allow. */
function VoltageBar({ row }: { row: PowerQualityRow }) {
  const { voltageMinV: min, voltageMaxV: max, voltageAvgV: avg } = row;
  if (min === null || max === null) return <span className="quiet">–</span>;
  const at = (volt: number) => place(volt, VOLTAGE.from, VOLTAGE.to) * 100;
  return (
    <span className="range-bar" aria-hidden>
      <i
        className="allowed"
        style={{ left: `${at(VOLTAGE.low)}%`, width: `${at(VOLTAGE.high) - at(VOLTAGE.low)}%` }}
      />
      <i
        className={min < VOLTAGE.low || max > VOLTAGE.high ? 'span out' : 'span'}
        style={{ left: `${at(min)}%`, width: `${Math.max(1, at(max) - at(min))}%` }}
      />
      {avg !== null && <i className="mean" style={{ left: `${at(avg)}%` }} />}
    </span>
  );
}

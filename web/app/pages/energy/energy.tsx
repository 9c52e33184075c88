/** The energy report: how much, when, where and in which period; against the time before; what is missing. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { EnergyQuery, EnergyRow } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { addDays, localDay, time } from '../../dates.ts';
import { number, thousands } from '../../format.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useEnergy, useLive } from '../../queries.ts';
import type { EnergySearch } from '../../search.ts';
import { ReportFrame } from '../reports/frame.tsx';
import { type Asked, askedOf } from './asked.ts';
import { comparisonOf, openPeriod, toBars } from './bars.ts';
import { EnergyChart } from './energy-chart.tsx';
import { EnergyFilters, EnergyTimes } from './energy-filters.tsx';
import { EnergyTable } from './energy-table.tsx';
import './energy.css';

export default function Energy() {
  const { t } = useTranslation();
  const project = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/energy' });
  const now = useNow(60_000);
  const today = localDay(project.zone, now);
  const asked = askedOf(search, today);
  const open = openPeriod(asked, today, time(project.zone, now).slice(0, 2));
  const common: EnergyQuery = {
    from: asked.from,
    to: asked.to,
    unit: asked.unit,
    by: 'project',
    against: asked.against,
    buildingId: asked.point ? undefined : asked.building,
    pointId: asked.point,
    commodity: asked.commodity,
  };
  const overTime = useEnergy(common, { everyMs: 60_000 });
  // One cell a place: sums over the range are the same, and the answer stays small. While a period runs
  // its own cells are asked for, where that is bearable: what is not over cannot be compared.
  const places: EnergyQuery = { ...common, unit: 'year', by: asked.by };
  const cells = useCellCount(asked.by, overTime.data?.data.length);
  const isParted = open !== null && cells <= CELLS_MAX;
  const byPlace = useEnergy(isParted ? { ...places, unit: asked.unit } : places, {
    on: asked.by !== 'project' && (open === null || !!overTime.data),
    everyMs: 60_000,
  });
  const set = (change: Partial<EnergySearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const rows = asked.by === 'project' ? overTime : byPlace;
  const report = overTime.data;
  const answer = rows.data;
  // The file has what the table shows: places over the whole range, or the periods of the park.
  const question = asked.by === 'project' ? common : places;
  const unit = asked.commodity === 'water' ? 'm³' : 'kWh';
  const compared = useMemo(
    () => comparisonOf(toBars(report?.data ?? [], asked.unit, 'en'), open),
    [report, asked.unit, open],
  );
  const rowKeyOf = (row: EnergyRow) =>
    asked.by === 'project' ? row.period : (row.key ?? row.code);
  return (
    <ReportFrame
      title={t('energy.title')}
      page="energy"
      asked={asked}
      answer={overTime}
      file={{
        name: 'energy',
        query: question,
        rows: answer ? new Set(answer.data.map(rowKeyOf)).size : null,
        hasTotal: true,
        estimated:
          answer &&
          t('exports.flagged', {
            quantity: `${thousands(answer.totals.estimatedQuantity)} ${unit}`,
          }),
        missing:
          answer &&
          t('exports.leftEmpty', {
            quantity: `${number(answer.totals.missing / 4, 1)} ${t('energy.meterHours')}`,
          }),
        ...(asked.by !== 'project' && {
          behind: {
            path: '/reports/energy',
            query: { ...common, by: asked.by },
            title: t(`energy.each.${asked.unit}`),
          },
        }),
      }}
      first={<EnergyTimes asked={asked} set={set} />}
      filters={<EnergyFilters asked={asked} set={set} />}
    >
      <div className="stack">
        <EnergyChart report={report} asked={asked} open={open} />
        {rows.isError && !rows.data ? (
          <ProblemNotice error={rows.error} retry={() => void rows.refetch()} />
        ) : (
          <EnergyTable
            report={rows.data}
            asked={asked}
            whole={compared}
            open={open}
            sort={search.sort}
            onSort={(sort) => set({ sort })}
            onDay={(day) => set({ range: undefined, from: day, to: addDays(day, 1), unit: 'hour' })}
            onPlace={(key) => set({ open: key === asked.open ? undefined : key })}
          />
        )}
      </div>
    </ReportFrame>
  );
}

/** Cells that a browser takes in and adds up each minute. */
const CELLS_MAX = 6_000;

/** About how many cells an answer has: places times periods. */
function useCellCount(by: Asked['by'], periods = 1): number {
  const points = useLive('slow').data?.data.length ?? CELLS_MAX;
  return (by === 'building' ? 1 : points) * periods;
}

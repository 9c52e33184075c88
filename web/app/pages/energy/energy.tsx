/** The energy report: how much, when, where and in which period; against the time before; what is missing. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { EnergyQuery, EnergyReport, EnergyUnit } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { addDays, localDay } from '../../dates.ts';
import { number, thousands } from '../../format.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useEnergy } from '../../queries.ts';
import type { EnergySearch } from '../../search.ts';
import { ReportFrame } from '../reports/frame.tsx';
import { askedOf } from './asked.ts';
import { comparisonOf, toBars, weekOf } from './bars.ts';
import { EnergyChart } from './energy-chart.tsx';
import { EnergyFilters, EnergyTimes } from './energy-filters.tsx';
import { EnergyTable } from './energy-table.tsx';
import './energy.css';

export default function Energy() {
  const { t } = useTranslation();
  const project = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/energy' });
  const today = localDay(project.zone, useNow(60_000));
  const asked = askedOf(search, today);
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
  // One cell a place: sums over the range are the same, and the answer stays small.
  const places: EnergyQuery = { ...common, unit: 'year', by: asked.by };
  const byPlace = useEnergy(places, { on: asked.by !== 'project', everyMs: 60_000 });
  const set = (change: Partial<EnergySearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const rows = asked.by === 'project' ? overTime : byPlace;
  const report = overTime.data;
  const answer = rows.data;
  // The file has what the table shows: places over the whole range, or the periods of the park.
  const question = asked.by === 'project' ? common : places;
  const unit = asked.commodity === 'water' ? 'm³' : 'kWh';
  return (
    <ReportFrame
      title={t('energy.title')}
      page="energy"
      asked={asked}
      answer={overTime}
      file={{
        name: 'energy',
        query: question,
        rows: answer ? answer.rowCount : null,
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
        <EnergyChart report={report} asked={asked} today={today} />
        {rows.isError && !rows.data ? (
          <ProblemNotice error={rows.error} retry={() => void rows.refetch()} />
        ) : (
          <EnergyTable
            report={rows.data}
            asked={asked}
            comparable={isComparable(report, asked.unit, today)}
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

/** False where a part of the time before is not known: a sum over it would compare unlike things. */
function isComparable(report: EnergyReport | undefined, unit: EnergyUnit, today: string): boolean {
  const open = unit === 'week' ? weekOf(today) : today;
  const { compared, over } = comparisonOf(toBars(report?.data ?? [], unit, 'en'), open);
  return compared === over;
}

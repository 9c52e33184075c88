/** The energy report: how much, when, where and in which period; against the time before; what is missing. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { EnergyQuery, EnergyReport, EnergyUnit } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { addDays, addMonths, daysApart, localDay, range, time } from '../../dates.ts';
import { number, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Controls } from '../../parts/controls.tsx';
import { ExportMenu } from '../../parts/export-menu.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { useProject } from '../../project.tsx';
import { useEnergy } from '../../queries.ts';
import type { EnergySearch } from '../../search.ts';
import { comparisonOf, toBars } from './bars.ts';
import { EnergyChart } from './energy-chart.tsx';
import { EnergyFilters } from './energy-filters.tsx';
import { EnergyTable } from './energy-table.tsx';
import './energy.css';

/** By the hour only what an eye can follow. */
const HOUR_DAYS_MAX = 7;

export default function Energy() {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/energy' });
  const today = localDay(project.zone, useNow(60_000));
  const asked = withDefaults(search, today);
  const common: EnergyQuery = {
    from: asked.from,
    to: asked.to,
    unit: asked.unit,
    by: 'project',
    against: asked.against,
    buildingId: asked.building,
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
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('energy.title')}</h1>
          <div className="head-line">
            {range(language, asked.from, asked.to)} · {t('energy.cut', { zone: project.zone })}
            {report && ` · ${t('asOf', { at: time(project.zone, report.asOf, true) })}`}
          </div>
        </div>
        <div className="head-acts">
          <SaveView />
          <ExportMenu
            path="/reports/energy"
            query={{ ...question }}
            rows={answer ? answer.rowCount : null}
            hasTotal
            asOf={answer?.asOf}
            estimated={
              answer &&
              t('exports.flagged', {
                quantity: `${thousands(answer.totals.estimatedQuantity)} ${unit}`,
              })
            }
            missing={
              answer &&
              t('exports.leftEmpty', {
                quantity: `${number(answer.totals.missing / 4, 1)} ${t('energy.meterHours')}`,
              })
            }
            {...(asked.by !== 'project' && {
              behind: {
                path: '/reports/energy',
                query: { ...common, by: asked.by },
                title: t(`energy.each.${asked.unit}`),
              },
            })}
          />
        </div>
      </div>
      <Controls>
        <EnergyFilters asked={asked} today={today} set={set} />
      </Controls>
      <div className="stack">
        {overTime.isError && !report ? (
          <ProblemNotice error={overTime.error} retry={() => void overTime.refetch()} />
        ) : (
          <EnergyChart report={report} asked={asked} today={today} />
        )}
        {rows.isError && !rows.data ? (
          asked.by !== 'project' && (
            <ProblemNotice error={rows.error} retry={() => void rows.refetch()} />
          )
        ) : (
          <EnergyTable
            report={rows.data}
            asked={asked}
            comparable={isComparable(report, asked.unit, today)}
            sort={search.sort}
            onSort={(sort) => set({ sort })}
            onDay={(day) => set({ from: day, to: addDays(day, 1), unit: 'hour' })}
          />
        )}
      </div>
    </>
  );
}

/** False where a part of the time before is not known: a sum over it would compare unlike things. */
function isComparable(report: EnergyReport | undefined, unit: EnergyUnit, today: string): boolean {
  const { compared, over } = comparisonOf(toBars(report?.data ?? [], unit, 'en'), today);
  return compared === over;
}

export type Asked = ReturnType<typeof withDefaults>;

/** This month by day and building, unless the address says otherwise. */
function withDefaults(search: EnergySearch, today: string) {
  const from = search.from ?? `${today.slice(0, 7)}-01`;
  const to =
    search.to && search.to > from ? search.to : search.from ? addDays(from, 1) : addDays(today, 1);
  const days = daysApart(from, to);
  const unit =
    search.unit === 'hour' && days > HOUR_DAYS_MAX
      ? 'day'
      : (search.unit ?? (days <= 2 ? 'hour' : days <= 62 ? 'day' : 'month'));
  return {
    from,
    to,
    unit,
    by: search.by ?? 'building',
    against: search.against ?? 'previous',
    building: search.building,
    commodity: search.commodity ?? 'electricity',
  } as const;
}

/** Ranges that are asked for most. */
export function presetsOf(today: string) {
  const month = `${today.slice(0, 7)}-01`;
  const year = `${today.slice(0, 4)}-01-01`;
  const tomorrow = addDays(today, 1);
  return [
    { name: 'today', from: today, to: tomorrow },
    { name: 'yesterday', from: addDays(today, -1), to: today },
    { name: 'week', from: addDays(today, -6), to: tomorrow },
    { name: 'month', from: month, to: tomorrow },
    { name: 'lastMonth', from: addMonths(month, -1), to: month },
    { name: 'year', from: year, to: tomorrow },
  ] as const;
}

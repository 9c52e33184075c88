/** Money on its way to meters and what proves it; each day's comparison with meters that hold money. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { addDays, addMonths, localDay } from '../../dates.ts';
import { meterVerdicts, rechargeStates } from '../../meter-mode.ts';
import { Controls, DayRange, Filter } from '../../parts/controls.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useMay, useProject } from '../../project.tsx';
import type { RechargeSearch } from '../../search.ts';
import { ComparedTable } from './compared-table.tsx';
import { RechargeTable } from './recharge-table.tsx';
import '../../parts/controls.css';
import '../sale/counter.css';

export interface PanelProps {
  asked: Record<string, string | undefined>;
  search: RechargeSearch;
  set: (change: Partial<RechargeSearch>) => void;
}

export default function Recharges() {
  const { t } = useTranslation();
  const { zone } = useProject();
  const may = useMay();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/recharges' });
  const today = localDay(zone, useNow(60_000));
  const from = search.from ?? addMonths(`${today.slice(0, 7)}-01`, -1);
  const to = search.to && search.to > from ? search.to : addDays(today, 1);
  const set: PanelProps['set'] = (change) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const isCompared = search.show === 'compared' && may('ledger.read');
  const states: readonly string[] = isCompared ? meterVerdicts : rechargeStates;
  const state = states.find((each) => each === search.state);
  const asked = { from, to, q: search.q, [isCompared ? 'verdict' : 'state']: state };
  const shows = may('ledger.read')
    ? (['recharges', 'compared'] as const)
    : (['recharges'] as const);
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.recharges')}</h1>
          <div className="head-line">{t('meterMode.line')}</div>
        </div>
        <div className="head-acts">
          <SaveView />
        </div>
      </div>
      <div className="filters">
        <Segmented
          label={t('vend.show')}
          value={isCompared ? 'compared' : 'recharges'}
          onChange={(next) =>
            set({
              show: next === 'compared' ? 'compared' : undefined,
              ...{ open: undefined, state: undefined },
            })
          }
          choices={shows.map((value) => ({ value, label: t(`meterMode.shows.${value}`) }))}
        />
        <input
          className="input filter-text"
          type="search"
          maxLength={100}
          value={search.q ?? ''}
          placeholder={t(isCompared ? 'meterMode.searchCompared' : 'meterMode.search')}
          aria-label={t(isCompared ? 'meterMode.searchCompared' : 'meterMode.search')}
          onChange={(event) => set({ q: event.target.value || undefined })}
        />
        <Controls>
          <Filter
            label={t(isCompared ? 'meterMode.verdictTitle' : 'credit.stateTitle')}
            value={state ?? ''}
            options={[
              { value: '', label: t('meterMode.all') },
              ...states.map((value) => ({
                value,
                label: t(`meterMode.${isCompared ? 'verdict' : 'state'}.${value}`),
              })),
            ]}
            onChange={(next) => set({ state: next || undefined })}
          />
          <DayRange
            label={t('energy.period')}
            {...{ from, to }}
            presets={[
              { label: t('energy.preset.today'), from: today, to: addDays(today, 1) },
              { label: t('energy.preset.week'), from: addDays(today, -6), to: addDays(today, 1) },
            ]}
            onChange={(first, last) => set({ from: first, to: last })}
          />
        </Controls>
      </div>
      {isCompared ? (
        <ComparedTable {...{ asked, search, set }} />
      ) : (
        <RechargeTable {...{ asked, search, set }} />
      )}
    </>
  );
}

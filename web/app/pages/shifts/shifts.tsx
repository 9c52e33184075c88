/** Shifts: one's own with its drawer, all of them, what is over or short, and where the cash is. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { addDays, addMonths, localDay } from '../../dates.ts';
import { Controls, DayRange } from '../../parts/controls.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import { useMay, useProject } from '../../project.tsx';
import type { CounterSearch } from '../../search.ts';
import { totalsOf } from '../../totals.ts';
import { useMovements, useOwnShift, useShifts } from '../../vending-queries.ts';
import { type CashAct, CashDrawer } from './cash-drawer.tsx';
import { CashPanel } from './cash-panel.tsx';
import { useMovementColumns, useShiftColumns } from './columns.tsx';
import { MovementDetail, ShiftDetail } from './detail.tsx';
import { OwnShift } from './own-shift.tsx';
import '../../parts/controls.css';
import '../sale/counter.css';

export default function Shifts() {
  const { t } = useTranslation();
  const { zone } = useProject();
  const may = useMay();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/shifts' });
  const today = localDay(zone, useNow(60_000));
  const from = search.from ?? addMonths(`${today.slice(0, 7)}-01`, -1);
  const to = search.to && search.to > from ? search.to : addDays(today, 1);
  const [act, setAct] = useState<CashAct | null>(null);
  const own = useOwnShift();
  const set = (change: Partial<CounterSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const show = search.show === 'cash' ? 'cash' : 'shifts';
  const asked = { from, to, ...(search.q && { q: search.q }) };
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.shifts')}</h1>
          <div className="head-line">{t('vend.shift.line')}</div>
        </div>
        <div className="head-acts">
          <SaveView />
          {may('shift.write') && own.isKnown && !own.shift && (
            <button
              type="button"
              className="button primary"
              data-key="n"
              onClick={() => setAct({ kind: 'open' })}
            >
              <Icon name="plus" size={14} />
              {t('vend.cash.open.title')}
            </button>
          )}
        </div>
      </div>
      <div className="counter-top">
        {own.shift && may('shift.write') && <OwnShift shift={own.shift} onAct={setAct} />}
        <CashPanel onAct={setAct} />
      </div>
      <div className="filters">
        <Segmented
          label={t('vend.show')}
          value={show}
          onChange={(next) => set({ show: next === 'cash' ? 'cash' : undefined, open: undefined })}
          choices={(['shifts', 'cash'] as const).map((value) => ({
            value,
            label: t(`vend.shift.shows.${value}`),
          }))}
        />
        <input
          className="input filter-text"
          type="search"
          value={search.q ?? ''}
          placeholder={t('vend.search')}
          aria-label={t('vend.search')}
          onChange={(event) => set({ q: event.target.value || undefined })}
        />
        <Controls>
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
      {show === 'shifts' ? (
        <ShiftTable {...{ asked, search, set, onAct: setAct }} />
      ) : (
        <MovementTable {...{ asked, search, set }} />
      )}
      {act && <CashDrawer key={act.kind} act={act} onClose={() => setAct(null)} />}
    </>
  );
}

interface TableProps {
  asked: { from: string; to: string; q?: string };
  search: CounterSearch;
  set: (change: Partial<CounterSearch>) => void;
}

function ShiftTable({ asked, search, set, onAct }: TableProps & { onAct: (act: CashAct) => void }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const shifts = useShifts(asked);
  const totals = totalsOf(shifts.data);
  const columns = useShiftColumns(totals);
  const rows = shifts.data?.data;
  if (shifts.isError && !rows) {
    return <ProblemNotice error={shifts.error} retry={() => void shifts.refetch()} />;
  }
  return (
    <Table
      name="shifts"
      label={t('page.shifts')}
      title={
        totals.count === null ? t('page.shifts') : t('vend.shift.count', { count: totals.count })
      }
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={search.sort}
      onSort={(sort) => set({ sort })}
      openKey={search.open}
      onOpen={({ id }) => set({ open: search.open === id ? undefined : id })}
      detail={(shift) => <ShiftDetail key={shift.id} shift={shift} onAct={onAct} />}
      complete={shifts.data?.complete ?? true}
      waitingFor={t('page.shifts')}
      empty={<Empty title={t('vend.shift.none')} text={t('vend.shift.noneText')} />}
      file={{
        path: '/shifts',
        query: asked,
        rows: totals.count,
      }}
      foot={t('sale.foot', { zone })}
    />
  );
}

function MovementTable({ asked, search, set }: TableProps) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const movements = useMovements(asked, true);
  const totals = totalsOf(movements.data);
  const columns = useMovementColumns(totals);
  const rows = movements.data?.data;
  if (movements.isError && !rows) {
    return <ProblemNotice error={movements.error} retry={() => void movements.refetch()} />;
  }
  return (
    <Table
      name="cash-movements"
      label={t('vend.shift.shows.cash')}
      title={
        totals.count === null
          ? t('vend.shift.shows.cash')
          : t('vend.move.count', { count: totals.count })
      }
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={search.sort}
      onSort={(sort) => set({ sort })}
      openKey={search.open}
      onOpen={({ id }) => set({ open: search.open === id ? undefined : id })}
      detail={(movement) => <MovementDetail key={movement.id} movement={movement} />}
      complete={movements.data?.complete ?? true}
      waitingFor={t('vend.shift.shows.cash')}
      empty={<Empty title={t('vend.move.none')} text={t('vend.move.noneText')} />}
      file={{
        path: '/cash-movements',
        query: asked,
        rows: totals.count,
      }}
      foot={t('sale.foot', { zone })}
    />
  );
}

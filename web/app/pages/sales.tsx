/** Sales of a range of days, with refunds and reversals: searched by anything, each opened to what may be done. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Sale } from '../api.ts';
import { useNow } from '../clock.tsx';
import { addDays, addMonths, localDay, moment, range } from '../dates.ts';
import { amount, currencyName } from '../format.ts';
import { useLanguage } from '../language.ts';
import { Controls, DayRange } from '../parts/controls.tsx';
import { Icon } from '../parts/icons.tsx';
import { Empty, ProblemNotice } from '../parts/notice.tsx';
import { SaveView } from '../parts/save-view.tsx';
import { Segmented } from '../parts/segmented.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table-model.ts';
import { useMay, useProject } from '../project.tsx';
import { useAccountName, useSales } from '../queries.ts';
import type { CounterSearch } from '../search.ts';
import { type Totals, totalsOf } from '../totals.ts';
import { RefundDrawer } from './sale/refund-drawer.tsx';
import { RefundsTable } from './sale/refunds-table.tsx';
import { ReversalsTable } from './sale/reversals-table.tsx';
import { SaleDetail } from './sale/sale-detail.tsx';
import { SaleDrawer } from './sale/sale-drawer.tsx';
import './sale/counter.css';

export default function Sales() {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const may = useMay();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/sales' });
  const today = localDay(project.zone, useNow(60_000));
  const month = `${today.slice(0, 7)}-01`;
  const from = search.from ?? month;
  const to = search.to && search.to > from ? search.to : addDays(today, 1);
  const asked = { from, to, ...(search.q && { q: search.q }) };
  const sales = useSales(asked);
  const [isRefunding, refund] = useState(false);
  const show = search.show === 'refunds' || search.show === 'reversals' ? search.show : 'sales';
  const rows = sales.data?.data;
  const totals = totalsOf(sales.data);
  const columns = useColumns(totals);
  const set = (change: Partial<CounterSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.sales')}</h1>
          <div className="head-line">
            {range(language, from, to)} · {t('sale.byTime', { zone: project.zone })}
          </div>
        </div>
        <div className="head-acts">
          <SaveView />
          {may('refund.write') && (
            <button type="button" className="button" onClick={() => refund(true)}>
              {t('vend.refund.new')}
            </button>
          )}
          {may('sale.write') && (
            <button
              type="button"
              className="button primary"
              data-key="n"
              onClick={() => set({ sale: true })}
            >
              <Icon name="plus" size={14} />
              {t('act.newSale')}
              <span className="key">N</span>
            </button>
          )}
        </div>
      </div>
      <Controls>
        <div className="filters">
          <Segmented
            label={t('vend.show')}
            value={show}
            onChange={(next) =>
              set({ show: next === 'sales' ? undefined : next, open: undefined, sort: undefined })
            }
            choices={(['sales', 'refunds', 'reversals'] as const).map((value) => ({
              value,
              label: t(`vend.sale.shows.${value}`),
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
          <DayRange
            label={t('energy.period')}
            from={from}
            to={to}
            presets={[
              { label: t('energy.preset.today'), from: today, to: addDays(today, 1) },
              { label: t('energy.preset.week'), from: addDays(today, -6), to: addDays(today, 1) },
              { label: t('energy.preset.month'), from: month, to: addDays(today, 1) },
              { label: t('energy.preset.lastMonth'), from: addMonths(month, -1), to: month },
            ]}
            onChange={(first, last) => set({ from: first, to: last })}
          />
        </div>
      </Controls>
      {show === 'refunds' ? (
        <RefundsTable {...{ asked, search, set }} />
      ) : show === 'reversals' ? (
        <ReversalsTable {...{ asked, search, set }} />
      ) : sales.isError && !rows ? (
        <ProblemNotice error={sales.error} retry={() => void sales.refetch()} />
      ) : (
        <Table
          name="sales"
          label={t('page.sales')}
          title={
            totals.count === null ? t('page.sales') : t('home.saleCount', { count: totals.count })
          }
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          sort={search.sort}
          onSort={(sort) => set({ sort })}
          openKey={search.open}
          onOpen={({ id }) => set({ open: search.open === id ? undefined : id })}
          detail={(sale) => <SaleDetail key={sale.id} sale={sale} />}
          complete={sales.data?.complete ?? true}
          empty={<Empty title={t('sale.none')} text={t('sale.noneText')} />}
          file={{
            path: '/sales',
            query: asked,
            rows: totals.count,
          }}
          foot={t('sale.foot', { zone: project.zone })}
        />
      )}
      {isRefunding && <RefundDrawer onClose={() => refund(false)} />}
      {search.sale && may('sale.write') && <SaleDrawer onClose={() => set({ sale: undefined })} />}
    </>
  );
}

function useColumns(totals: Totals): Column<Sale>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone, currency } = useProject();
  const now = useNow(60_000);
  const nameFor = useAccountName();
  const total = totals.money('amount');
  return [
    {
      key: 'at',
      title: t('account.when'),
      phone: 'plain',
      width: '130px',
      value: ({ soldAt }) => soldAt,
      cell: ({ soldAt }) => <span className="nowrap">{moment(language, zone, soldAt, now)}</span>,
      total: { cell: t('total'), value: t('total') },
    },
    {
      key: 'receipt',
      title: t('sale.receipt'),
      width: '152px',
      phone: 'none',
      value: ({ receipt }) => receipt,
      cell: ({ receipt }) => <span className="mono">{receipt}</span>,
    },
    {
      key: 'account',
      title: t('meters.account'),
      width: 'minmax(216px, 3fr)',
      phone: 'title',
      value: nameFor,
      cell: (sale) => (
        <Link
          to="/projects/$projectId/accounts/$accountId"
          params={{ projectId, accountId: sale.accountId }}
          className="clip strong block"
          style={{ color: 'inherit' }}
          title={nameFor(sale)}
          preload={false}
        >
          {nameFor(sale)}
        </Link>
      ),
    },
    {
      key: 'state',
      title: t('vend.sale.is'),
      phone: 'plain',
      width: '110px',
      value: ({ state }) => t(`vend.sale.state.${state}`),
      cell: ({ state }) =>
        state !== 'sold' && (
          <span className={`state counter-${state}`}>{t(`vend.sale.state.${state}`)}</span>
        ),
    },
    {
      key: 'channel',
      title: t('sale.channel'),
      phone: 'plain',
      width: '116px',
      value: ({ channel }) => t(`channel.${channel}`),
      cell: ({ channel }) => t(`channel.${channel}`),
    },
    {
      key: 'amount',
      title: t('sale.amount'),
      unit: currencyName(currency, language),
      align: 'right',
      width: '130px',
      phone: 'figure',
      value: (sale) => sale.amount.amount,
      order: (sale) => Number(sale.amount.amount),
      cell: (sale) => amount(sale.amount.amount),
      total: { cell: amount(total), value: total },
    },
    {
      key: 'by',
      title: t('sale.soldBy'),
      phone: 'plain',
      width: 'minmax(96px, 1fr)',
      value: ({ soldBy }) => soldBy,
      cell: ({ soldBy }) => <div className="clip">{soldBy}</div>,
    },
    {
      key: 'reference',
      title: t('sale.reference'),
      width: '150px',
      phone: 'none',
      optional: true,
      value: ({ reference }) => reference,
      cell: ({ reference }) => <div className="clip mono">{reference ?? '–'}</div>,
    },
    {
      key: 'note',
      title: t('sale.note'),
      width: 'minmax(80px, 1fr)',
      phone: 'none',
      value: ({ note }) => note,
      cell: ({ note }) => (
        <div className="clip quiet" title={note ?? undefined}>
          {note}
        </div>
      ),
    },
  ];
}

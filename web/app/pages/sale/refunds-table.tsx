/** Refunds of a range of days, each with its receipt to print. */

import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { amount, currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { useAccountName } from '../../queries.ts';
import { type Totals, totalsOf } from '../../totals.ts';
import { useRefunds } from '../../vending-queries.ts';
import type { Refund } from '../../vending-shapes.ts';
import { PrintReceipt } from './receipt-print.tsx';
import type { CounterTableProps } from './reversals-table.tsx';

export function RefundsTable({ asked, search, set }: CounterTableProps) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const refunds = useRefunds(asked, true);
  const rows = refunds.data?.data;
  const totals = totalsOf(refunds.data);
  const columns = useColumns(totals);
  if (refunds.isError && !rows) {
    return <ProblemNotice error={refunds.error} retry={() => void refunds.refetch()} />;
  }
  return (
    <Table
      name="refunds"
      label={t('vend.sale.shows.refunds')}
      title={totals.count === null ? undefined : t('vend.refund.count', { count: totals.count })}
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={search.sort}
      onSort={(sort) => set({ sort })}
      openKey={search.open}
      onOpen={({ id }) => set({ open: search.open === id ? undefined : id })}
      detail={(refund) => (
        <div className="stack counter-detail" key={refund.id}>
          <p>{refund.reason}</p>
          {refund.otherChannelReason && (
            <p className="second">
              {t('vend.refund.elsewhere', { why: refund.otherChannelReason })}
            </p>
          )}
          {refund.prints > 0 && (
            <p className="second">{t('vend.print.count', { count: refund.prints })}</p>
          )}
          <div className="counter-acts">
            <PrintReceipt receipt={refund.receipt} prints={refund.prints} />
          </div>
        </div>
      )}
      complete={refunds.data?.complete ?? true}
      waitingFor={t('vend.sale.shows.refunds')}
      empty={<Empty title={t('vend.refund.none')} text={t('vend.refund.noneText')} />}
      file={{
        path: '/refunds',
        query: asked,
        rows: totals.count,
      }}
      foot={t('sale.foot', { zone })}
    />
  );
}

function useColumns(totals: Totals): Column<Refund>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const now = useNow(60_000);
  const nameFor = useAccountName();
  const total = totals.money('amount');
  return [
    {
      ...{ key: 'at', title: t('account.when'), width: '130px', phone: 'plain' },
      value: ({ refundedAt }) => refundedAt,
      cell: ({ refundedAt }) => (
        <span className="nowrap">{moment(language, zone, refundedAt, now)}</span>
      ),
      total: { cell: t('total'), value: t('total') },
    },
    {
      ...{ key: 'receipt', title: t('sale.receipt'), width: '140px', phone: 'none' },
      value: ({ receipt }) => receipt,
      cell: ({ receipt }) => <span className="mono">{receipt}</span>,
    },
    {
      ...{ key: 'account', title: t('meters.account'), width: 'minmax(160px, 2fr)' },
      phone: 'title',
      value: nameFor,
      cell: (refund) => (
        <div className="clip strong" title={nameFor(refund)}>
          {nameFor(refund)}
        </div>
      ),
    },
    {
      ...{ key: 'channel', title: t('vend.refund.by'), width: '140px', phone: 'plain' },
      value: ({ channel }) => t(`channel.${channel}`),
      cell: ({ channel }) => t(`channel.${channel}`),
    },
    {
      ...{ key: 'amount', title: t('sale.amount'), unit: currencyName(currency, language) },
      ...{ align: 'right', width: '130px', phone: 'figure' },
      value: (row) => row.amount.amount,
      order: (row) => Number(row.amount.amount),
      cell: (row) => amount(row.amount.amount),
      total: { cell: amount(total), value: total },
    },
    {
      ...{ key: 'who', title: t('vend.refund.who'), width: 'minmax(110px, 160px)' },
      phone: 'plain',
      value: ({ refundedBy }) => refundedBy,
      cell: ({ refundedBy }) => <div className="clip">{refundedBy}</div>,
    },
    {
      ...{ key: 'reason', title: t('vend.reason'), width: 'minmax(100px, 1fr)', phone: 'none' },
      value: ({ reason }) => reason,
      cell: ({ reason }) => <div className="clip quiet">{reason}</div>,
    },
  ];
}

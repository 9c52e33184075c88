/** Openings: which account on which day, with what was paid then. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { day } from '../../dates.ts';
import { amount, currencyName } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Amount } from '../../parts/figure.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { type OpenedAccount, type OpenedTotals, useOpened } from '../../record-queries.ts';
import type { RecordPanelProps } from './record-panel.ts';

export function OpenedRecords({ days, q, sort, onSort }: RecordPanelProps) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const query = { ...days, q };
  const answer = useOpened(query);
  const rows = answer.data?.data;
  const totals = answer.data?.totals;
  const columns = useColumns(totals);
  if (answer.isError && !rows) {
    return <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />;
  }
  return (
    <Table
      name="openings-by-day"
      label={t('records.title.openings')}
      title={
        totals ? t('records.count.openings', { count: totals.count }) : t('records.title.openings')
      }
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={sort}
      onSort={onSort}
      complete={answer.data?.complete ?? true}
      empty={<Empty title={t('records.none.openings')} />}
      file={{ path: '/accounts/opened', query, rows: totals?.count ?? null }}
      foot={t('records.foot.openings', { zone })}
    />
  );
}

function useColumns(totals: OpenedTotals | undefined): Column<OpenedAccount>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, currency } = useProject();
  const unit = currencyName(currency, language);
  return [
    {
      key: 'openedOn',
      title: t('records.field.openedOn'),
      width: '120px',
      phone: 'plain',
      value: ({ openedOn }) => openedOn,
      cell: ({ openedOn }) => <span className="nowrap">{day(language, openedOn)}</span>,
      total: { cell: t('total'), value: t('total') },
    },
    {
      key: 'number',
      title: t('accounts.number'),
      width: '90px',
      phone: 'plain',
      value: ({ number }) => number,
      cell: ({ number }) => <span className="quiet">{number}</span>,
    },
    {
      key: 'name',
      title: t('accounts.name'),
      width: 'minmax(160px, 2fr)',
      phone: 'title',
      value: (row) => nameOf(language, row),
      cell: (row) => (
        <Link
          to="/projects/$projectId/accounts/$accountId"
          params={{ projectId, accountId: row.id }}
          className="clip strong block"
          style={{ color: 'inherit' }}
          title={nameOf(language, row)}
          preload={false}
        >
          {nameOf(language, row)}
        </Link>
      ),
    },
    {
      key: 'points',
      title: t('accounts.points'),
      width: 'minmax(120px, 1fr)',
      phone: 'plain',
      value: ({ points }) => points.join(', '),
      cell: ({ points }) => (
        <div className="clip" title={points.join(t('mark.list'))}>
          {points.join(t('mark.list')) || '–'}
        </div>
      ),
    },
    {
      key: 'sale',
      title: t('opening.field.firstSale'),
      unit,
      align: 'right',
      width: '130px',
      phone: 'figure',
      value: ({ firstSale }) => firstSale?.amount ?? null,
      order: ({ firstSale }) => (firstSale ? Number(firstSale.amount) : null),
      cell: ({ firstSale }) => <Amount money={firstSale} unit={false} />,
      total: { cell: amount(totals?.firstSale.amount), value: totals?.firstSale.amount ?? null },
    },
    {
      key: 'receipt',
      title: t('sale.receipt'),
      width: '120px',
      phone: 'plain',
      value: ({ receipt }) => receipt,
      cell: ({ receipt }) => <span className="mono">{receipt ?? '–'}</span>,
    },
    {
      key: 'deposit',
      title: t('opening.field.deposit'),
      unit,
      align: 'right',
      width: '130px',
      phone: 'plain',
      value: ({ deposit }) => deposit?.amount ?? null,
      order: ({ deposit }) => (deposit ? Number(deposit.amount) : null),
      cell: ({ deposit }) => <Amount money={deposit} unit={false} />,
      total: { cell: amount(totals?.deposit.amount), value: totals?.deposit.amount ?? null },
    },
    {
      key: 'by',
      title: t('records.field.by'),
      width: 'minmax(90px, 150px)',
      phone: 'none',
      value: ({ openedBy }) => openedBy,
      cell: ({ openedBy }) => <div className="clip">{openedBy ?? '–'}</div>,
    },
    {
      key: 'closed',
      title: t('residual.closedOn'),
      width: '120px',
      phone: 'none',
      optional: true,
      value: ({ closedOn }) => closedOn,
      cell: ({ closedOn }) => (closedOn ? day(language, closedOn) : '–'),
    },
  ];
}

/** Every closing and every opening, newest first, with what came of it. */

import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { amount, currencyName, sum } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { useClosings, useOpenings } from '../../opening-queries.ts';
import type { Closing, Opening } from '../../opening-shapes.ts';
import { Amount } from '../../parts/figure.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { useAccountName } from '../../queries.ts';

export function ClosingList() {
  const { t } = useTranslation();
  const project = useProject();
  const closings = useClosings();
  const rows = closings.data?.data;
  const columns = useClosingColumns(rows ?? []);
  const sorting = useSorting();
  if (closings.isError && !rows) {
    return <ProblemNotice error={closings.error} retry={() => void closings.refetch()} />;
  }
  return (
    <Table
      name="closings"
      label={t('residual.tab.closings')}
      title={t('residual.tab.closings')}
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      {...sorting}
      complete={closings.data?.complete ?? true}
      empty={<Empty title={t('residual.noClosings')} />}
      file={{
        path: '/accounts/closings',
        query: {},
        rows: closings.data?.complete ? (rows?.length ?? null) : null,
      }}
      foot={t('residual.foot', { zone: project.zone })}
    />
  );
}

export function OpeningList() {
  const { t } = useTranslation();
  const project = useProject();
  const openings = useOpenings();
  const rows = openings.data?.data;
  const columns = useOpeningColumns();
  const sorting = useSorting();
  if (openings.isError && !rows) {
    return <ProblemNotice error={openings.error} retry={() => void openings.refetch()} />;
  }
  return (
    <Table
      name="openings"
      label={t('residual.tab.openings')}
      title={t('residual.tab.openings')}
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      {...sorting}
      complete={openings.data?.complete ?? true}
      empty={<Empty title={t('residual.noOpenings')} />}
      file={{
        path: '/accounts/openings',
        query: {},
        rows: openings.data?.complete ? (rows?.length ?? null) : null,
      }}
      foot={t('sale.foot', { zone: project.zone })}
    />
  );
}

function useSorting() {
  const navigate = useNavigate();
  const { sort } = useSearch({ from: '/projects/$projectId/residuals' });
  return {
    sort,
    onSort: (next: string | undefined) =>
      void navigate({ to: '.', search: (old) => ({ ...old, sort: next }), replace: true }),
  };
}

export function useClosingColumns(rows: readonly Closing[]): Column<Closing>[] {
  const { t } = useTranslation();
  const nameFor = useAccountName();
  const language = useLanguage();
  const { id: projectId, zone, currency } = useProject();
  const now = useNow(60_000);
  const total = sum(rows.map(({ balance }) => balance?.amount));
  const stateOf = ({ outcome }: Closing) =>
    outcome ? t(`closing.outcome.${outcome}`) : t('closing.waitsFor');
  return [
    {
      key: 'at',
      title: t('closing.end'),
      width: '130px',
      phone: 'plain',
      value: ({ endedAt }) => endedAt,
      cell: ({ endedAt }) => <span className="nowrap">{moment(language, zone, endedAt, now)}</span>,
      total: { cell: t('total'), value: t('total') },
    },
    {
      key: 'account',
      title: t('accounts.name'),
      width: 'minmax(160px, 2fr)',
      phone: 'title',
      value: nameFor,
      cell: ({ accountId, accountNumber, accountName }) => (
        <Link
          to="/projects/$projectId/accounts/$accountId"
          params={{ projectId, accountId }}
          className="clip strong block"
          style={{ color: 'inherit' }}
          title={`${accountNumber} ${nameFor({ accountId, accountName })}`}
          preload={false}
        >
          {nameFor({ accountId, accountName })}
        </Link>
      ),
    },
    {
      key: 'state',
      title: t('closing.state'),
      width: 'minmax(190px, 2fr)',
      phone: 'plain',
      value: stateOf,
      cell: (row) => (
        <div className="clip" title={stateOf(row)}>
          {stateOf(row)}
        </div>
      ),
    },
    {
      key: 'balance',
      title: t('residual.residual'),
      unit: currencyName(currency, language),
      align: 'right',
      width: '130px',
      phone: 'figure',
      value: ({ balance }) => balance?.amount ?? null,
      order: ({ balance }) => (balance ? Number(balance.amount) : null),
      cell: ({ balance }) => <Amount money={balance} unit={false} />,
      total: { cell: amount(total), value: total },
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
      key: 'reason',
      title: t('closing.reason'),
      width: 'minmax(110px, 1fr)',
      phone: 'none',
      value: ({ reason }) => reason,
      cell: ({ reason }) => (
        <div className="clip quiet" title={reason}>
          {reason}
        </div>
      ),
    },
    {
      key: 'by',
      title: t('closing.by'),
      width: '120px',
      phone: 'none',
      value: ({ requestedBy }) => requestedBy,
      cell: ({ requestedBy }) => <div className="clip">{requestedBy}</div>,
    },
  ];
}

function useOpeningColumns(): Column<Opening>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(60_000);
  return [
    {
      key: 'at',
      title: t('residual.changed'),
      width: '130px',
      phone: 'plain',
      value: ({ changedAt }) => changedAt,
      cell: ({ changedAt }) => (
        <span className="nowrap">{moment(language, zone, changedAt, now)}</span>
      ),
    },
    {
      key: 'name',
      title: t('accounts.name'),
      width: 'minmax(160px, 2fr)',
      phone: 'title',
      value: ({ content }) => nameOf(language, content),
      cell: ({ id, content }) => (
        <Link
          to="/projects/$projectId/openings/$openingId"
          params={{ projectId, openingId: id }}
          className="clip strong block"
          style={{ color: 'inherit' }}
          preload={false}
        >
          {nameOf(language, content)}
        </Link>
      ),
    },
    {
      key: 'state',
      title: t('meters.state'),
      width: 'minmax(140px, 1fr)',
      phone: 'plain',
      value: ({ state }) => t(`opening.state.${state}`),
      cell: ({ state }) => t(`opening.state.${state}`),
    },
    {
      key: 'points',
      title: t('accounts.points'),
      align: 'right',
      width: '90px',
      value: ({ content }) => content.points.length,
      cell: ({ content }) => content.points.length,
    },
    {
      key: 'sale',
      title: t('opening.field.firstSale'),
      align: 'right',
      width: '120px',
      value: ({ content }) => content.firstSale?.amount.amount ?? null,
      cell: ({ content }) => <Amount money={content.firstSale?.amount} unit={false} />,
    },
    {
      key: 'deposit',
      title: t('opening.field.deposit'),
      align: 'right',
      width: '120px',
      value: ({ content }) => content.deposit?.amount.amount ?? null,
      cell: ({ content }) => <Amount money={content.deposit?.amount} unit={false} />,
    },
    {
      key: 'by',
      title: t('residual.by'),
      width: 'minmax(110px, 160px)',
      phone: 'none',
      value: ({ changedBy }) => changedBy,
      cell: ({ changedBy }) => <div className="clip">{changedBy}</div>,
    },
  ];
}

/** What closed accounts are still owed or still owe: to refund, to chase, to give up. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { day, moment } from '../../dates.ts';
import { amount, currencyName, sum } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { useResiduals } from '../../opening-queries.ts';
import type { Residual } from '../../opening-shapes.ts';
import { Amount } from '../../parts/figure.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useMay, useProject } from '../../project.tsx';
import { ClosingList, OpeningList } from './history.tsx';
import { ResidualDrawer } from './residual-drawer.tsx';

export default function Residuals() {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const { tab } = useSearch({ from: '/projects/$projectId/residuals' });
  const tabs = [
    'left',
    'closings',
    ...(may('account.write') ? (['openings'] as const) : []),
  ] as const;
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.residuals')}</h1>
          <div className="head-line">{t('residual.line')}</div>
        </div>
        <div className="head-acts">
          <SaveView />
        </div>
      </div>
      <div className="filters">
        <Segmented
          label={t('page.residuals')}
          value={tab ?? 'left'}
          onChange={(next) =>
            void navigate({
              to: '.',
              search: next === 'left' ? {} : { tab: next },
              replace: true,
            })
          }
          choices={tabs.map((value) => ({ value, label: t(`residual.tab.${value}`) }))}
        />
      </div>
      {tab === 'closings' ? (
        <ClosingList />
      ) : tab === 'openings' && may('account.write') ? (
        <OpeningList />
      ) : (
        <LeftList />
      )}
    </>
  );
}

/** What is to be settled. */
function LeftList() {
  const { t } = useTranslation();
  const project = useProject();
  const may = useMay();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/residuals' });
  const residuals = useResiduals();
  const rows = residuals.data?.data;
  const [settled, settle] = useState<Residual | null>(null);
  const columns = useColumns(rows ?? [], may('sale.write') ? settle : null);
  return (
    <>
      {residuals.isError && !rows ? (
        <ProblemNotice error={residuals.error} retry={() => void residuals.refetch()} />
      ) : (
        <Table
          name="residuals"
          label={t('page.residuals')}
          title={rows ? t('home.accountCount', { count: rows.length }) : t('page.residuals')}
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          sort={search.sort}
          onSort={(sort) =>
            void navigate({ to: '.', search: (old) => ({ ...old, sort }), replace: true })
          }
          complete={residuals.data?.complete ?? true}
          empty={<Empty title={t('residual.none')} text={t('residual.noneText')} />}
          file={{
            path: '/accounts/residuals',
            query: {},
            rows: residuals.data?.complete ? (rows?.length ?? null) : null,
          }}
          foot={t('residual.foot', { zone: project.zone })}
        />
      )}
      {settled && <ResidualDrawer residual={settled} onClose={() => settle(null)} />}
    </>
  );
}

function useColumns(
  rows: readonly Residual[],
  settle: ((row: Residual) => void) | null,
): Column<Residual>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone, currency } = useProject();
  const now = useNow(60_000);
  const total = sum(rows.map(({ residual }) => residual.amount));
  const columns: Column<Residual>[] = [
    {
      key: 'number',
      title: t('accounts.number'),
      width: '74px',
      value: ({ number }) => number,
      cell: ({ number }) => <span className="quiet">{number}</span>,
      total: { cell: t('total'), value: t('total') },
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
      key: 'side',
      title: t('residual.side'),
      phone: 'plain',
      width: '120px',
      value: ({ side }) => t(`residual.is.${side}`),
      cell: ({ side }) => t(`residual.is.${side}`),
    },
    {
      key: 'residual',
      title: t('residual.residual'),
      unit: currencyName(currency, language),
      align: 'right',
      width: '130px',
      phone: 'figure',
      value: ({ residual }) => residual.amount,
      order: ({ residual }) => Number(residual.amount),
      cell: ({ residual }) => <Amount money={residual} unit={false} />,
      total: { cell: amount(total), value: total },
    },
    {
      key: 'closed',
      title: t('residual.closedOn'),
      width: '120px',
      phone: 'none',
      value: ({ closedOn }) => closedOn,
      cell: ({ closedOn }) => <span className="nowrap">{day(language, closedOn)}</span>,
    },
    {
      key: 'changed',
      title: t('residual.changed'),
      width: 'minmax(150px, 1fr)',
      phone: 'plain',
      value: ({ changedAt }) => changedAt,
      cell: ({ changedAt, changedBy }) => (
        <span className="clip">
          {t(`entry.${changedBy}`)} · {moment(language, zone, changedAt, now)}
        </span>
      ),
    },
    {
      key: 'phone',
      title: t('opening.field.phone'),
      width: '130px',
      phone: 'plain',
      value: ({ phone }) => phone,
      cell: ({ phone }) => phone,
    },
  ];
  if (!settle) return columns;
  return [
    ...columns,
    {
      key: 'act',
      title: t('table.acts'),
      width: '96px',
      phone: 'plain',
      value: () => null,
      cell: (row) => (
        <button type="button" className="button small" onClick={() => settle(row)}>
          {t('residual.act')}
        </button>
      ),
    },
  ];
}

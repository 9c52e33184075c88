/** Recharges of a range of days; opened: what proves each, its command, and what a person decides of one that is held. */

import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { amount, currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { type Recharge, useRecharges } from '../../meter-mode.ts';
import { Amount } from '../../parts/figure.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useMay, useProject } from '../../project.tsx';
import { useAccountName } from '../../queries.ts';
import { type Totals, totalsOf } from '../../totals.ts';
import { Decide } from './decide.tsx';
import { RechargeChip, useRechargeText } from './recharge-state.tsx';
import type { PanelProps } from './recharges.tsx';

export function RechargeTable({ asked, search, set }: PanelProps) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const answer = useRecharges(asked, true);
  const rows = answer.data?.data;
  const totals = totalsOf(answer.data);
  const columns = useColumns(totals);
  if (answer.isError && !rows) {
    return <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />;
  }
  return (
    <Table<Recharge>
      name="recharges"
      label={t('page.recharges')}
      title={
        totals.count === null ? t('page.recharges') : t('meterMode.count', { count: totals.count })
      }
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={search.sort}
      onSort={(sort) => set({ sort })}
      openKey={search.open}
      onOpen={({ id }) => set({ open: search.open === id ? undefined : id })}
      detail={(recharge) => <Detail key={recharge.id} recharge={recharge} />}
      complete={answer.data?.complete ?? true}
      waitingFor={t('page.recharges')}
      empty={<Empty title={t('meterMode.none')} text={t('meterMode.noneText')} />}
      file={{
        path: '/recharges',
        query: asked,
        rows: totals.count,
      }}
      foot={t('meterMode.foot', { zone })}
    />
  );
}

function Detail({ recharge }: { recharge: Recharge }) {
  const { t } = useTranslation();
  const nameFor = useAccountName();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const may = useMay();
  const now = useNow(60_000);
  const text = useRechargeText();
  const when = (at: string) => moment(language, zone, at, now);
  const { state, before, after, collected, decidedBy } = recharge;
  const pairs: [string, React.ReactNode][] = [
    [t('meterMode.asked'), `${recharge.requestedBy} · ${when(recharge.requestedAt)}`],
    ...(recharge.receipt
      ? [
          [
            t('sale.receipt'),
            <span key="r" className="mono">
              {recharge.receipt}
            </span>,
          ] as const,
        ]
      : []),
    ...collected.map(({ code, amount: kept }): [string, React.ReactNode] => [
      `${t('meterMode.collectedTitle')} · ${t(`meterMode.collected.${code}`)}`,
      <Amount key={code} money={kept} />,
    ]),
    ...(before ? [[t('meterMode.before'), <Amount key="b" money={before} />] as const] : []),
    ...(after ? [[t('meterMode.after'), <Amount key="a" money={after} />] as const] : []),
    ...(recharge.resolvedAt ? [[t('meterMode.resolved'), when(recharge.resolvedAt)] as const] : []),
    ...(decidedBy
      ? [[t('meterMode.decided'), `${decidedBy}${t('mark.colon')}${recharge.reason}`] as const]
      : []),
  ].map(([key, value]) => [key, value]);
  return (
    <div className="stack counter-detail">
      <p>{text(recharge)}</p>
      <dl className="pairs">
        {pairs.map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="second">
        <Link
          to="/projects/$projectId/accounts/$accountId"
          params={{ projectId, accountId: recharge.accountId }}
        >
          {nameFor(recharge)}
        </Link>
        {' · '}
        <Link
          to="/projects/$projectId/meters/$meterId"
          params={{ projectId, meterId: recharge.meterId }}
        >
          {recharge.serial}
        </Link>
      </p>
      {may('reconciliation.adjust') && state === 'held' && (
        <Decide
          path={`/recharges/${recharge.id}/decide`}
          label={t('meterMode.decide.label')}
          choices={[
            { body: { to: 'meter' }, label: t('meterMode.decide.meter') },
            { body: { to: 'wallet' }, label: t('meterMode.decide.wallet') },
          ]}
        />
      )}
      {may('reconciliation.adjust') && state === 'waiting' && (
        <Decide
          path={`/recharges/${recharge.id}/decide`}
          label={t('meterMode.reason')}
          choices={[{ body: { to: 'wallet' }, label: t('meterMode.decide.withdraw') }]}
        />
      )}
    </div>
  );
}

function useColumns(totals: Totals): Column<Recharge>[] {
  const { t } = useTranslation();
  const nameFor = useAccountName();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const now = useNow(60_000);
  const total = totals.money('amount');
  return [
    {
      ...{ key: 'at', title: t('account.when'), width: '130px', phone: 'plain' },
      value: ({ requestedAt }) => requestedAt,
      cell: ({ requestedAt }) => (
        <span className="nowrap">{moment(language, zone, requestedAt, now)}</span>
      ),
      total: { cell: t('total'), value: t('total') },
    },
    {
      ...{ key: 'account', title: t('meters.account'), width: 'minmax(160px, 2fr)' },
      phone: 'title',
      value: (row) => `${nameFor(row)} ${row.accountNumber}`,
      cell: (row) => (
        <div className="clip" title={`${nameFor(row)} ${row.accountNumber}`}>
          <span className="strong">{nameFor(row)}</span>{' '}
          <span className="quiet">{row.accountNumber}</span>
        </div>
      ),
    },
    {
      ...{ key: 'meter', title: t('meterMode.meter'), width: 'minmax(150px, 1fr)', phone: 'plain' },
      value: ({ pointCode, serial }) => `${pointCode} ${serial}`,
      cell: ({ pointCode, serial }) => (
        <div className="clip">
          {pointCode} <span className="mono quiet">{serial}</span>
        </div>
      ),
    },
    {
      ...{ key: 'state', title: t('credit.stateTitle'), width: '170px', phone: 'plain' },
      value: ({ state }) => t(`meterMode.state.${state}`),
      cell: ({ state }) => <RechargeChip state={state} />,
    },
    {
      ...{ key: 'counter', title: t('meterMode.counters'), align: 'right', width: '110px' },
      phone: 'none',
      value: ({ counter }) => (counter === null ? null : String(counter)),
      order: ({ counter }) => counter ?? 0,
      cell: ({ counter }) => counter ?? '–',
    },
    {
      ...{ key: 'amount', title: t('sale.amount'), unit: currencyName(currency, language) },
      ...{ align: 'right', width: '130px', phone: 'figure' },
      value: (row) => row.amount.amount,
      order: (row) => Number(row.amount.amount),
      cell: (row) => amount(row.amount.amount),
      total: { cell: amount(total), value: total },
    },
  ];
}

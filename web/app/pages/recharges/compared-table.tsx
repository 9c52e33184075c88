/** Each day's comparison of meters with the ledger; one that differs is adjusted by a person, with a reason. */

import { useTranslation } from 'react-i18next';
import type { PointState } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { day, moment } from '../../dates.ts';
import { amount, currencyName, isNegative } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { type MeterReconciliation, useMeterReconciliations } from '../../meter-mode.ts';
import { Icon, type IconName } from '../../parts/icons.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useMay, useProject } from '../../project.tsx';
import { useAccountName } from '../../queries.ts';
import { Decide } from './decide.tsx';
import type { PanelProps } from './recharges.tsx';

export function ComparedTable({ asked, search, set }: PanelProps) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const answer = useMeterReconciliations(asked, true);
  const rows = answer.data?.data;
  const columns = useColumns();
  if (answer.isError && !rows) {
    return <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />;
  }
  return (
    <Table<MeterReconciliation>
      name="meter-reconciliations"
      label={t('meterMode.shows.compared')}
      title={
        rows ? t('meterMode.comparedCount', { count: rows.length }) : t('meterMode.shows.compared')
      }
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={search.sort}
      onSort={(sort) => set({ sort })}
      openKey={search.open}
      onOpen={({ id }) => set({ open: search.open === id ? undefined : id })}
      detail={(row) => <Detail key={row.id} row={row} />}
      complete={answer.data?.complete ?? true}
      waitingFor={t('meterMode.shows.compared')}
      empty={<Empty title={t('meterMode.comparedNone')} text={t('meterMode.comparedNoneText')} />}
      file={{
        path: '/meter-reconciliations',
        query: asked,
        rows: answer.data?.complete ? answer.data.data.length : null,
      }}
      foot={t('meterMode.foot', { zone })}
    />
  );
}

function Detail({ row }: { row: MeterReconciliation }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const may = useMay();
  const now = useNow(60_000);
  const { adjusted, adjustedAt, adjustedBy, verdict } = row;
  const isOff = verdict === 'balance-differs' || verdict === 'counter-differs';
  return (
    <div className="stack counter-detail">
      <p>
        {t('meterMode.unsettled', {
          ledger: amount(row.ledger.amount),
          unsettled: amount(row.unsettled.amount),
        })}
        {t('mark.between')}
        {t('meterMode.tolerance', { tolerance: amount(row.tolerance.amount) })}
      </p>
      {adjusted && adjustedAt && (
        <p className="second">
          {t('meterMode.adjustedBy', {
            what: t(`meterMode.adjusted.${adjusted}`),
            who: adjustedBy,
            at: moment(language, zone, adjustedAt, now),
          })}
          {row.reason && <span className="block">{row.reason}</span>}
        </p>
      )}
      {isOff && !adjusted && may('reconciliation.adjust') && (
        <Decide
          path={`/meter-reconciliations/${row.id}/adjust`}
          label={t('meterMode.adjust.label')}
          choices={(['wallet', 'park'] as const).map((bearer) => ({
            body: { bearer },
            label: t(`meterMode.adjust.${bearer}`),
          }))}
        />
      )}
    </div>
  );
}

const looks: Record<MeterReconciliation['verdict'], { tone: PointState; icon: IconName }> = {
  fits: { tone: 'opened', icon: 'check' },
  'balance-differs': { tone: 'alarm2', icon: 'scales' },
  'counter-differs': { tone: 'arrears', icon: 'warning' },
  unread: { tone: 'lostContact', icon: 'question' },
};

function useColumns(): Column<MeterReconciliation>[] {
  const { t } = useTranslation();
  const nameFor = useAccountName();
  const language = useLanguage();
  const { currency } = useProject();
  const unit = currencyName(currency, language);
  const net = (row: MeterReconciliation) =>
    (Number(row.ledger.amount) - Number(row.unsettled.amount)).toFixed(2);
  return [
    {
      ...{ key: 'day', title: t('meterMode.day'), width: '120px', phone: 'plain' },
      value: ({ localDay }) => localDay,
      cell: ({ localDay }) => <span className="nowrap">{day(language, localDay)}</span>,
    },
    {
      ...{ key: 'account', title: t('meters.account'), width: 'minmax(150px, 2fr)' },
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
      ...{ key: 'meter', title: t('meterMode.meter'), width: 'minmax(140px, 1fr)', phone: 'plain' },
      value: ({ pointCode, serial }) => `${pointCode} ${serial}`,
      cell: ({ pointCode, serial }) => (
        <div className="clip">
          {pointCode} <span className="mono quiet">{serial}</span>
        </div>
      ),
    },
    {
      ...{ key: 'verdict', title: t('meterMode.verdictTitle'), width: '160px', phone: 'plain' },
      value: ({ verdict }) => t(`meterMode.verdict.${verdict}`),
      cell: ({ verdict, adjusted }) => (
        <>
          <span className={`chip ${looks[verdict].tone}`}>
            <Icon name={looks[verdict].icon} size={13} />
            {t(`meterMode.verdict.${verdict}`)}
          </span>
          {adjusted && <span className="block second">{t(`meterMode.adjusted.${adjusted}`)}</span>}
        </>
      ),
    },
    {
      ...{ key: 'expected', title: t('meterMode.expected'), unit, align: 'right', width: '120px' },
      phone: 'none',
      value: net,
      order: (row) => Number(net(row)),
      cell: (row) => amount(net(row)),
    },
    {
      ...{ key: 'meterShows', title: t('meterMode.onMeter'), unit, align: 'right', width: '120px' },
      phone: 'none',
      value: ({ meter }) => meter?.amount ?? null,
      order: ({ meter }) => Number(meter?.amount ?? 0),
      cell: ({ meter }) => (meter ? amount(meter.amount) : '–'),
    },
    {
      ...{ key: 'difference', title: t('meterMode.difference'), unit, align: 'right' },
      ...{ width: '120px', phone: 'figure' },
      value: ({ difference }) => difference?.amount ?? null,
      order: ({ difference }) => Math.abs(Number(difference?.amount ?? 0)),
      cell: ({ difference }) =>
        difference ? (
          <span className={isNegative(difference.amount) ? 'neg' : ''}>
            {amount(difference.amount)}
          </span>
        ) : (
          '–'
        ),
    },
    {
      ...{ key: 'counters', title: t('meterMode.counters'), align: 'right', width: '110px' },
      phone: 'none',
      value: ({ meterCounter, ledgerCounter }) =>
        `${meterCounter ?? '–'} / ${ledgerCounter ?? '–'}`,
      cell: ({ meterCounter, ledgerCounter }) => `${meterCounter ?? '–'} / ${ledgerCounter ?? '–'}`,
    },
  ];
}

/** Reversals of sales: what waits for a second person first, decided in place. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { amount, currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useMay, usePlace, useProject } from '../../project.tsx';
import { useAccountName, useProjectSettings } from '../../queries.ts';
import type { CounterSearch } from '../../search.ts';
import { type Totals, totalsOf } from '../../totals.ts';
import { useReversals } from '../../vending-queries.ts';
import type { SaleReversal } from '../../vending-shapes.ts';
import { Reasoned } from './reasoned.tsx';
import { PrintReceipt } from './receipt-print.tsx';

export interface CounterTableProps {
  asked: { from: string; to: string; q?: string };
  search: CounterSearch;
  set: (change: Partial<CounterSearch>) => void;
}

export function ReversalsTable({ asked, search, set }: CounterTableProps) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const reversals = useReversals(asked, true);
  const totals = totalsOf(reversals.data);
  const columns = useColumns(totals);
  const rows = reversals.data?.data.toSorted(
    (a, b) => Number(b.state === 'waiting') - Number(a.state === 'waiting'),
  );
  if (reversals.isError && !rows) {
    return <ProblemNotice error={reversals.error} retry={() => void reversals.refetch()} />;
  }
  return (
    <Table
      name="reversals"
      label={t('vend.sale.shows.reversals')}
      title={totals.count === null ? undefined : t('vend.reversal.count', { count: totals.count })}
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={search.sort}
      onSort={(sort) => set({ sort })}
      openKey={search.open}
      onOpen={({ id }) => set({ open: search.open === id ? undefined : id })}
      detail={(reversal) => <ReversalDetail key={reversal.id} reversal={reversal} />}
      complete={reversals.data?.complete ?? true}
      waitingFor={t('vend.sale.shows.reversals')}
      empty={<Empty title={t('vend.reversal.none')} text={t('vend.reversal.noneText')} />}
      file={{
        path: '/reversals',
        query: asked,
        rows: totals.count,
      }}
      foot={t('sale.foot', { zone })}
    />
  );
}

function ReversalDetail({ reversal }: { reversal: SaleReversal }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { session, project } = usePlace();
  const may = useMay();
  const settings = useProjectSettings().data;
  const now = useNow(60_000);
  const when = (at: string) => moment(language, project.zone, at, now);
  const isMine = reversal.proposedById === session.user.id;
  const mayApprove =
    may('reversal.approve') && (!isMine || settings?.vending.singlePersonApproves === true);
  const decisions = [
    ...(mayApprove ? (['approve'] as const) : []),
    ...(mayApprove && !isMine ? (['reject'] as const) : []),
    ...(may('reversal.write') && isMine ? (['withdraw'] as const) : []),
  ];
  return (
    <div className="stack counter-detail">
      <dl className="pairs">
        <div>
          <dt>{t('vend.reversal.sold')}</dt>
          <dd>
            {reversal.saleReceipt}
            {t('mark.comma')}
            {reversal.soldBy}
            {t('mark.comma')}
            {when(reversal.soldAt)}
          </dd>
        </div>
        <div>
          <dt>{t('vend.reversal.wanted')}</dt>
          <dd>
            {reversal.proposedBy}
            {t('mark.comma')}
            {when(reversal.proposedAt)}
            <div className="quiet">{reversal.reason}</div>
          </dd>
        </div>
        {reversal.decidedBy && reversal.decidedAt && (
          <div>
            <dt>{t(`vend.reversal.state.${reversal.state}`)}</dt>
            <dd>
              {reversal.decidedBy}
              {t('mark.comma')}
              {when(reversal.decidedAt)}
              {reversal.approvedBySamePerson && <div>{t('vend.samePerson')}</div>}
              {reversal.decisionReason && <div className="quiet">{reversal.decisionReason}</div>}
            </dd>
          </div>
        )}
      </dl>
      {reversal.state === 'waiting' && reversal.approval && (
        <div className="notice warning">
          <Icon name="people" />
          <div>
            <div className="strong">{t(`vend.reversal.approval.${reversal.approval}`)}</div>
            <div className="second">
              {t(
                mayApprove
                  ? 'vend.reversal.yours'
                  : isMine
                    ? 'vend.reversal.own'
                    : 'vend.reversal.other',
              )}
              {mayApprove && isMine && <div>{t('vend.alone')}</div>}
            </div>
          </div>
        </div>
      )}
      {reversal.state === 'waiting' && decisions.length > 0 && (
        <Reasoned
          path={`/reversals/${reversal.id}/decisions`}
          choices={decisions.map((decision) => ({
            ...{ decision, label: t(`vend.reversal.act.${decision}`) },
            isMain: decision === 'approve',
          }))}
        />
      )}
      {reversal.receipt && (
        <div className="counter-acts">
          <PrintReceipt receipt={reversal.receipt} prints={reversal.prints} />
        </div>
      )}
    </div>
  );
}

function useColumns(totals: Totals): Column<SaleReversal>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const now = useNow(60_000);
  const nameFor = useAccountName();
  const word = (key: string) => t(`vend.reversal.${key}`);
  const total = totals.money('amount');
  return [
    {
      ...{ key: 'at', title: t('account.when'), width: '130px', phone: 'plain' },
      value: ({ proposedAt }) => proposedAt,
      cell: ({ proposedAt }) => (
        <span className="nowrap">{moment(language, zone, proposedAt, now)}</span>
      ),
      total: { cell: t('total'), value: t('total') },
    },
    {
      ...{ key: 'receipt', title: t('sale.receipt'), width: '130px', phone: 'none' },
      value: ({ receipt }) => receipt,
      cell: ({ receipt }) => <span className="mono">{receipt ?? '–'}</span>,
    },
    {
      ...{ key: 'of', title: word('of'), width: '130px', phone: 'plain' },
      value: ({ saleReceipt }) => saleReceipt,
      cell: ({ saleReceipt }) => <span className="mono">{saleReceipt}</span>,
    },
    {
      ...{ key: 'account', title: t('meters.account'), width: 'minmax(140px, 2fr)' },
      phone: 'title',
      value: nameFor,
      cell: (reversal) => (
        <div className="clip strong" title={nameFor(reversal)}>
          {nameFor(reversal)}
        </div>
      ),
    },
    {
      ...{ key: 'state', title: word('is'), width: 'minmax(120px, 1fr)', phone: 'plain' },
      value: ({ state }) => word(`state.${state}`),
      cell: ({ state }) => (
        <span className={`state counter-${state}`}>{word(`state.${state}`)}</span>
      ),
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
      ...{ key: 'by', title: word('wanted'), width: 'minmax(110px, 1fr)', phone: 'plain' },
      value: ({ proposedBy }) => proposedBy,
      cell: ({ proposedBy }) => <div className="clip">{proposedBy}</div>,
    },
    {
      ...{ key: 'reason', title: t('vend.reason'), width: 'minmax(100px, 2fr)', phone: 'none' },
      value: ({ reason }) => reason,
      cell: ({ reason }) => <div className="clip quiet">{reason}</div>,
    },
  ];
}

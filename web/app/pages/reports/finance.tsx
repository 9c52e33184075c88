/** The sales report: what was sold by day, month or year and through what; it foots, and says so. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { day, localDay } from '../../dates.ts';
import { amount, currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Filter } from '../../parts/controls.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, Skeleton } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import { askedRange, rangeSearch } from '../../range.ts';
import type { FinanceReport } from '../../reports.ts';
import type { ReportSearch } from '../../search.ts';
import { FootsLine } from './figures.tsx';
import { RangeFilter } from './filters.tsx';
import { useFinanceColumns } from './finance-columns.tsx';
import { ByCashier, ByChannel, Credit } from './finance-panels.tsx';
import { isZero, reportFoots } from './finance-sums.ts';
import { ReportFrame } from './frame.tsx';
import { useReport } from './use-report.ts';

export default function Finance() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/finance' });
  const today = localDay(zone, useNow(60_000));
  const asked = askedRange(search, today, 'month');
  const unit = search.unit === 'month' || search.unit === 'year' ? search.unit : 'day';
  const by = search.by === 'channel' || search.by === 'cashier' ? search.by : 'none';
  const { channel, cashier } = search;
  const isWhole = !channel && !cashier;
  // Postings belong to no channel and no cashier.
  const show = search.show === 'postings' && isWhole ? 'postings' : 'sales';
  const query = { from: asked.from, to: asked.to, unit, by, channel, cashier };
  const answer = useReport<FinanceReport>('finance', query);
  const report = answer.data;
  const set = (change: Partial<ReportSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const columns = useFinanceColumns({ report, unit, by, show, from: asked.from, today });
  const money = currencyName(currency, language);
  const foots = !!report && reportFoots(report);
  return (
    <ReportFrame
      title={t(`report.finance.title.${unit}`)}
      page="finance"
      asked={asked}
      context={t('report.finance.cut', { zone })}
      answer={answer}
      file={{ name: 'finance', query, hasTotal: true }}
      first={
        <>
          <Segmented
            label={t('energy.unit')}
            value={unit}
            onChange={(value) => set({ unit: value === 'day' ? undefined : value })}
            choices={(['day', 'month', 'year'] as const).map((value) => ({
              value,
              label: t(`energy.by.${value}`),
            }))}
          />
          <RangeFilter asked={asked} onChange={(range) => set(rangeSearch(range))} />
        </>
      }
      filters={
        <>
          <Filter
            label={t('report.finance.by.channel')}
            value={channel ?? ''}
            options={[
              { value: '' as const, label: t('report.finance.all') },
              ...channels.map((value) => ({ value, label: t(`channel.${value}`) })),
            ]}
            onChange={(value) => set({ channel: value || undefined, sort: undefined })}
          />
          <Filter
            label={t('report.finance.by.cashier')}
            value={cashier ?? ''}
            options={[
              { value: '', label: t('report.finance.all') },
              ...cashiersOf(report, cashier).map((value) => ({ value, label: value })),
            ]}
            onChange={(value) => set({ cashier: value || undefined, sort: undefined })}
          />
          <Filter
            label={t('energy.rows')}
            value={by}
            options={(['none', 'channel', 'cashier'] as const).map((value) => ({
              value,
              label: t(`report.finance.by.${value}`),
            }))}
            onChange={(value) => set({ by: value === 'none' ? undefined : value, sort: undefined })}
          />
        </>
      }
    >
      <Equation
        report={report}
        money={money}
        onAll={() => set({ channel: undefined, cashier: undefined })}
      />
      <div className="columns" style={{ '--side': '300px' } as React.CSSProperties}>
        <Table
          name={`finance-${show}`}
          label={t(`report.finance.title.${unit}`)}
          title={
            report &&
            t(`report.finance.count.${unit}`, {
              count: new Set(report.data.map(({ period }) => period)).size,
            })
          }
          beside={
            <>
              <span className="second">{t('report.finance.amounts', { money })}</span>
              {isWhole && (
                <Segmented
                  label={t('report.show')}
                  value={show}
                  onChange={(value) => set({ show: value === 'sales' ? undefined : value })}
                  choices={(['sales', 'postings'] as const).map((value) => ({
                    value,
                    label: t(`report.finance.show.${value}`),
                  }))}
                />
              )}
            </>
          }
          columns={columns}
          rows={report?.data}
          rowKey={(row) => `${row.period} ${row.key ?? ''}`}
          rowClass={(row) => (isToday(row.period, today) ? 'now' : '')}
          foots={foots}
          sort={search.sort}
          onSort={(sort) => set({ sort })}
          waitingFor={t('wait.report')}
          empty={<Empty title={t('sale.none')} text={t('report.finance.noneText')} />}
          foot={report && <FootsLine foots={foots}>{t(`report.finance.foot.${show}`)}</FootsLine>}
        />
        <div className="stack">
          <ByChannel parts={report?.byChannel} money={money} />
          <ByCashier parts={report?.byCashier} money={money} />
          {isWhole && (
            <Credit
              figures={report?.totals}
              provisional={report?.provisional ?? null}
              money={money}
              since={day(language, asked.from, false)}
            />
          )}
        </div>
      </div>
    </ReportFrame>
  );
}

const channels = ['cash', 'transfer', 'online'] as const;

/** Who sold something through the channel; the one that is asked for also if it was nothing. */
function cashiersOf(report: FinanceReport | undefined, asked: string | undefined): string[] {
  const found = (report?.byCashier ?? []).flatMap(({ key }) => key ?? []);
  return [...new Set([...found, ...(asked ? [asked] : [])])].sort();
}

const isToday = (period: string, today: string): boolean =>
  period.length === 10 && period === today;

/** Sales less refunds less reversals is the net, and the same sum in the books and the receipts. */
function Equation({
  report,
  money,
  onAll,
}: {
  report: FinanceReport | undefined;
  money: string;
  onAll: () => void;
}) {
  const { t } = useTranslation();
  const totals = report?.totals;
  const without = (text: string | undefined) => amount(text?.replace(/^-/, ''));
  const proof = report?.proof;
  const foots = proof
    ? isZero(proof.difference.amount) && !proof.gaps.length && !proof.doubles
    : true;
  return (
    <section className="panel equation">
      <Term label={t('report.finance.sales')} value={amount(totals?.sales.amount)} on={!!report}>
        {t('report.finance.receipts', { count: totals?.receipts ?? 0 })}
      </Term>
      <span className="operator">−</span>
      <Term
        label={t('report.finance.refunds')}
        value={without(totals?.refunds.amount)}
        on={!!report}
      >
        {t('report.finance.refundCount', { count: report?.returns.refunds ?? 0 })}
      </Term>
      <span className="operator">−</span>
      <Term
        label={t('report.finance.reversals')}
        value={without(totals?.reversals.amount)}
        on={!!report}
      >
        {t('report.finance.reversalCount', { count: report?.returns.reversals ?? 0 })}
      </Term>
      <span className="operator">=</span>
      <Term
        label={t('report.finance.net')}
        value={amount(totals?.net.amount)}
        unit={money}
        on={!!report}
        big
      >
        {t('report.finance.booked')}
      </Term>
      {proof === null ? (
        <div className="proof">
          <h2>{t('report.finance.partOnly')}</h2>
          <p className="second">{t('report.finance.partOnlyText')}</p>
          <button type="button" className="button small" onClick={onAll}>
            {t('report.finance.showAll')}
          </button>
        </div>
      ) : (
        <div className="proof">
          {proof ? (
            <h2 className={foots ? 'pos' : 'neg'}>
              <Icon name={foots ? 'check' : 'warning'} size={14} />
              {t(foots ? 'report.finance.foots' : 'report.finance.footsNot')}
            </h2>
          ) : (
            <h2>
              <Skeleton width={110} />
            </h2>
          )}
          <dl className="pairs">
            {(['rows', 'ledger', 'receipts', 'difference'] as const).map((key) => (
              <div key={key} className={key === 'difference' ? 'strong' : undefined}>
                <dt>{t(`report.finance.proof.${key}`)}</dt>
                <dd className={key === 'difference' && !foots ? 'neg' : undefined}>
                  {proof ? amount(proof[key].amount) : <Skeleton width={80} />}
                </dd>
              </div>
            ))}
          </dl>
          {proof && !foots && <WhyNot proof={proof} />}
        </div>
      )}
    </section>
  );
}

/** What parts the three sums, and which numbers are missing or double. */
function WhyNot({ proof }: { proof: NonNullable<FinanceReport['proof']> }) {
  const { t } = useTranslation();
  return (
    <ul className="proof-why second">
      {proof.reasons.map((reason) => (
        <li key={reason.code}>
          {t(`report.finance.why.${reason.code}`, { defaultValue: reason.code })}{' '}
          {amount(reason.amount.amount)}
        </li>
      ))}
      {proof.gaps.map(({ from, to }) => (
        <li key={from}>{t('report.finance.gap', { from, to: from === to ? '' : ` – ${to}` })}</li>
      ))}
      {proof.gapsMore && <li>{t('report.finance.gapsMore')}</li>}
      {proof.doubles > 0 && <li>{t('report.finance.doubles', { count: proof.doubles })}</li>}
    </ul>
  );
}

function Term({
  label,
  value,
  unit,
  big,
  on,
  children,
}: {
  label: string;
  value: string;
  unit?: string;
  big?: boolean;
  on: boolean;
  children?: React.ReactNode;
}) {
  return (
    <div className={big ? 'term net' : 'term'}>
      <div className="figure-label">{label}</div>
      <div className="term-value">
        {on ? value : <Skeleton width={100} height={18} />}
        {on && unit && <span className="unit"> {unit}</span>}
      </div>
      <div className="figure-line">{(on && children) || '\u00a0'}</div>
    </div>
  );
}

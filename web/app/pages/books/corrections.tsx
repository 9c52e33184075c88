/** Corrections: every line that a settlement anew changed, before and now, with cause, author and run. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Correction } from '../../books.ts';
import { useCorrections } from '../../books-queries.ts';
import { useNow } from '../../clock.tsx';
import { localDay, range as rangeText } from '../../dates.ts';
import { currencyName, number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Filter } from '../../parts/controls.tsx';
import { ExportMenu } from '../../parts/export-menu.tsx';
import { Cell } from '../../parts/figure.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { PrintButton } from '../../parts/print-button.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import { useAccounts, useLive } from '../../queries.ts';
import { askedRange, rangeSearch } from '../../range.ts';
import type { BooksSearch } from '../../search.ts';
import { FootsLine } from '../reports/figures.tsx';
import { Filters, RangeFilter } from '../reports/filters.tsx';
import { Strip } from '../reports/frame.tsx';
import { useCorrectionColumns } from './correction-columns.tsx';
import { CorrectionDetail } from './correction-detail.tsx';
import { shownAmount, signedAmount } from './exact.ts';
import { lineKey, sumsOf } from './lines.ts';
import './books.css';

export default function Corrections() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/corrections' });
  const today = localDay(zone, useNow(60_000));
  // What is corrected of an open month is booked in that month, be it over: a year back nothing is missed.
  const asked = askedRange(search, today, 'twelve');
  const query = {
    from: asked.from,
    to: asked.to,
    accountId: search.account,
    pointId: search.point,
  };
  const answer = useCorrections(query);
  const rows = answer.data?.data;
  const complete = answer.data?.complete ?? true;
  const sums = sumsOf(rows ?? []);
  const columns = useCorrectionColumns(rows ?? [], sums);
  const set = (change: Partial<BooksSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const money = currencyName(currency, language);
  const failed = answer.isError && (!rows || answer.isPlaceholderData);
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.corrections')}</h1>
          <div className="head-line">
            {rangeText(language, asked.from, asked.to)} · {t('books.correction.line', { zone })}
          </div>
        </div>
        <div className="head-acts">
          <SaveView />
          <PrintButton />
          <ExportMenu path="/corrections" query={query} rows={complete ? count(rows) : null} />
        </div>
      </div>
      <Filters first={<RangeFilter asked={asked} onChange={(range) => set(rangeSearch(range))} />}>
        <AccountFilter value={search.account} onChange={(account) => set({ account })} />
        <PlaceFilter value={search.point} onChange={(point) => set({ point })} />
      </Filters>
      {failed ? (
        <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />
      ) : (
        <div className={answer.isPlaceholderData ? 'report-body other' : 'report-body'}>
          <Figures rows={rows} money={money} />
          <Table
            name="corrections"
            label={t('page.corrections')}
            title={rows ? t('books.correction.count', { count: rows.length }) : undefined}
            beside={<span className="second">{t('books.correction.amounts', { money })}</span>}
            columns={columns}
            rows={rows}
            rowKey={lineKey}
            foots={sums.foots && complete}
            complete={complete}
            sort={search.sort}
            onSort={(sort) => set({ sort })}
            openKey={search.open}
            onOpen={(row) => set({ open: search.open === lineKey(row) ? undefined : lineKey(row) })}
            detail={(row) => (
              <CorrectionDetail
                row={row}
                lines={(rows ?? []).filter(({ settlementId }) => settlementId === row.settlementId)}
              />
            )}
            waitingFor={t('books.correction.wait')}
            empty={
              <Empty title={t('books.correction.none')} text={t('books.correction.noneText')} />
            }
            foot={rows && <FootsLine foots={sums.foots}>{t('books.correction.foot')}</FootsLine>}
          />
        </div>
      )}
    </>
  );
}

const count = (rows: readonly Correction[] | undefined): number | null => rows?.length ?? null;
const distinct = (texts: readonly string[]): number => new Set(texts).size;

function Figures({ rows, money }: { rows: readonly Correction[] | undefined; money: string }) {
  const { t } = useTranslation();
  const loading = !rows;
  const sums = sumsOf(rows ?? []);
  const headers = distinct((rows ?? []).map(({ settlementId }) => settlementId));
  const accounts = distinct((rows ?? []).map(({ accountId }) => accountId));
  const days = distinct((rows ?? []).map(({ serviceDay }) => serviceDay));
  return (
    <Strip count={5}>
      <Cell
        label={t('books.correction.difference')}
        value={signedAmount(sums.difference)}
        unit={money}
        loading={loading}
        line={t('books.correction.more')}
      />
      <Cell
        label={t('books.correction.before')}
        value={shownAmount(sums.before)}
        unit={money}
        loading={loading}
        line={t('books.correction.ofLines')}
      />
      <Cell
        label={t('books.correction.now')}
        value={shownAmount(sums.now)}
        unit={money}
        loading={loading}
        line={t('books.correction.ofLines')}
      />
      <Cell
        label={t('books.correction.headers')}
        value={number(headers)}
        loading={loading}
        line={t('books.correction.days', { count: days })}
      />
      <Cell
        label={t('page.accounts')}
        value={number(accounts)}
        loading={loading}
        line={t('books.correction.touched')}
      />
    </Strip>
  );
}

function AccountFilter({
  value,
  onChange,
}: {
  value: string | undefined;
  onChange: (account: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const accounts = useAccounts().data?.data ?? [];
  return (
    <Filter
      label={t('meters.account')}
      value={value ?? ''}
      search
      options={[
        { value: '', label: t('books.all') },
        ...(value && !accounts.some(({ id }) => id === value) ? [{ value, label: value }] : []),
        ...accounts.map((each) => ({
          value: each.id,
          label: `${each.number} ${nameOf(language, each)}`,
        })),
      ]}
      onChange={(account) => onChange(account || undefined)}
    />
  );
}

function PlaceFilter({
  value,
  onChange,
}: {
  value: string | undefined;
  onChange: (point: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const points = useLive('slow').data?.data ?? [];
  return (
    <Filter
      label={t('report.point')}
      value={value ?? ''}
      search
      options={[
        { value: '', label: t('report.allPoints') },
        ...(value && !points.some(({ pointId }) => pointId === value)
          ? [{ value, label: value }]
          : []),
        ...points.map(({ pointId, code }) => ({ value: pointId, label: code })),
      ]}
      onChange={(point) => onChange(point || undefined)}
    />
  );
}

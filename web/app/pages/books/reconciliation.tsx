/** The daily three-way reconciliation: what differs, its size in units and money, who owns it and why. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Difference, DifferenceKind, DifferenceTotals } from '../../books.ts';
import { useReconciliation } from '../../books-queries.ts';
import { useNow } from '../../clock.tsx';
import { addDays, localDay, range as rangeText } from '../../dates.ts';
import { amount, currencyName, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { ExportMenu } from '../../parts/export-menu.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { PrintButton } from '../../parts/print-button.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import { askedRange, rangeSearch } from '../../range.ts';
import type { BooksSearch } from '../../search.ts';
import { Filters, RangeFilter } from '../reports/filters.tsx';
import { DaysStrip } from './days-strip.tsx';
import { DifferenceDetail, useDifferenceColumns } from './difference-columns.tsx';
import './books.css';

const kinds: readonly DifferenceKind[] = ['main-sub', 'intervals-charges', 'charges-ledger'];
/** A range is at most 62 days: longer ones are not offered. */
const ranges = ['yesterday', 'week', 'month', 'lastMonth'] as const;

export default function Reconciliation() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/reconciliation' });
  const today = localDay(zone, useNow(60_000));
  const asked = askedRange(search, today, 'yesterday');
  const query = {
    from: asked.from,
    to: asked.to,
    kind: search.kind,
    unexplained: search.show === 'unexplained' ? 'true' : undefined,
  };
  const answer = useReconciliation(query);
  const rows = answer.data?.data;
  const totals = answer.data?.totals;
  const columns = useDifferenceColumns();
  const set = (change: Partial<BooksSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const failed = answer.isError && (!rows || answer.isPlaceholderData);
  const all = totals?.kinds
    .filter(({ kind }) => !search.kind || kind === search.kind)
    .reduce((so, each) => so + (query.unexplained ? each.unexplained : each.differences), 0);
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.reconciliation')}</h1>
          <div className="head-line">
            {rangeText(language, asked.from, asked.to)} · {t('books.agree.line', { zone })}
          </div>
        </div>
        <div className="head-acts">
          <SaveView />
          <PrintButton />
          <ExportMenu
            path="/reconciliation"
            query={query}
            rows={answer.isPlaceholderData ? null : (rows?.length ?? null)}
          />
        </div>
      </div>
      <Filters
        first={
          <RangeFilter
            asked={asked}
            choices={ranges}
            onChange={(range) => set(rangeSearch(range))}
          />
        }
      >
        <Segmented
          label={t('books.agree.kind')}
          value={search.kind ?? 'all'}
          onChange={(kind) => set({ kind: kind === 'all' ? undefined : kind })}
          choices={(['all', ...kinds] as const).map((value) => ({
            value,
            label: t(value === 'all' ? 'books.all' : `books.agree.short.${value}`),
          }))}
        />
        <Segmented
          label={t('books.agree.show')}
          value={search.show ?? 'all'}
          onChange={(show) => set({ show: show === 'all' ? undefined : show })}
          choices={(['all', 'unexplained'] as const).map((value) => ({
            value,
            label: t(`books.agree.shown.${value}`),
          }))}
        />
      </Filters>
      <DaysStrip
        from={asked.from}
        to={asked.to}
        today={today}
        choose={(day) =>
          set({ ...rangeSearch({ preset: null, from: day, to: addDays(day, 1) }), open: undefined })
        }
      />
      {failed ? (
        <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />
      ) : (
        <div className={answer.isPlaceholderData ? 'report-body other' : 'report-body'}>
          <ThreeWays totals={totals ?? undefined} />
          <Table<Difference>
            name="reconciliation"
            label={t('page.reconciliation')}
            title={rows && t('books.agree.count', { count: rows.length })}
            columns={columns}
            rows={rows}
            rowKey={keyOf}
            rowClass={({ reason }) => (reason === null ? 'unexplained' : '')}
            complete={all === undefined || !rows || rows.length >= all}
            sort={search.sort}
            onSort={(sort) => set({ sort })}
            openKey={search.open}
            onOpen={(row) => set({ open: search.open === keyOf(row) ? undefined : keyOf(row) })}
            detail={(row) => <DifferenceDetail row={row} />}
            waitingFor={t('books.agree.wait')}
            empty={<Agree totals={totals ?? undefined} />}
            foot={t('books.agree.foot')}
          />
        </div>
      )}
    </>
  );
}

const keyOf = (row: Difference): string =>
  [row.day, row.kind, row.subjectId, row.unit, row.detail ?? ''].join('/');

/** Nothing differs: said with how much was compared; nothing compared is no agreement. */
function Agree({ totals }: { totals: DifferenceTotals | undefined }) {
  const { t } = useTranslation();
  const compared = totals?.kinds.reduce((so, each) => so + each.compared, 0) ?? 0;
  const differences = totals?.kinds.reduce((so, each) => so + each.differences, 0) ?? 0;
  if (!compared) {
    return <Empty title={t('books.agree.nothing')} text={t('books.agree.nothingText')} />;
  }
  return differences ? (
    <Empty
      icon="check"
      title={t('books.agree.noneHere')}
      text={t('books.agree.noneHereText', { count: differences })}
    />
  ) : (
    <Empty
      icon="check"
      title={t('books.agree.all')}
      text={t('books.agree.allText', { count: compared })}
    />
  );
}

/** The three ways side by side: what was compared, what has no reason and what that is worth. */
function ThreeWays({ totals }: { totals: DifferenceTotals | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  return (
    <section className="panel ways">
      {kinds.map((kind) => {
        const own = totals?.kinds.find((each) => each.kind === kind);
        const look = !own?.compared ? '' : own.unexplained ? 'old' : 'pos';
        return (
          <div className="way" key={kind}>
            <h2>{t(`books.agree.way.${kind}`)}</h2>
            <div className="second">{t(`books.agree.sides.${kind}`)}</div>
            {own ? (
              <>
                <div className={`way-outcome ${look}`}>
                  {own.compared > 0 && (
                    <Icon name={own.unexplained ? 'warning' : 'check'} size={14} />
                  )}
                  {!own.compared
                    ? t('books.agree.notCompared')
                    : own.unexplained
                      ? t('books.agree.unexplained', { count: own.unexplained })
                      : own.differences
                        ? t('books.agree.explained')
                        : t('books.agree.agrees')}
                </div>
                <dl className="pairs">
                  <div>
                    <dt>{t(`books.agree.compared.${kind}`)}</dt>
                    <dd>{number(own.compared)}</dd>
                  </div>
                  <div>
                    <dt>{t('books.agree.withReason')}</dt>
                    <dd>{number(own.differences - own.unexplained)}</dd>
                  </div>
                  <div>
                    <dt>{t('books.agree.withoutReason')}</dt>
                    <dd className={own.unexplained ? 'strong' : undefined}>
                      {number(own.unexplained)}
                    </dd>
                  </div>
                  <div className="strong">
                    <dt>{t('books.agree.worth')}</dt>
                    <dd className={own.unexplained ? 'old' : undefined}>
                      {amount(own.money.amount)}{' '}
                      <span className="unit">{currencyName(currency, language)}</span>
                    </dd>
                  </div>
                </dl>
              </>
            ) : (
              <div className="stack way-outcome">
                <Skeleton width="60%" height={14} />
                <Skeleton width="100%" height={90} />
              </div>
            )}
          </div>
        );
      })}
    </section>
  );
}

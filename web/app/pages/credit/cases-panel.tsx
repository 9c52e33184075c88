/** Every account that is or was below: how far it is, what it waits for, what is left of it. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { useCases } from '../../credit-queries.ts';
import { type CaseState, type CreditCase, caseStates } from '../../credit-shapes.ts';
import { moment } from '../../dates.ts';
import { amount, currencyName, isNegative, number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import type { CreditSearch } from '../../search.ts';
import { CaseChip, useWaitsFor } from './case-state.tsx';
import '../../parts/controls.css';

export function CasesPanel({
  search,
  set,
}: {
  search: CreditSearch;
  set: (change: Partial<CreditSearch>) => void;
}) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const { state, q } = search;
  const query = { state, q };
  const answer = useCases(query);
  const rows = answer.data?.data;
  const counts = answer.data?.totals.states as Partial<Record<CaseState, number>> | undefined; // As the API says.
  // States that no case is in say nothing.
  const shown = caseStates.filter((each) => each === state || !counts || counts[each]);
  const columns = useColumns();
  return (
    <>
      <div className="filters">
        <input
          className="input filter-text"
          type="search"
          maxLength={100}
          value={q ?? ''}
          placeholder={t('credit.search')}
          aria-label={t('credit.search')}
          onChange={(event) => set({ q: event.target.value || undefined })}
        />
      </div>
      <div className="state-filters credit-filters">
        {shown.map((each) => (
          <button
            type="button"
            key={each}
            className="state-filter credit-filter"
            aria-pressed={state === each}
            onClick={() => set({ state: state === each ? undefined : each })}
          >
            <CaseChip state={each} />
            <b>{counts ? number(counts[each] ?? 0) : '–'}</b>
          </button>
        ))}
      </div>
      {answer.isError && !rows ? (
        <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />
      ) : (
        <Table<CreditCase>
          name="credit-cases"
          label={t('credit.tab.cases')}
          title={rows ? t('credit.caseCount', { count: rows.length }) : t('credit.tab.cases')}
          columns={columns}
          rows={rows}
          rowKey={({ accountId }) => accountId}
          sort={search.sort}
          onSort={(sort) => set({ sort })}
          onOpen={({ accountId }) => set({ open: accountId })}
          complete={answer.data?.complete ?? true}
          empty={
            <Empty
              title={t(state || q ? 'credit.noneSuch' : 'credit.none')}
              text={t('credit.noneText')}
            />
          }
          file={{
            path: '/credit-cases',
            query,
            rows: answer.data?.complete ? (rows?.length ?? null) : null,
          }}
          foot={t('credit.caseFoot', { zone })}
        />
      )}
    </>
  );
}

function useColumns(): Column<CreditCase>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const now = useNow(60_000);
  const waits = useWaitsFor();
  const money = (key: 'live' | 'cuttable' | 'creditLimit'): Column<CreditCase> => ({
    ...{ key, title: t(`credit.${key}`), unit: currencyName(currency, language) },
    ...{ align: 'right', width: '116px' },
    value: (row) => row[key].amount,
    order: (row) => Number(row[key].amount),
    cell: (row) => (
      <span className={isNegative(row[key].amount) ? 'neg' : ''}>{amount(row[key].amount)}</span>
    ),
  });
  return [
    {
      ...{ key: 'account', title: t('meters.account'), width: 'minmax(220px, 3fr)' },
      phone: 'title',
      value: (row) => `${nameOf(language, row)} ${row.number}`,
      cell: (row) => (
        <div className="clip" title={`${nameOf(language, row)} ${row.number}`}>
          <span className="strong">{nameOf(language, row)}</span>{' '}
          <span className="quiet">{row.number}</span>
        </div>
      ),
    },
    {
      ...{ key: 'state', title: t('credit.stateTitle'), width: '130px', phone: 'plain' },
      value: ({ state }) => t(`credit.state.${state}`),
      order: ({ state }) => caseStates.indexOf(state),
      cell: ({ state }) => <CaseChip state={state} />,
    },
    {
      ...{ key: 'waits', title: t('credit.waitsTitle'), width: 'minmax(220px, 3fr)' },
      phone: 'plain',
      value: ({ waitsFor }) => waits(waitsFor) || null,
      cell: ({ waitsFor }) =>
        waitsFor && (
          <div className="clip" title={waits(waitsFor)}>
            {waits(waitsFor)}
          </div>
        ),
    },
    { ...money('live'), phone: 'figure' },
    money('cuttable'),
    { ...money('creditLimit'), optional: true },
    {
      ...{ key: 'off', title: t('credit.off'), width: '110px', align: 'right' },
      value: ({ pointsOff, points }) => `${pointsOff} / ${points}`,
      order: ({ pointsOff }) => pointsOff,
      cell: ({ pointsOff, points }) => (
        <span className={pointsOff ? 'neg strong' : ''}>
          {t('credit.offOf', { off: number(pointsOff), points: number(points) })}
        </span>
      ),
    },
    {
      ...{ key: 'since', title: t('credit.since'), width: '132px' },
      value: ({ since }) => since,
      cell: ({ since }) => <span className="nowrap">{moment(language, zone, since, now)}</span>,
    },
  ];
}

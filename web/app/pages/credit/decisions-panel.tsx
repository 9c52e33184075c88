/** Everything that was decided about credit, by whom or by which rule; the newest first. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { useDecisions } from '../../credit-queries.ts';
import { creditDecisions, type Decision } from '../../credit-shapes.ts';
import { addDays, localDay, moment } from '../../dates.ts';
import { amount, currencyName, isNegative } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, DayRange, Filter } from '../../parts/controls.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import type { CreditSearch } from '../../search.ts';
import { decisionIcons, useReasonText } from './case-state.tsx';
import { DecisionData } from './decision-data.tsx';

const DAYS = 7;

export function DecisionsPanel({
  search,
  set,
}: {
  search: CreditSearch;
  set: (change: Partial<CreditSearch>) => void;
}) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const today = localDay(zone, useNow(60_000));
  const from = search.from ?? addDays(today, 1 - DAYS);
  const to = search.to && search.to > from ? search.to : addDays(today, 1);
  const query = { from, to, decision: search.decision };
  const answer = useDecisions(query);
  const rows = answer.data?.data;
  const columns = useColumns();
  return (
    <>
      <Controls>
        <div className="filters">
          <DayRange
            label={t('energy.period')}
            from={from}
            to={to}
            presets={[
              { label: t('energy.preset.today'), from: today, to: addDays(today, 1) },
              { label: t('energy.preset.week'), from: addDays(today, -6), to: addDays(today, 1) },
              {
                label: t('energy.preset.month'),
                from: `${today.slice(0, 7)}-01`,
                to: addDays(today, 1),
              },
            ]}
            onChange={(first, last) => set({ from: first, to: last })}
          />
          <Filter
            label={t('credit.decisionTitle')}
            value={search.decision ?? ''}
            options={[
              { value: '', label: t('books.all') },
              ...creditDecisions.map((value) => ({ value, label: t(`credit.decision.${value}`) })),
            ]}
            onChange={(value) => set({ decision: value || undefined })}
          />
        </div>
      </Controls>
      {answer.isError && !rows ? (
        <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />
      ) : (
        <Table<Decision>
          name="credit-decisions"
          label={t('credit.tab.decisions')}
          title={rows ? t('credit.decisionCount', { count: rows.length }) : undefined}
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          sort={search.sort}
          onSort={(sort) => set({ sort })}
          openKey={search.row}
          onOpen={({ id }) => set({ row: search.row === id ? undefined : id })}
          detail={(row) => (
            <div className="credit-opened">
              <DecisionData decision={row} />
              <div>
                <button
                  type="button"
                  className="button small"
                  onClick={() => set({ open: row.accountId })}
                >
                  {t('credit.toCase')}
                </button>
              </div>
            </div>
          )}
          complete={answer.data?.complete ?? true}
          empty={<Empty title={t('credit.noDecisions')} text={t('credit.noDecisionsText')} />}
          file={{
            path: '/credit-decisions',
            query,
            rows: answer.data?.complete ? (rows?.length ?? null) : null,
          }}
          foot={t('credit.decisionFoot', { zone })}
        />
      )}
    </>
  );
}

function useColumns(): Column<Decision>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const now = useNow(60_000);
  const reasonOf = useReasonText();
  const money = (key: 'live' | 'cuttable'): Column<Decision> => ({
    ...{ key, title: t(`credit.${key}`), unit: currencyName(currency, language) },
    ...{ align: 'right', width: '116px' },
    value: ({ data }) => data[key]?.amount ?? null,
    order: ({ data }) => (data[key] ? Number(data[key].amount) : null),
    cell: ({ data }) => (
      <span className={isNegative(data[key]?.amount) ? 'neg' : ''}>
        {amount(data[key]?.amount)}
      </span>
    ),
  });
  return [
    {
      ...{ key: 'at', title: t('account.when'), width: '136px', phone: 'plain' },
      value: ({ at }) => at,
      cell: ({ at }) => <span className="nowrap">{moment(language, zone, at, now)}</span>,
    },
    {
      ...{ key: 'account', title: t('meters.account'), width: 'minmax(170px, 2fr)' },
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
      ...{ key: 'decision', title: t('credit.decisionTitle'), width: '150px', phone: 'plain' },
      value: ({ decision }) => t(`credit.decision.${decision}`),
      cell: ({ decision }) => (
        <span className={`state credit-${decision}`}>
          <Icon name={decisionIcons[decision]} size={14} />
          {t(`credit.decision.${decision}`)}
        </span>
      ),
    },
    {
      ...{ key: 'reason', title: t('credit.why'), width: 'minmax(220px, 3fr)', phone: 'plain' },
      value: reasonOf,
      cell: (row) => (
        <div className="clip" title={reasonOf(row)}>
          {reasonOf(row)}
        </div>
      ),
    },
    { ...money('live'), phone: 'figure' },
    { ...money('cuttable'), phone: 'none' },
  ];
}

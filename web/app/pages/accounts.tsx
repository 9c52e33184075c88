/** Every account: what is left, what of it is not final, how long it lasts, and in which state it is. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Account, PointState } from '../api.ts';
import { amount, currencyName, number, sum } from '../format.ts';
import { nameOf, useLanguage } from '../language.ts';
import { Amount } from '../parts/figure.tsx';
import { Icon } from '../parts/icons.tsx';
import { Empty, ProblemNotice } from '../parts/notice.tsx';
import { SaveView } from '../parts/save-view.tsx';
import { State, StateIcon, states } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table-model.ts';
import { useMay, useProject } from '../project.tsx';
import { useAccounts, useProjectSettings } from '../queries.ts';
import type { ListSearch } from '../search.ts';
import { accountState } from './account/account-state.ts';
import { OpeningDrawer } from './opening/opening-drawer.tsx';
import { PreparedPanel } from './opening/prepared-panel.tsx';
import '../parts/controls.css';

const shownStates: readonly PointState[] = states.filter((state) => state !== 'lostContact');

/** Sheets of use and fees that are printed at once, at most. */
const SHEETS_MAX = 200;

export default function Accounts() {
  const { t } = useTranslation();
  const project = useProject();
  const may = useMay();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/accounts' });
  const accounts = useAccounts();
  const settings = useProjectSettings().data;
  const stateOf = (account: Account) => accountState(account, settings);
  const open = accounts.data?.data.filter(({ closedOn }) => search.show === 'all' || !closedOn);
  const rows = open?.filter((account) => fits(account, search, stateOf));
  const columns = useColumns(rows ?? [], stateOf);
  const set = (change: Partial<ListSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.accounts')}</h1>
          <div className="head-line">{t('accounts.line')}</div>
        </div>
        <div className="head-acts">
          <SaveView />
          {rows && rows.length > 0 && rows.length <= SHEETS_MAX && (
            <Link
              to="/projects/$projectId/bills"
              params={{ projectId: project.id }}
              search={{
                // What is filtered is what is printed; all of them need no list.
                accounts:
                  rows.length === accounts.data?.data.length
                    ? undefined
                    : rows.map(({ id }) => id).join(),
              }}
              className="button"
              preload={false}
            >
              <Icon name="printer" size={14} />
              {t('bills.act')}
            </Link>
          )}
          <Link
            to="/projects/$projectId/residuals"
            params={{ projectId: project.id }}
            className="button"
          >
            {t('page.residuals')}
          </Link>
          {may('account.write') && (
            <button
              type="button"
              className="button"
              data-key="o"
              onClick={() => set({ opening: true })}
            >
              <Icon name="account" size={14} />
              {t('opening.act')}
              <span className="key">O</span>
            </button>
          )}
          {may('sale.write') && (
            <Link
              to="/projects/$projectId/sales"
              params={{ projectId: project.id }}
              search={{ sale: true }}
              className="button primary"
              data-key="n"
            >
              <Icon name="plus" size={14} />
              {t('act.newSale')}
              <span className="key">N</span>
            </Link>
          )}
        </div>
      </div>
      {may('account.write') && <PreparedPanel />}
      <div className="filters">
        <input
          className="input filter-text"
          type="search"
          value={search.q ?? ''}
          placeholder={t('accounts.search')}
          aria-label={t('accounts.search')}
          onChange={(event) => set({ q: event.target.value || undefined })}
        />
        {shownStates.map((state) => (
          <button
            type="button"
            key={state}
            className="state-filter"
            aria-pressed={search.state === state}
            onClick={() => set({ state: search.state === state ? undefined : state })}
          >
            <StateIcon state={state} size={13} />
            {t(`state.${state}`)}
            <b>{open?.filter((account) => stateOf(account) === state).length ?? '–'}</b>
          </button>
        ))}
      </div>
      {accounts.isError && !accounts.data ? (
        <ProblemNotice error={accounts.error} retry={() => void accounts.refetch()} />
      ) : (
        <Table
          name="accounts"
          label={t('page.accounts')}
          title={rows ? t('home.accountCount', { count: rows.length }) : t('page.accounts')}
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          sort={search.sort ?? 'number'}
          onSort={(sort) => set({ sort })}
          onOpen={({ id }) =>
            void navigate({
              to: '/projects/$projectId/accounts/$accountId',
              params: { projectId: project.id, accountId: id },
            })
          }
          complete={accounts.data?.complete ?? true}
          empty={
            open?.length ? (
              <Empty
                title={t('accounts.noneFits')}
                act={
                  <button
                    type="button"
                    className="button"
                    onClick={() => void navigate({ to: '.', search: {} })}
                  >
                    {t('act.clear')}
                  </button>
                }
              />
            ) : (
              <Empty title={t('accounts.none')} text={t('accounts.noneText')} />
            )
          }
          file={{
            path: '/accounts',
            query: {
              show: search.show ?? 'open',
              ...(search.q && { q: search.q }),
              ...(search.state && { state: search.state }),
            },
            rows: accounts.data?.complete ? (rows?.length ?? null) : null,
          }}
          foot={t('accounts.foot', { zone: project.zone })}
        />
      )}
      {search.opening && may('account.write') && (
        <OpeningDrawer onClose={() => set({ opening: undefined })} />
      )}
    </>
  );
}

function fits(
  account: Account,
  { q, state }: ListSearch,
  stateOf: (account: Account) => PointState,
): boolean {
  if (state && stateOf(account) !== state) return false;
  const wanted = q?.trim().toLowerCase();
  const words = [
    account.number,
    account.name,
    account.nameZh,
    ...account.points.map(({ code }) => code),
  ];
  return !wanted || words.some((word) => word?.toLowerCase().includes(wanted));
}

function useColumns(
  rows: readonly Account[],
  stateOf: (account: Account) => PointState,
): Column<Account>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, currency } = useProject();
  const unit = currencyName(currency, language);
  const money = (
    key: string,
    title: string,
    of: (account: Account) => { amount: string; currency: string } | undefined,
    more: Partial<Column<Account>> = {},
  ): Column<Account> => {
    const total = sum(rows.map((row) => of(row)?.amount));
    return {
      key,
      title,
      unit,
      align: 'right',
      width: 'minmax(108px, 140px)',
      value: (row) => of(row)?.amount ?? null,
      order: (row) => (of(row) ? Number(of(row)?.amount) : null),
      cell: (row) => <Amount money={of(row)} unit={false} />,
      total: { cell: amount(total), value: total },
      ...more,
    };
  };
  return [
    {
      key: 'number',
      title: t('accounts.number'),
      width: '74px',
      value: ({ number: text }) => text,
      cell: ({ number: text }) => <span className="quiet">{text}</span>,
      total: { cell: t('total'), value: t('total') },
    },
    {
      key: 'name',
      title: t('accounts.name'),
      width: 'minmax(160px, 2.6fr)',
      phone: 'title',
      value: (account) => nameOf(language, account),
      cell: (account) => (
        <Link
          to="/projects/$projectId/accounts/$accountId"
          params={{ projectId, accountId: account.id }}
          className="clip strong block"
          style={{ color: 'inherit' }}
          title={nameOf(language, account)}
          preload={false}
        >
          {nameOf(language, account)}
        </Link>
      ),
    },
    {
      key: 'state',
      title: t('meters.state'),
      phone: 'plain',
      width: '112px',
      value: (account) => t(`state.${stateOf(account)}`),
      order: (account) => states.indexOf(stateOf(account)),
      cell: (account) => <State state={stateOf(account)} />,
    },
    {
      key: 'points',
      title: t('accounts.points'),
      phone: 'plain',
      width: 'minmax(110px, 1fr)',
      value: ({ points }) => points.map(({ code }) => code).join(' '),
      cell: ({ points }) => {
        const codes = points.map(({ code }) => code).join(t('mark.list'));
        return (
          <div className="clip" title={codes}>
            {codes || '–'}
          </div>
        );
      },
    },
    money('live', t('account.live'), ({ balance }) => balance?.live, {
      phone: 'figure',
      cell: ({ balance }) => (
        <b className="strong">
          <Amount money={balance?.live} unit={false} />
        </b>
      ),
    }),
    money('settled', t('account.settled'), ({ balance }) => balance?.settled),
    money('provisional', t('account.provisional'), ({ balance }) => balance?.provisional, {
      cell: ({ balance }) => (
        <Amount money={balance?.provisional} unit={false} mark="provisional" />
      ),
    }),
    {
      key: 'hours',
      title: t('account.hours'),
      unit: 'h',
      align: 'right',
      width: '96px',
      value: ({ balance }) => balance?.hoursLeft ?? null,
      cell: ({ balance }) => number(balance?.hoursLeft),
    },
    {
      key: 'opened',
      title: t('accounts.openedOn'),
      width: '110px',
      optional: true,
      phone: 'none',
      value: ({ openedOn }) => openedOn,
      cell: ({ openedOn }) => openedOn,
    },
  ];
}

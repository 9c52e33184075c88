/** One account: the balance that explains itself, its ledger, what it pays for, its use. */
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Account } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { day, localDay } from '../../dates.ts';
import { kw } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { PrintButton } from '../../parts/print-button.tsx';
import { StateChip, StateIcon } from '../../parts/state.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useAccount, useLive, useProjectSettings } from '../../queries.ts';
import type { AccountSearch } from '../../search.ts';
import { CloseDrawer } from '../closing/close-drawer.tsx';
import { ClosedPanel } from '../closing/closed-panel.tsx';
import { DayPanel } from '../meter/day-panel.tsx';
import { SaleDrawer } from '../sale/sale-drawer.tsx';
import { accountState } from './account-state.ts';
import { BalanceStrip } from './balance-strip.tsx';
import { CreditPanel } from './credit-panel.tsx';
import { DepositPanel } from './deposit-panel.tsx';
import { EditDrawer } from './edit-drawer.tsx';
import { GiveBackDrawer, HoldDrawer } from './hold-drawers.tsx';
import { LedgerPanel } from './ledger-panel.tsx';
import { MeterModePanel } from './meter-mode-panel.tsx';
import { MonthPanel } from './month-panel.tsx';
import { MoveDrawer } from './move-drawer.tsx';
import { ToldPanel } from './told-panel.tsx';
import './account.css';

export default function AccountPage() {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const may = useMay();
  const navigate = useNavigate();
  const { accountId } = useParams({ from: '/projects/$projectId/accounts/$accountId' });
  const search = useSearch({ from: '/projects/$projectId/accounts/$accountId' });
  const today = localDay(project.zone, useNow(60_000));
  const query = useAccount(accountId);
  const account = query.data;
  const settings = useProjectSettings().data;
  const set = (change: Partial<AccountSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  if (query.isError && !account) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  const line = account && [
    account.number,
    t('home.unitCount', { count: account.points.length }),
    t('accounts.since', { day: day(language, account.openedOn) }),
    t(`accounts.mode.${account.creditMode}`),
    account.closedOn && t('accounts.closed', { day: day(language, account.closedOn) }),
    account.person && [account.person.name, account.person.phone].filter(Boolean).join(' '),
  ];
  return (
    <>
      <div className="head">
        <div className="head-text">
          <div className="head-title">
            <h1>{account ? nameOf(language, account) : <Skeleton width={220} height={20} />}</h1>
            {account?.closedOn ? (
              <span className="chip notOpened">
                <Icon name="lock" size={13} />
                {t('closing.closed')}
              </span>
            ) : (
              account && <StateChip state={accountState(account, settings)} />
            )}
          </div>
          <div className="head-line">
            {line ? line.filter(Boolean).join(' · ') : <Skeleton width={260} />}
          </div>
        </div>
        <div className="head-acts">
          <PrintButton />
          <Link
            to="/projects/$projectId/bills"
            params={{ projectId: project.id }}
            search={{ accounts: accountId, month: search.month }}
            className="button"
            preload={false}
          >
            {t('bills.act')}
          </Link>
          {may('account.write') && account && (
            <button type="button" className="button" onClick={() => set({ edit: true })}>
              <Icon name="edit" size={14} />
              {t('account.edit.act')}
            </button>
          )}
          {may('account.write') && may('sale.write') && account && !account.closedOn && (
            <button type="button" className="button" onClick={() => set({ closing: true })}>
              {t('closing.act')}
            </button>
          )}
          {may('sale.write') && !account?.closedOn && (
            <button
              type="button"
              className="button primary"
              data-key="n"
              onClick={() => set({ sale: true })}
            >
              <Icon name="plus" size={14} />
              {t('act.newSale')}
              <span className="key">N</span>
            </button>
          )}
        </div>
      </div>
      <BalanceStrip account={account} />
      <div className="columns" style={{ '--side': '320px' } as React.CSSProperties}>
        <div className="stack">
          <LedgerPanel
            accountId={accountId}
            account={account}
            today={today}
            search={search}
            set={set}
          />
        </div>
        <div className="stack">
          {account?.closedOn && <ClosedPanel accountId={accountId} />}
          {may('credit.read') && !account?.closedOn && <CreditPanel accountId={accountId} />}
          <MonthPanel accountId={accountId} today={today} month={search.month} />
          {account && may('account.read') && <MeterModePanel account={account} />}
          {account && may('account.read') && <DepositPanel account={account} />}
          <PointPanel accountId={accountId} account={account} />
          <ToldPanel accountId={accountId} number={account?.number} />
          {may('report.read') && (
            <DayPanel today={today} accountId={accountId} commodity="electricity" />
          )}
        </div>
      </div>
      {search.sale && account && may('sale.write') && (
        <SaleDrawer account={account} onClose={() => set({ sale: undefined })} />
      )}
      {search.edit && account && may('account.write') && (
        <EditDrawer account={account} onClose={() => set({ edit: undefined })} />
      )}
      {search.closing && account && may('account.write') && (
        <CloseDrawer account={account} onClose={() => set({ closing: undefined })} />
      )}
    </>
  );
}

/** What the account pays for, and what each takes now. */
function PointPanel({ accountId, account }: { accountId: string; account: Account | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const may = useMay();
  const [moved, move] = useState<Account['points'][number] | null>(null);
  const [given, give] = useState<Account['points'][number] | null>(null);
  const [isHolding, hold] = useState(false);
  const heldOf = (pointId: string) => account?.points.find(({ id }) => id === pointId);
  const points = useLive('slow').data?.data.filter((each) => each.accountId === accountId);
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('page.meters')}</h2>
        <span className="rest second">{t('home.now')}</span>
      </div>
      <ul className="point-list">
        {points?.map((point) => (
          <li key={point.pointId}>
            <StateIcon state={point.state} size={13} />
            {point.meterId ? (
              <Link
                to="/projects/$projectId/meters/$meterId"
                params={{ projectId, meterId: point.meterId }}
                className="strong"
                style={{ color: 'inherit' }}
              >
                {point.code}
              </Link>
            ) : (
              <span className="strong">{point.code}</span>
            )}
            <span className="clip quiet">{nameOf(language, point)}</span>
            <span className="nowrap">
              {point.commodity === 'water' ? t('commodity.water') : kw(point.powerW)}
              {point.commodity === 'electricity' && <span className="unit"> kW</span>}
            </span>
            {may('account.write') && heldOf(point.pointId) && (
              <span className="nowrap">
                <button
                  type="button"
                  className="button plain icon"
                  aria-label={t('move.title', { code: point.code })}
                  title={t('move.title', { code: point.code })}
                  onClick={() => move(heldOf(point.pointId) ?? null)}
                >
                  <Icon name="agree" size={14} />
                </button>
                <button
                  type="button"
                  className="button plain icon"
                  aria-label={t('account.give.title', { code: point.code })}
                  title={t('account.give.title', { code: point.code })}
                  onClick={() => give(heldOf(point.pointId) ?? null)}
                >
                  <Icon name="cross" size={14} />
                </button>
              </span>
            )}
          </li>
        ))}
        {points?.length === 0 && <li className="quiet">{t('accounts.noPoints')}</li>}
      </ul>
      {may('account.write') && account && !account.closedOn && (
        <div className="panel-body">
          <button type="button" className="button small" onClick={() => hold(true)}>
            <Icon name="plus" size={14} />
            {t('account.hold.open')}
          </button>
        </div>
      )}
      {isHolding && account && <HoldDrawer account={account} onClose={() => hold(false)} />}
      {given && <GiveBackDrawer point={given} onClose={() => give(null)} />}
      {moved && account && (
        <MoveDrawer point={moved} account={account} onClose={() => move(null)} />
      )}
    </section>
  );
}

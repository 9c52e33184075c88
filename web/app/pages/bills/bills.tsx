/** Use and fees of a month, a sheet of paper an account: for one, for a selection, for all; each foots to the cent. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Account } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { addMonths, localDay, month as monthName } from '../../dates.ts';
import { useFeeLines } from '../../fee-queries.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, DayPicker, Filter } from '../../parts/controls.tsx';
import { ExportMenu } from '../../parts/export-menu.tsx';
import { Empty, ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { PrintButton } from '../../parts/print-button.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { useProject } from '../../project.tsx';
import { useAccounts } from '../../queries.ts';
import type { IntegratedRow, IntegratedTotals, Report } from '../../reports.ts';
import type { BillSearch } from '../../search.ts';
import { useReport } from '../reports/use-report.ts';
import { Sheet } from './sheet.tsx';
import './bills.css';

type Integrated = Report<IntegratedRow, IntegratedTotals>;
/** Sheets at once, at most: of more, files are made. */
const SHEETS_MAX = 200;

export default function Bills() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/bills' });
  const today = localDay(zone, useNow(60_000));
  const month = search.month ?? addMonths(`${today.slice(0, 7)}-01`, -1);
  const chosen = search.accounts?.split(',').filter(Boolean) ?? [];
  const accounts = useAccounts();
  const query = { month, accounts: chosen.join() || undefined };
  const fees = useFeeLines(query);
  const asked = { from: month, to: addMonths(month, 1) };
  const money = useReport<Integrated>('integrated', { ...asked, by: 'account' });
  const electricity = useReport<Integrated>('integrated', { ...asked, by: 'point' });
  const water = useReport<Integrated>('integrated', { ...asked, by: 'point', commodity: 'water' });
  const set = (change: Partial<BillSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const shown = (accounts.data?.data ?? []).filter(
    (account) => (chosen.length === 0 || chosen.includes(account.id)) && wasThere(account, asked),
  );
  const failed = [fees, money, electricity, water].find(({ isError }) => isError);
  const isReady = !!fees.data && !!money.data && !!electricity.data && !!water.data;
  const usesOf = (accountId: string) => [
    ...(electricity.data?.data ?? [])
      .filter((row) => row.accountId === accountId)
      .map((row) => ({ ...row, commodity: 'electricity' as const })),
    ...(water.data?.data ?? [])
      .filter((row) => row.accountId === accountId && row.quantity !== null)
      .map((row) => ({ ...row, commodity: 'water' as const })),
  ];
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.bills')}</h1>
          <div className="head-line">
            {monthName(language, month)} · {t('bills.line', { zone })}
          </div>
        </div>
        <div className="head-acts">
          <SaveView />
          <PrintButton />
          <ExportMenu path="/fee-lines" query={query} rows={fees.data?.totals.count ?? null} />
        </div>
      </div>
      <Controls>
        <div className="filters">
          <DayPicker
            label={t('account.month')}
            picker="month"
            value={month.slice(0, 7)}
            onChange={(value) => set({ month: value ? `${value.slice(0, 7)}-01` : undefined })}
          />
          <Filter
            label={t('meters.account')}
            value={chosen.length === 1 ? (chosen[0] ?? '') : chosen.length > 1 ? 'several' : ''}
            search
            options={[
              { value: '', label: t('books.all') },
              ...(chosen.length > 1
                ? [{ value: 'several', label: t('bills.several', { count: chosen.length }) }]
                : []),
              ...(accounts.data?.data ?? []).map((each) => ({
                value: each.id,
                label: `${each.number} ${nameOf(language, each)}`,
              })),
            ]}
            onChange={(value) => value !== 'several' && set({ accounts: value || undefined })}
          />
        </div>
      </Controls>
      {failed ? (
        <ProblemNotice error={failed.error} retry={() => void failed.refetch()} />
      ) : !isReady || !accounts.data ? (
        <div className="panel panel-body" aria-busy>
          <Skeleton width="60%" />
        </div>
      ) : shown.length === 0 ? (
        <Empty title={t('bills.none')} />
      ) : (
        <>
          {shown.length > SHEETS_MAX && (
            <p className="second">{t('bills.more', { shown: SHEETS_MAX, all: shown.length })}</p>
          )}
          {shown.slice(0, SHEETS_MAX).map((account) => (
            <Sheet
              key={account.id}
              account={account}
              month={month}
              isOver={asked.to <= today}
              fees={fees.data.data.filter(({ accountId }) => accountId === account.id)}
              uses={usesOf(account.id)}
              money={money.data.data.find(({ accountId }) => accountId === account.id)}
            />
          ))}
        </>
      )}
    </>
  );
}

/** Whether an account was open on any day of the month. */
const wasThere = (
  { openedOn, closedOn }: Account,
  { from, to }: { from: string; to: string },
): boolean => openedOn < to && (!closedOn || closedOn >= from);
